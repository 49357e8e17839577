import { expect, test } from "vitest";
import { metricsPage } from "../../../src/observe/metrics/page.ts";
import { openRuntimeMetrics } from "../../../src/observe/metrics/runtime.ts";
import { readPage } from "./reading.ts";

test("the runtime tells of its event loop, its collector and its memory, and cumulates no bucket twice", async () => {
  const { families } = openRuntimeMetrics();
  await expect
    .poll(async () => {
      Array.from({ length: 100_000 }, () => ({}));
      return readPage(String(metricsPage(await families(), undefined).body)).get(
        'nodejs_gc_duration_seconds_count{kind="minor"}',
      );
    })
    .toBeGreaterThan(0);
  const values = readPage(String(metricsPage(await families(), undefined).body));
  const count = values.get('nodejs_gc_duration_seconds_count{kind="minor"}');
  expect(values.get('nodejs_gc_duration_seconds_bucket{kind="minor",le="+Inf"}')).toBe(count);
  for (const name of ["nodejs_eventloop_lag_p99_seconds", "process_resident_memory_bytes", "process_cpu_seconds_total"])
    expect(values.get(name)).toBeGreaterThan(0);
});
