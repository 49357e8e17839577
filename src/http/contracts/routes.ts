import { offerOf } from "../../contract/negotiation.ts";
import type { ContractSet } from "../../core/contract-set.ts";
import { contentsOf } from "../../core/contents.ts";
import { toJsonText } from "../../json/json-text.ts";
import type { HttpDeps } from "../deps.ts";
import {
  ACCEPT_CONTRACT,
  acceptedContracts,
  contractNamed,
  negotiatedVersion,
  replyWithStandings,
  schemaPath,
  STANDING_HEADERS,
  standingsOf,
} from "../negotiation.ts";
import { notFound } from "../problems/problem.ts";
import type { Routes } from "../route-types.ts";
import { answer, name, rawAnswer, text, versionText, whole } from "../schema-parts.ts";

const STATUS = { enum: ["draft", "active", "deprecated", "retired"] } as const;
const DAY = { type: ["string", "null"], format: "date" } as const;
const WHOLE_OR_NULL = { type: ["integer", "null"] } as const;
const VERSIONS_OR_NULL = { anyOf: [{ type: "array", items: whole }, { type: "null" }] } as const;

const LIST = {
  operationId: "listContracts",
  summary: "The live contract set",
  response: {
    200: answer("The set", {
      type: "object",
      required: ["digest", "contracts", "bindings"],
      properties: {
        digest: text,
        contracts: {
          type: "array",
          items: {
            type: "object",
            required: ["subject", "versions"],
            properties: {
              subject: text,
              versions: {
                type: "array",
                items: {
                  type: "object",
                  required: ["version", "status", "digest"],
                  properties: { version: whole, status: STATUS, digest: text },
                },
              },
            },
          },
        },
        bindings: {
          type: "array",
          items: {
            type: "object",
            required: ["topic", "subject", "defaultVersion"],
            properties: {
              topic: text,
              subject: text,
              accepts: { type: "array", items: whole },
              defaultVersion: WHOLE_OR_NULL,
            },
          },
        },
        refused: {
          type: "array",
          items: text,
          description: "Why the last change of the contract files was not taken; empty when it was",
        },
      },
    }),
  },
} as const;

const OFFER = {
  operationId: "contract",
  summary: "What a contract offers to those who send: its versions, and which of them to write",
  params: { type: "object", required: ["subject"], properties: { subject: name } },
  headers: { type: "object", properties: { "accept-contract": ACCEPT_CONTRACT } },
  response: {
    200: {
      ...answer("The contract", {
        type: "object",
        required: ["subject", "owner", "description", "preferred", "topics", "versions", "contractSet"],
        properties: {
          subject: text,
          owner: text,
          description: text,
          preferred: { ...WHOLE_OR_NULL, description: "The version to write: the highest active one" },
          topics: {
            type: "array",
            items: {
              type: "object",
              required: ["topic", "default", "accepts"],
              properties: { topic: text, default: WHOLE_OR_NULL, accepts: VERSIONS_OR_NULL },
            },
          },
          versions: {
            type: "array",
            items: {
              type: "object",
              required: ["subject", "version", "status", "digest", "deprecated", "sunset", "successor", "schema"],
              properties: {
                subject: text,
                version: whole,
                status: STATUS,
                digest: text,
                deprecated: DAY,
                sunset: DAY,
                successor: WHOLE_OR_NULL,
                schema: { ...text, description: "Path of the JSON Schema" },
              },
            },
          },
          contractSet: text,
        },
      }),
      headers: STANDING_HEADERS,
    },
  },
} as const;

const SCHEMA = {
  operationId: "contractSchema",
  summary: "The JSON Schema of a version",
  params: {
    type: "object",
    required: ["subject", "version"],
    properties: { subject: name, version: versionText },
  },
  response: { 200: rawAnswer("The schema", "application/schema+json", {}) },
} as const;

const NOT_OFFERED = {
  400: ["malformed-accept-contract"],
  404: ["unknown-contract"],
  406: ["contract-not-acceptable"],
} as const;

/** The live contracts, to read. */
export function registerContracts(app: Routes, deps: HttpDeps): void {
  const current = (): ContractSet => contentsOf(deps.contracts());

  app.get("/v1/contracts", { schema: LIST, config: { role: "validator", scope: "contracts" } }, async (_, reply) => {
    const { contracts, bindings } = current();
    return reply.send({
      digest: deps.contracts().digest,
      contracts: contracts.map(({ subject, versions }) => ({
        subject,
        versions: versions.map(({ version, status, digest }) => ({ version, status, digest })),
      })),
      bindings,
      refused: deps.refusedContracts(),
    });
  });

  app.get(
    "/v1/contracts/:subject",
    { schema: OFFER, config: { role: "validator", scope: "contracts", problems: NOT_OFFERED } },
    async (request, reply) => {
      const contract = contractNamed(deps, request.params.subject);
      const accepted = acceptedContracts(request);
      const offer = offerOf(deps.contracts(), deps.about(), contract.subject);
      if (offer === null) throw new Error("Cannot offer a contract: the set that named it does not have it");
      const chosen = accepted === null ? offer.preferred : negotiatedVersion(contract, accepted);
      replyWithStandings(
        reply,
        offer.versions.filter(({ version }) => version === chosen),
      );
      const versions = offer.versions.map((one) => ({ ...one, schema: schemaPath(one.subject, one.version) }));
      return reply.send({ ...offer, versions, contractSet: deps.contracts().digest });
    },
  );

  app.get(
    "/v1/contracts/:subject/versions/:version/schema",
    { schema: SCHEMA, config: { role: "validator", scope: "contracts", problems: { 404: ["unknown-contract"] } } },
    async (request, reply) => {
      const { subject, version } = request.params;
      const contract = current().contracts.find((one) => one.subject === subject);
      const found = contract?.versions.find((one) => String(one.version) === version);
      if (found === undefined) throw notFound("unknown-contract", "There is no such contract version");
      replyWithStandings(reply, standingsOf(deps, [{ subject, version: found.version, digest: found.digest }]));
      return reply.header("content-type", "application/schema+json").send(toJsonText(found.schema));
    },
  );
}
