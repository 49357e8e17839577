import type { FastifyRequest } from "fastify";
import { failuresAt } from "../../failures/find.ts";
import { failureId, parseFailureId, type NamedPosition } from "../../failures/failure-id.ts";
import { holdsRedriven } from "../../failures/redriven.ts";
import { openLineage } from "../../failures/lineage/lineage.ts";
import { NO_REDACTION } from "../../failures/redact.ts";
import { searchFailures } from "../../failures/search.ts";
import { describeTaken, takenFailures } from "../../failures/taken.ts";
import { failureView } from "../../failures/view.ts";
import { wasErased } from "../../gateway/decided.ts";
import type { FailureRecord } from "../../store/failures.ts";
import { refuseOutOfScope } from "../access/authenticate.ts";
import type { HttpDeps } from "../deps.ts";
import { ANY_UNAVAILABLE } from "../problems/codes.ts";
import { badRequest, notFound, ProblemError } from "../problems/problem.ts";
import { refuseRedacted, REVEAL } from "../reveal.ts";
import type { Routes } from "../route-types.ts";
import { answer, rawAnswer, whole } from "../schema-parts.ts";
import { FAILURE } from "./failure.ts";
import { CORRECTIONS, CORRECTS, FIRST_FAILED, REDRIVES, REPEATED_FACT, TAKEN } from "./lineage.ts";
import { FILTER_QUERY, filterOf, limitOf } from "./query.ts";

const LIMIT_MAX = 1_000;

const LIST = {
  operationId: "listFailures",
  summary: "Failures, newest first",
  querystring: {
    type: "object",
    additionalProperties: false,
    properties: {
      ...FILTER_QUERY,
      payload: { enum: ["true", "false"], description: "Whether the payloads are part of the answer" },
      limit: { type: "string", pattern: "^[0-9]{1,4}$", description: "Failures in a page, 1 to 1000; 50 without it" },
      cursor: { type: "string", maxLength: 1_024, description: "`next` of the page before" },
    },
  },
  response: {
    200: answer("A page", {
      type: "object",
      required: ["failures", "next", "looked"],
      properties: {
        failures: { type: "array", items: FAILURE },
        next: {
          type: ["string", "null"],
          description: "Cursor of the next page; null at the end. A page may have no failure and still a next one",
        },
        looked: { ...whole, description: "Failures that the page looked at: up to 1,000, with payloads 500" },
      },
    }),
  },
} as const;

/** JSON Schema of the id of a failure in a path. */
export const ID = {
  type: "object",
  required: ["id"],
  properties: {
    id: {
      type: "string",
      minLength: 1,
      maxLength: 300,
      description: "topic/partition@offset, and #number of the stream where there are several; percent-encoded",
      examples: ["sigma-aetl.shipments/0@1"],
    },
  },
} as const;

/** JSON Schema of a failure with what became of its record when it was sent again. */
const FAILURE_DETAIL = {
  title: "FailureDetail",
  type: "object",
  required: [...FAILURE.required, "redrives", "corrections"],
  properties: {
    ...FAILURE.properties,
    redrives: REDRIVES,
    corrections: CORRECTIONS,
    firstFailed: FIRST_FAILED,
    corrects: CORRECTS,
    fact: REPEATED_FACT,
    taken: TAKEN,
  },
} as const;

const ONE = {
  operationId: "failure",
  summary: "One failure, with its payload and what became of its record since",
  params: ID,
  response: { 200: answer("The failure", FAILURE_DETAIL) },
} as const;

const RAW = {
  operationId: "failureRaw",
  summary: "The exact bytes of a failure",
  params: ID,
  querystring: REVEAL,
  response: { 200: rawAnswer("The bytes", "application/octet-stream", { type: "string", format: "binary" }) },
} as const;

const UNKNOWN = {
  400: ["bad-parameter"],
  404: ["unknown-failure"],
  410: ["taken"],
  503: [ANY_UNAVAILABLE],
} as const;

/** Failures: found, one by one, and their bytes. */
export function registerFailures(app: Routes, deps: HttpDeps): void {
  const { reads, redaction = NO_REDACTION } = deps;
  const lineage = openLineage(deps);

  app.get(
    "/v1/failures",
    {
      schema: LIST,
      config: {
        role: "viewer",
        scope: "handler",
        problems: { 400: ["bad-parameter", "foreign-cursor"], 503: [ANY_UNAVAILABLE] },
      },
    },
    async (request, reply) => {
      const { payload, limit, cursor, ...query } = request.query;
      const filter = filterOf(query, deps.now());
      refuseOutOfScope(deps, request, { subject: filter.subject ?? undefined, topic: filter.topic ?? undefined });
      const page = await searchFailures(reads, {
        filter,
        cursor: cursor ?? null,
        limit: limitOf(limit, LIMIT_MAX),
        withPayload: payload === "true",
        stateOf: await deps.failures.groups.states(deps.now()),
        redaction,
        isLeftOut: holdsRedriven,
      });
      if (page === "foreign-cursor")
        throw badRequest("foreign-cursor", "The cursor is damaged, or of a query with other parameters");
      const shown = page.failures.map((one) =>
        failureView(payload === "true" ? one : { ...one, payloadText: null }, redaction),
      );
      return reply.send({ failures: shown, next: page.next, looked: page.looked });
    },
  );

  app.get(
    "/v1/failures/:id",
    { schema: ONE, config: { role: "viewer", scope: "handler", problems: UNKNOWN } },
    async (request, reply) => {
      const failure = await findFailure(deps, request, request.params.id);
      const view = failureView(failure, redaction);
      return reply.send({ ...view, ...(await lineage.ofFailure(failure.stream, failure.offset)) });
    },
  );

  registerRaw(app, deps);
}

function registerRaw(app: Routes, deps: HttpDeps): void {
  app.get(
    "/v1/failures/:id/raw",
    {
      schema: RAW,
      config: {
        role: "viewer",
        scope: "handler",
        problems: {
          ...UNKNOWN,
          403: ["redacted"],
          404: [...UNKNOWN[404], "no-bytes", "evidence-dropped"],
          410: [...UNKNOWN[410], "erased"],
        },
      },
    },
    async (request, reply) => {
      const { stream, offset } = await findFailure(deps, request, request.params.id);
      const [row] = await deps.lookup.rows(stream.stream, offset, offset + 1n);
      const id = failureId({ stream, offset });
      if (row === undefined)
        throw notFound("evidence-dropped", `The bytes of ${id} are not kept (evidence: drop, or retention.evidence)`);
      if (wasErased(row)) throw erased(id);
      if (row.raw === null) throw notFound("no-bytes", `${id} has no bytes: it is a tombstone of Kafka`);
      await refuseRedacted(deps, request, row);
      return reply
        .header("content-type", "application/octet-stream")
        .header("content-disposition", `attachment; filename="failure-${offset}.bin"`)
        .send(Buffer.from(row.raw));
    },
  );
}

function erased(id: string): ProblemError {
  const detail = `The record of ${id} was erased by an operator's word`;
  return new ProblemError({ status: 410, code: "erased", title: "Erased", detail });
}

/** @throws ProblemError 400, 404 or 410, 403 where the key is not for it */
export async function findFailure(deps: HttpDeps, request: FastifyRequest, id: string): Promise<FailureRecord> {
  const position = parseFailureId(id);
  if (position === null)
    throw badRequest("bad-parameter", "The id is none of a failure: write topic/partition@offset, percent-encoded");
  refuseOutOfScope(deps, request, { topic: position.topic });
  const [failure] = await failuresAt(deps.reads, position);
  if (failure === undefined) throw await noFailure(deps, position);
  // The position may be that at which the record arrived, before it was moved to the topic of a lane.
  refuseOutOfScope(deps, request, { topic: failure.stream.topic });
  return failure;
}

/** Why there is no failure at a position: nothing failed there, or retention took it. What became of its record is told all the same. */
async function noFailure(deps: HttpDeps, position: NamedPosition): Promise<ProblemError> {
  const [gone] = await takenFailures(deps.reads, position);
  if (gone === undefined) return notFound("unknown-failure", "There is no failure at this position");
  const { stream, offset, taken } = gone;
  const extra = await openLineage(deps).ofFailure(stream, offset);
  const detail = `Nothing of the failure ${failureId(gone)} is listed any more: ${taken.map(describeTaken).join("; ")}`;
  const remedy = `what is still kept of its record: /v1/decisions/${stream.topic}/${stream.partition}/${offset}`;
  return new ProblemError({ status: 410, code: "taken", title: "Taken by retention", detail, remedy, extra });
}
