import { offerOf } from "../../contract/negotiation.ts";
import { migrationOf, type Sent } from "../../volume/migration.ts";
import { parseQuestion } from "../../volume/volume-query.ts";
import { ROWS_MAX, volumeReport } from "../../volume/volume-report.ts";
import type { HttpDeps } from "../deps.ts";
import { contractNamed } from "../negotiation.ts";
import { ANY_UNAVAILABLE } from "../problems/codes.ts";
import { badRequest } from "../problems/problem.ts";
import type { Routes } from "../route-types.ts";
import { answer, name, text, whole } from "../schema-parts.ts";

const TIME_OR_NULL = { type: ["string", "null"] } as const;

/** The time that is looked at without `since`. */
const SINCE = "7d";

const TRAFFIC = {
  operationId: "contractTraffic",
  summary: "Who sends which version of a contract, and how much: how far a migration is",
  params: { type: "object", required: ["subject"], properties: { subject: name } },
  querystring: {
    type: "object",
    additionalProperties: false,
    properties: {
      since: {
        ...text,
        maxLength: 100,
        description: "Records from the hour of this time on: RFC 3339, or so long ago; 7d without it",
      },
    },
  },
  response: {
    200: answer("By producer, those who are behind first", {
      title: "ContractTraffic",
      type: "object",
      required: ["subject", "preferred", "since", "complete", "records", "versions", "producers"],
      properties: {
        subject: text,
        preferred: { type: ["integer", "null"], description: "The version to write: the highest active one" },
        since: text,
        complete: { type: "boolean", description: "Whether every decided record of that time is counted" },
        records: whole,
        versions: {
          type: "array",
          items: {
            type: "object",
            required: ["version", "records", "failed", "producers"],
            properties: { version: whole, records: whole, failed: whole, producers: whole },
          },
        },
        producers: {
          type: "array",
          items: {
            type: "object",
            required: ["producer", "otherProducers", "state", "sent"],
            properties: {
              producer: { ...TIME_OR_NULL, description: "As the records name it; null where they do not" },
              otherProducers: { type: "boolean", description: "Whether these are those that are not counted by name" },
              state: {
                enum: ["behind", "moving", "moved", "silent"],
                description:
                  "behind: sends older versions alone; moving: also the one to write; silent: sent nothing in this time",
              },
              sent: {
                type: "array",
                items: {
                  type: "object",
                  required: ["version", "records", "failed", "first", "last"],
                  properties: {
                    version: whole,
                    records: whole,
                    failed: whole,
                    first: { ...TIME_OR_NULL, description: "When a gateway saw the first of all times" },
                    last: { ...TIME_OR_NULL, description: "When a gateway saw the last; noted once a minute" },
                  },
                },
              },
            },
          },
        },
      },
    }),
  },
} as const;

/** `GET /v1/contracts/{subject}/traffic`: the migration of producers from version to version. */
export function registerTraffic(app: Routes, deps: HttpDeps): void {
  app.get(
    "/v1/contracts/:subject/traffic",
    {
      schema: TRAFFIC,
      config: {
        role: "viewer",
        problems: { 400: ["bad-parameter", "too-many-rows"], 404: ["unknown-contract"], 503: [ANY_UNAVAILABLE] },
      },
    },
    async (request, reply) => {
      const { subject } = contractNamed(deps, request.params.subject);
      const parsed = parseQuestion({ since: request.query.since ?? SINCE, subject, by: "day" }, deps.now());
      if (!parsed.ok) throw badRequest("bad-parameter", `The parameter ${parsed.parameter} ${parsed.message}`);
      const report = await volumeReport(deps.reads, parsed.question);
      if (report === null) throw badRequest("too-many-rows", `There are more than ${ROWS_MAX} sums: ask for less time`);
      const preferred = offerOf(deps.contracts(), deps.about(), subject)?.preferred ?? null;
      const { records, versions, producers } = migrationOf(preferred, await deps.reads.traffic(subject), report.rows);
      return reply.send({
        subject,
        preferred,
        since: new Date(parsed.question.fromHour * 3_600_000).toISOString(),
        complete: report.counting.isComplete,
        records,
        versions,
        producers: producers.map(({ producer, isOthers, state, sent }) => ({
          producer: isOthers || producer === "" ? null : producer,
          otherProducers: isOthers,
          state,
          sent: sent.map(sentView),
        })),
      });
    },
  );
}

function sentView({ version, records, failed, firstMs, lastMs }: Sent) {
  return { version, records, failed, first: isoOf(firstMs), last: isoOf(lastMs) };
}

function isoOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
