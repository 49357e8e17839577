import type { ShadowSnapshot } from "../../rejudge/shadow/thread.ts";
import type { HttpDeps, Verdict } from "../deps.ts";
import type { Held } from "../body/held.ts";
import type { Routes } from "../route-types.ts";
import { rawAnswer, text } from "../schema-parts.ts";

const METRICS = {
  operationId: "metrics",
  summary: "Counters of the versions that look on, for Prometheus",
  response: { 200: rawAnswer("The counters", "text/plain", text) },
} as const;

/** Text format 0.0.4 of Prometheus, which every collector reads. */
const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

type Family = {
  readonly name: string;
  readonly type?: "gauge";
  readonly help: string;
  readonly lines: readonly string[];
};

/** Counts of verdicts since the start. */
export type VerdictCounts = { readonly count: (verdict: Verdict) => void; readonly lines: () => readonly string[] };

/** Counts verdicts by route, contract and status. None of these labels comes from a record, so their number is bounded. */
export function countVerdicts(): VerdictCounts {
  const counts = new Map<string, number>();
  return {
    count: ({ route, contract, status }) => {
      const name = contract === null ? "" : `${contract.subject}@${contract.version}`;
      const labels = `{route="${route}",contract="${name}",status="${status}"}`;
      counts.set(labels, (counts.get(labels) ?? 0) + 1);
    },
    lines: () => [...counts].map(([labels, count]) => `${labels} ${count}`),
  };
}

/** `GET /metrics`: counters and gauges. No label comes from a record. */
export function registerMetrics(app: Routes, deps: HttpDeps, verdicts: VerdictCounts, held: Held): void {
  app.get("/metrics", { schema: METRICS, logLevel: "silent", config: { role: "viewer" } }, async (_, reply) => {
    const asked: Family = {
      name: "sigma_verdicts_total",
      help: "Verdicts asked for over HTTP, of which nothing is stored.",
      lines: verdicts.lines(),
    };
    const inFlight: Family = {
      name: "sigma_http_held_bytes",
      type: "gauge",
      help: "Bytes of bodies and answers in memory; beyond the limit requests are answered 503.",
      lines: [` ${held.bytes()}`],
    };
    const families = [asked, inFlight, ...processFamilies(), ...shadowFamilies(deps.shadow?.() ?? [])];
    const page = families.flatMap(({ name, type = "counter", help, lines }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...lines.map((line) => `${name}${line}`),
    ]);
    return reply.header("content-type", CONTENT_TYPE).send(page.map((line) => `${line}\n`).join(""));
  });
}

/** Gauges of the process, under the names that client libraries of Prometheus use. */
function processFamilies(): readonly Family[] {
  const { rss, heapUsed } = process.memoryUsage();
  return [
    {
      name: "process_resident_memory_bytes",
      type: "gauge",
      help: "Resident memory of the process.",
      lines: [` ${rss}`],
    },
    { name: "nodejs_heap_size_used_bytes", type: "gauge", help: "Heap that is in use.", lines: [` ${heapUsed}`] },
  ];
}

function shadowFamilies(shadows: readonly ShadowSnapshot[]): readonly Family[] {
  const of = (each: (one: ShadowSnapshot, name: string) => readonly string[]): readonly string[] =>
    shadows.flatMap((one) => each(one, `contract="${one.subject}@${one.version}"`));
  const fates = ["judged", "dropped", "lost"] as const;
  return [
    {
      name: "sigma_shadow_records_total",
      help: "Settled records shown to a version that looks on, by what became of them.",
      lines: of((one, name) => fates.map((fate) => `{${name},fate="${fate}"} ${one[fate]}`)),
    },
    {
      name: "sigma_shadow_flips_total",
      help: "Judged records by their verdict and that of the version that looks on.",
      lines: of(({ flips }, name) =>
        Object.entries(flips.counts).map(([cell, count]) => `{${name},flip="${cell}"} ${count}`),
      ),
    },
    {
      name: "sigma_shadow_restarts_total",
      help: "How often the thread of a version that looks on ended by itself.",
      lines: of(({ restarts }, name) => [`{${name}} ${restarts}`]),
    },
  ];
}
