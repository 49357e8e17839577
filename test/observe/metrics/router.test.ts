import { expect, test } from "vitest";
import { metricsPage } from "../../../src/observe/metrics/page.ts";
import { createRouterMetrics } from "../../../src/observe/metrics/router.ts";
import { readPage } from "./reading.ts";

const STREAM = { id: "c/t/0", topic: "orders", partition: 0 };
const TROUBLE = { code: "LOG_TOO_LARGE", message: "a record is too large", remedy: "raise it" } as const;

async function pageOf(metrics: ReturnType<typeof createRouterMetrics>, end: bigint, nowMs: number) {
  const families = await metrics.families(async () => end, nowMs);
  return Object.fromEntries(readPage(String(metricsPage(families, undefined).body)));
}

function moved(from: bigint, to: bigint, newestMs: number) {
  const lanes = new Map([["orders.lane.rest", { records: Number(to - from), bytes: 500 }]]);
  return { kind: "records-moved", stream: STREAM, from, to, lanes, tookMs: 30, newestMs } as const;
}

test("a process that moves nothing has no metrics of a router", async () => {
  expect(await createRouterMetrics().families(async () => 0n, 0)).toEqual([]);
});

test("what was moved is counted by lane, and the lag is in records and in seconds", async () => {
  const metrics = createRouterMetrics();
  metrics.observe({ kind: "stream-taken", stream: STREAM, position: 10n });
  metrics.observe(moved(10n, 15n, 50_000));
  expect(await pageOf(metrics, 18n, 60_000)).toMatchObject({
    'sigma_router_records_total{topic="orders",lane="orders.lane.rest"}': 5,
    'sigma_router_bytes_total{topic="orders",lane="orders.lane.rest"}': 500,
    'sigma_router_transaction_seconds_bucket{topic="orders",le="0.05"}': 1,
    'sigma_router_streams{state="running"}': 1,
    'sigma_router_moved_offset{topic="orders",partition="0"}': 15,
    'sigma_router_lag_records{topic="orders",partition="0"}': 3,
    'sigma_router_lag_seconds{topic="orders",partition="0"}': 10,
  });
  metrics.observe(moved(15n, 18n, 55_000));
  expect(await pageOf(metrics, 18n, 70_000)).toMatchObject({
    'sigma_router_lag_records{topic="orders",partition="0"}': 0,
    'sigma_router_lag_seconds{topic="orders",partition="0"}': 0,
  });
});

test("a stream that waits says why until it moves something, and each attempt is counted", async () => {
  const metrics = createRouterMetrics();
  for (const retryInMs of [100, 200]) {
    metrics.observe({ kind: "stream-taken", stream: STREAM, position: 1n });
    metrics.observe({ kind: "stream-waiting", stream: STREAM, ...TROUBLE, retryInMs });
  }
  metrics.observe({ kind: "stream-taken", stream: STREAM, position: 1n });
  const waiting = 'sigma_router_stream_trouble{topic="orders",partition="0",code="LOG_TOO_LARGE"}';
  expect(await pageOf(metrics, 2n, 0)).toMatchObject({
    'sigma_router_waits_total{topic="orders",code="LOG_TOO_LARGE"}': 2,
    'sigma_router_streams{state="waiting"}': 1,
    [waiting]: 1,
  });
  metrics.observe(moved(1n, 2n, 5));
  const after = await pageOf(metrics, 2n, 0);
  expect([after[waiting], after['sigma_router_streams{state="waiting"}']]).toEqual([undefined, 0]);
  metrics.observe({ kind: "stream-left", stream: STREAM });
  expect((await pageOf(metrics, 2n, 0))['sigma_router_streams{state="running"}']).toBe(0);
});
