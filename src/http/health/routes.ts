import type { HttpDeps } from "../deps.ts";
import { isReady } from "./ready.ts";
import { ROUTED, routedView } from "./routed.ts";
import { TROUBLE, troubleView } from "./trouble.ts";
import { exactInteger } from "../../json/exact-integer.ts";
import type { Routes } from "../route-types.ts";
import { answer, text, whole } from "../schema-parts.ts";

const LIVE = {
  operationId: "live",
  summary: "Whether the process turns",
  response: {
    200: answer("Alive", { type: "object", required: ["status"], properties: { status: { const: "alive" } } }),
  },
} as const;

const READINESS = {
  title: "Readiness",
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
          settledTo: { type: ["integer", "null"] },
          trouble: TROUBLE,
        },
      },
    },
    router: { type: "array", description: "What is moved to lanes, where this process does it", items: ROUTED },
  },
} as const;

const READY = {
  operationId: "ready",
  summary: "Whether every stream runs",
  response: { 200: answer("Ready", READINESS), 503: answer("Not ready: some stream is paused or halted", READINESS) },
} as const;

/** Alive: this process turns. Ready: every stream runs. A paused gateway is alive, and must not be restarted for it. */
export function registerHealth(app: Routes, deps: HttpDeps): void {
  app.get("/livez", { schema: LIVE, logLevel: "silent", config: { role: "public" } }, async (_, reply) =>
    reply.send({ status: "alive" }),
  );

  app.get(
    "/readyz",
    { schema: READY, logLevel: "silent", config: { role: "public", owesAnswer: true } },
    async (_, reply) => {
      const ready = isReady(deps);
      const streams = deps.gateway.streams().map(({ stream, state, settledTo, trouble }) => ({
        topic: stream.topic,
        partition: stream.partition,
        state,
        settledTo: settledTo === null ? null : exactInteger(settledTo),
        trouble: troubleView(trouble),
      }));
      const router = deps.routed === undefined ? {} : { router: deps.routed.streams().map(routedView) };
      return reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "not ready", streams, ...router });
    },
  );
}
