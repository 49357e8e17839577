import { ENGINE } from "../core/decide.ts";
import { METRICS } from "../observe/metrics/definitions.ts";
import { createMetrics, type Metrics } from "../observe/metrics/metrics.ts";
import { openRuntimeMetrics } from "../observe/metrics/runtime.ts";

/** The metrics of this process, those of the runtime among them. */
export function openMetrics(version: string): Metrics {
  const runtime = openRuntimeMetrics();
  const info = { of: METRICS.info, samples: [{ labels: [version, ENGINE, process.version], value: 1 }] };
  return createMetrics(async () => [info, ...(await runtime.families())]);
}
