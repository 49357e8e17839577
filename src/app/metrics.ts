import { ENGINE } from "../core/decide.ts";
import { METRICS } from "../observe/metrics/definitions.ts";
import { createMetrics, type Metrics, type WorkersMetrics } from "../observe/metrics/metrics.ts";
import type { Fleet, FleetWorker } from "../workers/fleet.ts";
import { openRuntimeMetrics } from "../observe/metrics/runtime.ts";

/** The metrics of this process, those of the runtime among them, and of its workers. */
export function openMetrics(version: string, fleet: Pick<Fleet, "families" | "workers"> | null): Metrics {
  const runtime = openRuntimeMetrics();
  const info = { of: METRICS.info, samples: [{ labels: [version, ENGINE, process.version], value: 1 }] };
  return createMetrics(async () => [info, ...(await runtime.families())], fleet === null ? null : metricsOf(fleet));
}

function metricsOf({ families, workers }: Pick<Fleet, "families" | "workers">): WorkersMetrics {
  const samples = (of: (one: FleetWorker) => number) =>
    workers().map((one) => ({ labels: [String(one.worker)], value: of(one) }));
  return {
    families,
    own: () => [
      { of: METRICS.workerUp, samples: samples(({ process, hangs }) => (process === null || hangs ? 0 : 1)) },
      { of: METRICS.workerRestarts, samples: samples(({ restarts }) => restarts) },
    ],
  };
}
