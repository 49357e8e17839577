import type { FastifyInstance } from "fastify";
import type { HttpDeps } from "../deps.ts";
import { healthSchemas } from "../watch-schemas.ts";
import { exactInteger } from "../../json/exact-integer.ts";

/** Alive: this process turns. Ready: every stream runs. A paused gateway is alive, and must not be restarted for it. */
export function registerHealth(app: FastifyInstance, deps: HttpDeps): void {
  app.get("/livez", { schema: healthSchemas.live, logLevel: "silent" }, async () => ({ status: "alive" }));

  app.get(
    "/readyz",
    { schema: healthSchemas.ready, logLevel: "silent", config: { owesAnswer: true } },
    async (_, reply) => {
      const ready = deps.gateway.ready();
      const streams = deps.gateway.streams().map(({ stream, state, settledTo, trouble }) => ({
        topic: stream.topic,
        partition: stream.partition,
        state,
        settledTo: settledTo === null ? null : exactInteger(settledTo),
        trouble,
      }));
      return reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "not ready", streams });
    },
  );
}
