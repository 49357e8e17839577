import { volumeView } from "../../volume/view.ts";
import { parseQuestion, VOLUME_PARAMETERS } from "../../volume/volume-query.ts";
import { ROWS_MAX, volumeReport } from "../../volume/volume-report.ts";
import type { HttpDeps } from "../deps.ts";
import { ANY_UNAVAILABLE } from "../problems/codes.ts";
import { badRequest } from "../problems/problem.ts";
import type { Routes } from "../route-types.ts";
import { answer, text, whole } from "../schema-parts.ts";

const time = { type: ["string", "null"], description: "RFC 3339; null outside the years 0 to 9999" } as const;

const PARAMETER = { type: "string", maxLength: 2_048 } as const;

const COUNTS = {
  stored: { ...whole, description: "Became a fact" },
  failed: { ...whole, description: "FAILED, conflicts aside" },
  duplicate: { ...whole, description: "Repeats a fact: it was said again" },
  redelivery: {
    ...whole,
    description: "Repeats a fact, with the time of its record: the same message delivered again",
  },
  conflict: { ...whole, description: "Contradicts a fact, and so FAILED" },
  redriven: { ...whole, description: "Decided once more by a plan of failures, whatever came of it" },
  replayed: { ...whole, description: "Decided once more by a plan of a range, whatever came of it" },
} as const;

const KINDS = ["stored", "failed", "duplicate", "redelivery", "conflict", "redriven", "replayed"] as const;

const ROW = {
  title: "VolumeRow",
  type: "object",
  required: ["time", "subject", "version", "producer", "otherProducers", ...KINDS],
  properties: {
    time: { ...time, description: "Begin of the hour or day, RFC 3339" },
    subject: { ...text, description: "Contract of the topic" },
    version: { type: ["integer", "null"], description: "The version that judged; null when none did" },
    producer: { type: ["string", "null"], description: "The sender that the records name; null when they name none" },
    otherProducers: { type: "boolean", description: "Whether these are the producers that are not counted by name" },
    ...COUNTS,
  },
} as const;

const VOLUME = {
  operationId: "volume",
  summary: "How many records were decided, and what became of them",
  querystring: {
    type: "object",
    additionalProperties: false,
    properties: {
      since: { ...PARAMETER, description: VOLUME_PARAMETERS.since },
      until: { ...PARAMETER, description: VOLUME_PARAMETERS.until },
      by: { enum: ["hour", "day"], description: VOLUME_PARAMETERS.by },
      subject: { ...PARAMETER, description: VOLUME_PARAMETERS.subject },
      producer: { ...PARAMETER, description: VOLUME_PARAMETERS.producer },
      kind: { enum: KINDS, description: VOLUME_PARAMETERS.kind },
    },
  },
  response: {
    200: answer("By hour or day, contract, version and producer", {
      type: "object",
      required: ["by", "complete", "countedSince", "totals", "rows"],
      properties: {
        by: { enum: ["hour", "day"] },
        complete: { type: "boolean", description: "Whether every decided record is counted" },
        countedSince: {
          ...time,
          description: "Where not: records of later times are. Null when all are, or when a stream is not counted yet",
        },
        totals: { type: "object", required: KINDS, properties: COUNTS },
        rows: { type: "array", items: ROW },
      },
    }),
  },
} as const;

/** How many records were decided, and what became of them: by hour or day, contract, version and producer. */
export function registerVolume(app: Routes, deps: HttpDeps): void {
  app.get(
    "/v1/volume",
    {
      schema: VOLUME,
      config: { role: "viewer", problems: { 400: ["bad-parameter", "too-many-rows"], 503: [ANY_UNAVAILABLE] } },
    },
    async (request, reply) => {
      const parsed = parseQuestion(request.query, deps.now());
      if (!parsed.ok) throw badRequest("bad-parameter", `The parameter ${parsed.parameter} ${parsed.message}`);
      const report = await volumeReport(deps.reads, parsed.question);
      if (report === null)
        throw badRequest("too-many-rows", `The answer has more than ${ROWS_MAX} rows: ask for less time, or by day`);
      return reply.send(volumeView(report, parsed.question));
    },
  );
}
