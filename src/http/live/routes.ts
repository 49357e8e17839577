import type { FastifyReply, FastifyRequest } from "fastify";
import { Unavailable } from "../../core/unavailable.ts";
import { NO_REDACTION } from "../../failures/redact.ts";
import { refuseOutOfScope, refuseRole } from "../access/authenticate.ts";
import { identify } from "../access/identify.ts";
import type { HttpDeps } from "../deps.ts";
import { FAILURE } from "../failures/failure.ts";
import { ProblemError } from "../problems/problem.ts";
import type { Described, Routes } from "../route-types.ts";
import { text, whole } from "../schema-parts.ts";
import { openReader, type LiveReader } from "./reader.ts";
import type { LiveFilter } from "./row.ts";

const ROW = {
  title: "LiveRow",
  type: "object",
  required: [
    "topic",
    "partition",
    "offset",
    "at",
    "verdict",
    "contract",
    "producer",
    "key",
    "code",
    "detail",
    "fingerprint",
  ],
  properties: {
    topic: text,
    partition: whole,
    offset: { type: "integer" },
    at: { type: ["string", "null"], description: "The time of the record; null outside the years that RFC 3339 has" },
    verdict: { enum: ["PASSED", "FAILED"], description: "A record that passed may be a duplicate" },
    contract: FAILURE.properties.contract,
    producer: { type: ["string", "null"] },
    key: { type: ["string", "null"], description: "Its beginning; null also where the settings redact the contract" },
    code: { type: ["string", "null"] },
    detail: { type: ["string", "null"], description: "What is wrong, redacted" },
    fingerprint: { type: ["string", "null"] },
  },
} as const;

/** The data of each event `frame`. */
const FRAME = {
  title: "LiveFrame",
  type: "object",
  required: ["at", "matched", "shown", "decided", "rows"],
  properties: {
    at: { ...text, description: "When the frame was made" },
    matched: { ...whole, description: "Records since the frame before that the filter lets through" },
    shown: { ...whole, description: "How many of them are among the rows" },
    decided: {
      type: "object",
      description: "All records since the frame before, whatever the filter",
      required: ["decided", "passed", "failed", "duplicates"],
      properties: { decided: whole, passed: whole, failed: whole, duplicates: whole },
    },
    rows: { type: "array", items: ROW, description: "Spread evenly over what came, in the order of deciding" },
  },
} as const;

const QUERY = {
  type: "object",
  additionalProperties: false,
  properties: {
    verdict: { enum: ["PASSED", "FAILED"] },
    code: { type: "string", minLength: 1, maxLength: 100, description: "Code of a failure" },
    contract: {
      type: "string",
      pattern: "^[^@]{1,249}(?:@[1-9][0-9]{0,8})?$",
      description: "A subject, or one of its versions",
      examples: ["shipment@1"],
    },
    topic: { type: "string", minLength: 1, maxLength: 249 },
    partition: { type: "string", pattern: "^[0-9]{1,9}$" },
    producer: { type: "string", minLength: 1, maxLength: 256 },
  },
} as const;

const SCHEMA = {
  operationId: "watchLive",
  summary:
    "What this gateway decides, as it is stored: server-sent events, at most two frames a second with at most 50 rows, a sample where more came",
  querystring: QUERY,
  headers: {
    type: "object",
    properties: {
      "last-event-id": {
        type: "string",
        maxLength: 100,
        description: "The id of the last frame: what was missed is sent again where it is kept, and `hello` says so",
      },
    },
  },
  response: {
    200: {
      description:
        "Events: `hello` (resumed), `frame` (the schema), `skipped` (frames that a slow reader did not get), `end` (why: closing, too-slow, not-allowed, off)",
      content: { "text/event-stream": { schema: FRAME } },
    },
  },
} as const;

/** How often it is asked whether a reader may still read. */
const MAY_EVERY_MS = 5_000;

/** `GET /v1/live`: server-sent events for people (live.ts). A key for some contracts or topics has to ask for one of them. */
export function registerLive(app: Routes, deps: HttpDeps): void {
  const { live, redaction = NO_REDACTION, now } = deps;
  // Whoever reads would keep the server from closing.
  app.addHook("preClose", async () => live?.close());

  app.get(
    "/v1/live",
    {
      schema: SCHEMA,
      exposeHeadRoute: false,
      config: { role: "viewer", scope: "handler", problems: { 503: ["too-many-readers"] } },
    },
    async (request, reply) => {
      const filter = filterIn(request.query);
      const { subject, topic } = filter;
      refuseOutOfScope(deps, request, {
        ...(subject === null ? {} : { subject }),
        ...(topic === null ? {} : { topic }),
      });
      if (live?.hasRoom() === false) throw full();
      const last = request.headers["last-event-id"];
      begin(reply);
      const reader = openReader(reply.raw, now);
      if (live === undefined) return reader.end("off");
      const leave = live.open({ filter, redaction, last: typeof last === "string" ? last : null }, reader);
      const asking = askAgain(deps, request, reply, reader);
      reply.raw.once("close", () => {
        clearInterval(asking);
        leave();
      });
    },
  );
}

function filterIn(query: Described<typeof QUERY>): LiveFilter {
  const { verdict = null, code = null, contract, topic = null, partition, producer = null } = query;
  const [subject = null, version] = contract?.split("@") ?? [];
  return {
    verdict,
    code,
    subject,
    version: version === undefined ? null : Number(version),
    topic,
    partition: partition === undefined ? null : Number(partition),
    producer,
  };
}

/** Sends the head of the answer. Nobody on the way is to keep, pack or change what is sent bit by bit. */
function begin(reply: FastifyReply): void {
  reply.hijack();
  reply.raw.writeHead(200, {
    ...(reply.getHeaders() as Readonly<Record<string, string>>),
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
  });
  reply.raw.flushHeaders();
}

/** Lets a reader go whose key was revoked, or whose session ended. While that cannot be found out the reader stays. */
function askAgain(
  { access, limits }: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  reader: LiveReader,
): ReturnType<typeof setInterval> | undefined {
  if (access === undefined) return undefined;
  const ask = async (): Promise<void> => {
    try {
      const found = await identify(access, request, reply);
      if (found.kind === "away") return;
      if (found.kind !== "known") return reader.end("not-allowed");
      refuseRole("viewer", found.who);
    } catch (error) {
      if (!(error instanceof Unavailable)) reader.end("not-allowed");
    }
  };
  return setInterval(() => void ask(), limits?.askAgainMs ?? MAY_EVERY_MS).unref();
}

function full(): ProblemError {
  return new ProblemError({
    status: 503,
    code: "too-many-readers",
    title: "Not available now",
    detail: "As many read what is decided as may at a time",
    remedy: "close another page that shows it, or try again later",
    headers: { "retry-after": "10" },
  });
}
