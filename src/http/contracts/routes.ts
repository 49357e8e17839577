import type { FastifyInstance } from "fastify";
import type { ContractSet } from "../../core/contract-set.ts";
import { offerOf } from "../../contract/negotiation.ts";
import { contentsOf } from "../../core/contents.ts";
import type { HttpDeps } from "../deps.ts";
import {
  acceptedContracts,
  contractNamed,
  negotiatedVersion,
  replyWithStandings,
  schemaPath,
  standingsOf,
} from "../negotiation.ts";
import { notFound } from "../problems/problem.ts";
import { contractSchemas } from "../schemas.ts";
import { toJsonText } from "../../json/json-text.ts";

/** The contracts in force, as they are: read only. */
export function registerContracts(app: FastifyInstance, deps: HttpDeps): void {
  const current = (): ContractSet => contentsOf(deps.contracts());

  app.get("/v1/contracts", { schema: contractSchemas.list }, async () => {
    const { contracts, bindings } = current();
    return {
      digest: deps.contracts().digest,
      contracts: contracts.map(({ subject, versions }) => ({
        subject,
        versions: versions.map(({ version, status, digest }) => ({ version, status, digest })),
      })),
      bindings,
      refused: deps.refusedContracts(),
    };
  });

  app.get<{ Params: { subject: string } }>(
    "/v1/contracts/:subject",
    { schema: contractSchemas.offer },
    async (request, reply) => {
      const contract = contractNamed(deps, request.params.subject);
      const accepted = acceptedContracts(request);
      const offer = offerOf(deps.contracts(), deps.about(), contract.subject);
      const chosen = accepted === null ? (offer?.preferred ?? null) : negotiatedVersion(contract, accepted);
      replyWithStandings(reply, offer?.versions.filter(({ version }) => version === chosen) ?? []);
      const versions = offer?.versions.map((one) => ({ ...one, schema: schemaPath(one.subject, one.version) }));
      return { ...offer, versions, contractSet: deps.contracts().digest };
    },
  );

  app.get<{ Params: { subject: string; version: string } }>(
    "/v1/contracts/:subject/versions/:version/schema",
    { schema: contractSchemas.schema },
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
