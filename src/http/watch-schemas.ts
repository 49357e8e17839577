import type { FastifySchema } from "fastify";
import { answer, name, orNull, problem, text, whole, type Schemas } from "./schema-parts.ts";

// What the routes that tell of the gateway itself take and answer: versions that look on, counters, health.

const shadow = {
  type: "object",
  required: ["subject", "version", "digest", "state", "seen", "judged", "dropped", "lost", "queued", "restarts"],
  properties: {
    subject: text,
    version: whole,
    digest: text,
    state: { enum: ["running", "restarting", "stopped"] },
    seen: { ...whole, description: "judged + dropped + lost + queued" },
    judged: { ...whole, description: "The records the matrix is of" },
    dropped: { ...whole, description: "Never handed over: the queue was full, or the thread away" },
    lost: { ...whole, description: "Handed over to a thread that ended before it told of them" },
    queued: whole,
    restarts: whole,
  },
};

export const shadowSchemas: Schemas<"list" | "one"> = {
  list: {
    operationId: "listShadows",
    summary: "How versions that only look on judge live traffic",
    response: {
      200: answer("Each with its matrix", {
        type: "object",
        required: ["shadows"],
        properties: { shadows: { type: "array", items: shadow } },
      }),
    },
  },
  one: {
    operationId: "shadow",
    summary: "The same for one version, by producer and by fingerprint",
    params: {
      type: "object",
      required: ["subject", "version"],
      properties: { subject: name, version: { type: "string", pattern: "^[1-9][0-9]{0,8}$", examples: ["1"] } },
    },
    response: {
      200: answer("The matrix with its groups", {
        ...shadow,
        properties: { ...shadow.properties, flips: { type: "object" } },
      }),
      400: problem,
      404: problem,
    },
  },
} as const;

const trouble = {
  type: ["object", "null"],
  required: ["code", "message", "remedy"],
  properties: { code: text, message: text, remedy: text },
};
const readiness = {
  type: "object",
  required: ["status", "streams"],
  properties: {
    status: { enum: ["ready", "not ready"] },
    streams: {
      type: "array",
      items: {
        type: "object",
        required: ["topic", "partition", "state", "settledTo", "trouble"],
        properties: {
          topic: text,
          partition: whole,
          state: { enum: ["starting", "running", "paused", "halted", "stopped"] },
          settledTo: orNull(whole),
          trouble,
        },
      },
    },
  },
};

export const metricsSchema: FastifySchema = {
  operationId: "metrics",
  summary: "Counters of the versions that look on, for Prometheus",
  response: { 200: answer("The counters", text, "text/plain") },
};

export const healthSchemas: Schemas<"live" | "ready"> = {
  live: {
    operationId: "live",
    summary: "Whether the process turns",
    response: {
      200: answer("Alive", { type: "object", required: ["status"], properties: { status: { const: "alive" } } }),
    },
  },
  ready: {
    operationId: "ready",
    summary: "Whether every stream runs",
    response: { 200: answer("Ready", readiness), 503: answer("Not ready: some stream is paused or halted", readiness) },
  },
};
