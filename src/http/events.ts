import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Readable } from "node:stream";
import { CONTRACT_HEADER } from "../core/resolve.ts";
import type { Header } from "../core/record.ts";
import type { NewRecord } from "../source/source.ts";
import { plainBytes, plainChunks } from "./body.ts";
import { LineTooLong, readLineBatches } from "../json/lines.ts";
import { fromBatch, fromBinary, fromStructured } from "./cloudevents.ts";
import { LIMITS, type HttpDeps } from "./deps.ts";
import {
  acceptedContracts,
  deprecationOf,
  refuseUnaccepted,
  replyWithStandings,
  standingsOf,
  versionsOf,
} from "./negotiation.ts";
import { notFound, ProblemError, tooLarge, unsupported } from "./problem.ts";
import { answerPositions } from "./receipts.ts";
import { eventSchemas } from "./schemas.ts";

/** Media types whose body is a stream of lines. */
export const LINE_TYPES: readonly string[] = ["application/x-ndjson", "application/ndjson", "application/jsonl"];

type Params = { readonly topic: string };

/** `POST /v1/events/{topic}`: into the log, durable, before it is acknowledged (P9). */
export function registerEvents(app: FastifyInstance, deps: HttpDeps): void {
  let inFlight = 0;
  app.post<{ Params: Params }>("/v1/events/:topic", { schema: eventSchemas.append }, async (request, reply) => {
    const { topic } = request.params;
    const known = deps.log.topics();
    if (!known.includes(topic)) {
      throw notFound("unknown-topic", `There is no topic "${topic.slice(0, 249)}"`, `use one of: ${known.join(", ")}`);
    }
    const type = mediaType(request);
    if (LINE_TYPES.includes(type) && request.headers["ce-specversion"] === undefined) {
      return answerStream(deps, request, reply, topic);
    }
    const body = request.body as Buffer;
    if (inFlight + body.length > LIMITS.inFlightBytes) throw overloaded(deps.now());
    inFlight += body.length;
    try {
      const records = recordsOf(request, type, body, deps).map((record) => withRequestHeaders(record, request));
      const told = tellVersions(deps, request, reply, topic, records);
      const appended = await deps.log.append(topic, records);
      return await answerPositions(deps, request, reply, { topic, appended, told });
    } finally {
      inFlight -= body.length;
    }
  });
}

function mediaType(request: FastifyRequest): string {
  return (request.headers["content-type"] ?? "application/json").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

function recordsOf(request: FastifyRequest, type: string, body: Buffer, deps: HttpDeps): readonly NewRecord[] {
  const { headers } = request;
  const bytes = plainBytes(body, headers, deps.contracts().limits.bytesMax + LIMITS.envelopeBytes);
  if (headers["ce-specversion"] !== undefined) return [fromBinary(headers, bytes)];
  switch (type) {
    case "application/cloudevents+json":
      return [fromStructured(bytes)];
    case "application/cloudevents-batch+json":
      return fromBatch(bytes);
    case "application/json":
      return [{ key: null, headers: [], value: bytes, partition: null }];
    default:
      throw unsupported(
        "The content type is not one that is read",
        `send application/json, ${LINE_TYPES[0]}, application/cloudevents+json, application/cloudevents-batch+json or ce- headers`,
      );
  }
}

/** W3C Trace Context; what is malformed is left out, never a failure. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The key, the declared contract, the producer and the trace of the request become the record's own. */
function withRequestHeaders(record: NewRecord, { headers }: FastifyRequest): NewRecord {
  const added: Header[] = [];
  const declared = headers[CONTRACT_HEADER];
  if (typeof declared === "string") added.push([CONTRACT_HEADER, Buffer.from(declared)]);
  const producer = headers["sigma-producer"];
  if (typeof producer === "string") added.push(["sigma-producer", Buffer.from(producer)]);
  const { traceparent, tracestate } = headers;
  if (typeof traceparent === "string" && TRACEPARENT.test(traceparent)) {
    added.push(["traceparent", Buffer.from(traceparent)]);
    if (typeof tracestate === "string" && tracestate.length <= 512) added.push(["tracestate", Buffer.from(tracestate)]);
  }
  const key = headers["sigma-key"];
  if (added.length === 0 && typeof key !== "string") return record;
  return {
    ...record,
    key: record.key ?? (typeof key === "string" ? Buffer.from(key) : null),
    headers: [...record.headers, ...added],
  };
}

/**
 * Tells by which versions the records are to be judged, in the answer's headers and for its body.
 * @throws ProblemError when that is not what the client takes: nothing is appended.
 */
function tellVersions(
  deps: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  topic: string,
  records: readonly NewRecord[],
): { readonly deprecation?: object } {
  const accepted = acceptedContracts(request);
  const bound = deps.contracts().byTopic.get(topic);
  if (bound === undefined) return {};
  const refs = versionsOf(
    bound,
    records.map(({ headers }) => headers),
  );
  if (accepted !== null) refuseUnaccepted(bound.contract, accepted, refs);
  const standings = standingsOf(deps, refs ?? []);
  replyWithStandings(reply, standings);
  return deprecationOf(standings.find(({ status }) => status === "deprecated"));
}

type Range = { readonly partition: number; readonly from: number; readonly to: number };

/** Lines of any number: appended batch by batch while they arrive, so what was acknowledged by the log stays decided. */
async function answerStream(
  deps: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  topic: string,
): Promise<FastifyReply> {
  const ranges = new Map<number, Range>();
  let count = 0;
  const bare: NewRecord = { key: null, headers: [], value: null, partition: null };
  const told = tellVersions(deps, request, reply, topic, [withRequestHeaders(bare, request)]);
  const body = request.body as Readable;
  const progress = watchProgress(body);
  try {
    for await (const { lines } of readLineBatches(plainChunks(body, request.headers), LIMITS.lines)) {
      progress.moved();
      if (lines.length === 0) continue;
      const records = lines.map((value) =>
        withRequestHeaders({ key: null, headers: [], value, partition: null }, request),
      );
      for (const { partition, offset } of await deps.log.append(topic, records)) {
        const from = ranges.get(partition)?.from ?? Number(offset);
        ranges.set(partition, { partition, from, to: Number(offset) + 1 });
      }
      count += lines.length;
    }
    return reply.code(202).send({ topic, count, ranges: [...ranges.values()], ...told });
  } catch (error) {
    // Whatever ended the stream, the client must learn what is already in the log.
    throw withAppended(error instanceof LineTooLong ? lineTooLong(error.line) : error, {
      appended: count,
      ranges: [...ranges.values()],
    });
  } finally {
    progress.stop();
  }
}

function lineTooLong(line: number): ProblemError {
  return tooLarge("line-too-long", `Line ${line} has more than ${LIMITS.lines.lineBytesMax} bytes`, { line });
}

function withAppended(error: unknown, extra: Readonly<Record<string, unknown>>): unknown {
  if (error instanceof ProblemError)
    return new ProblemError({ ...error.problem, extra: { ...error.problem.extra, ...extra } });
  if (error instanceof Error) Object.assign(error, { appended: extra });
  return error;
}

/** Ends a stream that brings no whole line for too long: a client that sends a byte a second must not hold a socket for ever. */
function watchProgress(body: Readable): { readonly moved: () => void; readonly stop: () => void } {
  const timer = setTimeout(() => {
    body.destroy(
      new ProblemError({
        status: 408,
        code: "too-slow",
        title: "Too slow",
        detail: `No whole line arrived for ${LIMITS.lineMs / 1_000} seconds`,
      }),
    );
  }, LIMITS.lineMs);
  timer.unref();
  return { moved: () => timer.refresh(), stop: () => clearTimeout(timer) };
}

function overloaded(nowMs: number): ProblemError {
  return new ProblemError({
    status: 503,
    code: "overloaded",
    title: "Too many bytes in flight",
    detail: `More than ${LIMITS.inFlightBytes} bytes of bodies wait to be appended`,
    headers: { "retry-after": String(1 + (Math.trunc(nowMs) % 5)) },
  });
}

/** The problem of a body that is over the limit of what is read whole. */
export function bodyTooLarge(limit: number): ProblemError {
  return tooLarge("body-too-large", `The body has more than ${limit} bytes; send many records as ${LINE_TYPES[0]}`);
}
