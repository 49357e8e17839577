import type { FastifyInstance } from "fastify";
import { parseTraceparent } from "../../core/trace-context.ts";
import { METRICS } from "../../observe/metrics/definitions.ts";
import type { Family } from "../../observe/metrics/family.ts";
import type { Metrics } from "../../observe/metrics/metrics.ts";
import type { HttpDeps } from "../deps.ts";
import { endOf, gatewayFamilies, logsOf } from "./families.ts";
import type { Held } from "../body/held.ts";
import type { Routes } from "../route-types.ts";
import { text } from "../schema-parts.ts";

/** Its values are bytes; a schema that says so has no type of its own. */
const binary: Readonly<Record<string, unknown>> = { type: "string", format: "binary" };

const SCHEMA = {
  operationId: "metrics",
  summary: "What the gateway decides, how long it takes and how it is, for Prometheus",
  response: {
    200: {
      description: "The metrics, in the format that `Accept` prefers",
      content: {
        "text/plain": { schema: text },
        "application/openmetrics-text": { schema: text },
        "application/vnd.google.protobuf": { schema: binary },
      },
    },
  },
} as const;

/** `GET /metrics`. No label comes from a record, but the contract versions that the set has. */
export function registerMetrics(app: Routes, deps: HttpDeps, metrics: Metrics, held: Held): void {
  app.get("/metrics", { schema: SCHEMA, logLevel: "silent", config: { role: "viewer" } }, async (request, reply) => {
    const ofServer: Family = { of: METRICS.held, samples: [{ labels: [], value: held.bytes() }] };
    const ofGateway = gatewayFamilies({
      inFlightBytes: deps.gateway.inFlightBytes(),
      objectives: deps.objectives?.totals(),
      shadows: deps.shadow?.(),
      validators: deps.pool?.(),
    });
    const page = await metrics.page(request.headers.accept, endOf(logsOf(deps)), deps.now(), [ofServer, ...ofGateway]);
    return reply.header("content-type", page.contentType).header("vary", "accept").send(page.body);
  });
}

/** Counts every answer, under the template of its route: a path may hold anything. */
export function measureAnswers(app: FastifyInstance, metrics: Metrics, nowMs: () => number): void {
  app.addHook("onResponse", async (request, reply) => {
    const { traceparent } = request.headers;
    const template = request.is404 ? undefined : request.routeOptions.url;
    const answered = {
      method: request.method,
      route: template?.replaceAll(/:([A-Za-z]+)/g, "{$1}") ?? null,
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1_000,
      traceId: typeof traceparent === "string" ? (parseTraceparent(traceparent)?.traceId ?? null) : null,
    };
    metrics.http.answered(answered, nowMs());
  });
}
