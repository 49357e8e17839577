import { constants, PerformanceObserver, type PerformanceEntry } from "node:perf_hooks";
import { collectDefaultMetrics, Registry } from "@prometheus-io/client";
import { METRICS } from "./definitions.ts";
import type { Family } from "./family.ts";
import { createHistogram } from "./histogram.ts";

/** Metrics of the process and of its runtime, under the names that clients of Prometheus have for them. */
export type RuntimeMetrics = { readonly families: () => Promise<readonly Family[]> };

/**
 * What the client library has and this page leaves out: gauges that end in `_total` as only counters do; the shortest delay, which is
 * 292 years until one was measured; a summary of what the histogram beside it has; and the collector's pauses, of which it counts
 * one for each time that it is told of several.
 */
const LEFT_OUT = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
  "nodejs_eventloop_lag_min_seconds",
  "nodejs_eventloop_utilization_histogram",
  "nodejs_eventloop_utilization_summary",
  "nodejs_gc_duration_seconds",
];

/** How exactly the delay of the event loop is measured, in milliseconds. At 10 it costs twice as many wake-ups. */
const DELAY_PRECISION_MS = 20;

const COLLECTIONS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: "major",
  [constants.NODE_PERFORMANCE_GC_MINOR]: "minor",
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: "incremental",
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: "weakcb",
};

/** Begins to measure the event loop, the garbage collector and the memory of this process. Once for each process. */
export function openRuntimeMetrics(): RuntimeMetrics {
  // A registry of our own: the global one belongs to whoever embeds this program.
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: DELAY_PRECISION_MS });
  for (const name of LEFT_OUT) registry.removeSingleMetric(name);
  const collections = createHistogram(METRICS.collections);
  const observer = new PerformanceObserver((list) => {
    // The types of Node 24 lack `detail`, which entries of the collector have.
    for (const { detail, duration } of list.getEntries() as readonly Collection[]) {
      const kind = COLLECTIONS[detail?.kind ?? -1];
      if (kind !== undefined) collections.observe([kind], duration / 1_000);
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  return {
    families: async () => [
      ...(await registry.getMetricsAsJSON()).map((metric) => familyOf(metric as Read)),
      collections.family(),
    ],
  };
}

type Collection = PerformanceEntry & { readonly detail?: { readonly kind?: number } };

type Read = {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly { readonly value: number; readonly labels: Readonly<Record<string, string | number>> }[];
};

function familyOf({ name, help, type, values }: Read): Family {
  const labels = [...new Set(values.flatMap((one) => Object.keys(one.labels)))];
  return {
    of: { name, type: type === "counter" ? "counter" : "gauge", help: help.endsWith(".") ? help : `${help}.`, labels },
    samples: values.map((one) => ({
      labels: labels.map((label) => String(one.labels[label] ?? "")),
      value: one.value,
    })),
  };
}
