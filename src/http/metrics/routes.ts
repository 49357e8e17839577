import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { parseTraceparent } from "../../core/trace-context.ts";
import { METRICS } from "../../observe/metrics/definitions.ts";
import type { Family } from "../../observe/metrics/family.ts";
import type { Metrics } from "../../observe/metrics/metrics.ts";
import type { EndOf } from "../../observe/metrics/streams.ts";
import type { ObjectiveTotals } from "../../slo/counter.ts";
import type { ShadowSnapshot } from "../../rejudge/shadow/thread.ts";
import type { HttpDeps } from "../deps.ts";
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

/** How long a scrape waits for the end of a log. A stream whose log does not answer has no lag on the page. */
const END_WAIT_MS = 2_000;

/** `GET /metrics`. No label comes from a record, but the contract versions that the set has. */
export function registerMetrics(app: Routes, deps: HttpDeps, metrics: Metrics, held: Held): void {
  app.get("/metrics", { schema: SCHEMA, logLevel: "silent", config: { role: "viewer" } }, async (request, reply) => {
    const inFlight: Family = { of: METRICS.held, samples: [{ labels: [], value: held.bytes() }] };
    const objectives = objectiveFamilies(deps.objectives?.totals() ?? []);
    const others = [inFlight, ...objectives, ...shadowFamilies(deps.shadow?.() ?? [])];
    const page = await metrics.page(request.headers.accept, endOf(deps), deps.now(), others);
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

function endOf({ source }: HttpDeps): EndOf {
  return async (stream) => {
    const waiting = new AbortController();
    const given = delay(END_WAIT_MS, null, { signal: waiting.signal, ref: false }).catch(() => null);
    try {
      return await Promise.race([source.bounds(stream).then(({ end }) => end), given]);
    } catch {
      // The stream itself reports what is wrong with its log.
      return null;
    } finally {
      waiting.abort();
    }
  };
}

/** What the rules of `sigma slo export` are about; none without objectives. */
function objectiveFamilies(totals: readonly ObjectiveTotals[]): readonly Family[] {
  if (totals.length === 0) return [];
  const samples = totals.flatMap(({ name, good, bad }) => [
    { labels: [name, "good"], value: good },
    { labels: [name, "bad"], value: bad },
  ]);
  return [{ of: METRICS.objectiveEvents, samples }];
}

function shadowFamilies(shadows: readonly ShadowSnapshot[]): readonly Family[] {
  const named = shadows.map((one) => ({ ...one, contract: `${one.subject}@${one.version}` }));
  const fates = ["judged", "dropped", "lost"] as const;
  return [
    {
      of: METRICS.shadowRecords,
      samples: named.flatMap((one) => fates.map((fate) => ({ labels: [one.contract, fate], value: one[fate] }))),
    },
    {
      of: METRICS.shadowFlips,
      samples: named.flatMap(({ contract, flips }) =>
        Object.entries(flips.counts).map(([flip, value]) => ({ labels: [contract, flip], value })),
      ),
    },
    {
      of: METRICS.shadowRestarts,
      samples: named.map(({ contract, restarts }) => ({ labels: [contract], value: restarts })),
    },
  ];
}
