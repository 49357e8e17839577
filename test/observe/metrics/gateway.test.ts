import { describe, expect, test } from "vitest";
import { Unavailable } from "../../../src/core/unavailable.ts";
import type { GatewayEvent } from "../../../src/gateway/event.ts";
import { redriveStreamId } from "../../../src/ledger/redrive-stream.ts";
import { createMetrics, type Metrics } from "../../../src/observe/metrics/metrics.ts";
import type { Store } from "../../../src/store/store.ts";
import { openEmbedded, shipment, TOPIC, type Embedded } from "../../embedded.ts";
import { readPage } from "./reading.ts";

async function pageOf(metrics: Metrics, accept?: string): Promise<string> {
  const { body } = await metrics.page(accept, async () => 9n, 1_700_000_010_000, []);
  return String(body);
}

async function valuesOf(metrics: Metrics): Promise<Readonly<Record<string, number>>> {
  return Object.fromEntries(readPage(await pageOf(metrics)));
}

/** Metrics of a gateway that settles what is in the log; its clock says 2 s more than the log's. */
async function metricsAfter(embedded: Embedded, changes: Parameters<Embedded["settle"]>[0] = {}): Promise<Metrics> {
  const metrics = createMetrics();
  const observe = (event: GatewayEvent): void => {
    if (event.kind !== "stream-stopped") metrics.gateway.observe(event);
  };
  const clock = { monotonicMs: () => performance.now(), nowMs: () => 1_700_000_002_000 };
  await embedded.settle({ observe, clock, ...changes });
  return metrics;
}

describe("createGatewayMetrics()", () => {
  test("counts decisions by version, outcome and reason, and what repeats", async () => {
    const embedded = await openEmbedded();
    await embedded.append(shipment("A"), shipment("A"), shipment("A", 3), "{", shipment("B"), shipment("C", 2_000));
    const values = await valuesOf(await metricsAfter(embedded));
    expect(values).toMatchObject({
      'sigma_decisions_total{subject="shipment",version="1",outcome="passed",reason=""}': 2,
      'sigma_decisions_total{subject="shipment",version="1",outcome="duplicate",reason=""}': 1,
      'sigma_decisions_total{subject="shipment",version="1",outcome="failed",reason="conflict"}': 1,
      'sigma_decisions_total{subject="shipment",version="1",outcome="failed",reason="malformed-not-json"}': 1,
      'sigma_decisions_total{subject="shipment",version="1",outcome="failed",reason="rule"}': 1,
      'sigma_replayed_records_total{subject="shipment",kind="duplicate"}': 1,
      'sigma_replayed_records_total{subject="shipment",kind="conflict"}': 1,
      'sigma_produce_to_durable_seconds_count{subject="shipment"}': 6,
      'sigma_produce_to_durable_seconds_sum{subject="shipment"}': 12,
      'sigma_produce_to_durable_seconds_bucket{subject="shipment",le="1.0"}': 0,
      'sigma_produce_to_durable_seconds_bucket{subject="shipment",le="2.5"}': 6,
      'sigma_decide_seconds_count{subject="shipment"}': 6,
      'sigma_stage_seconds_count{stage="ledger"}': 2,
      'sigma_streams{state="running"}': 1,
      'sigma_breaker_open{topic="shipments",partition="0"}': 0,
      'sigma_stream_settled_offset{topic="shipments",partition="0"}': 6,
      'sigma_stream_lag_records{topic="shipments",partition="0"}': 3,
      'sigma_stream_lag_seconds{topic="shipments",partition="0"}': 10,
      sigma_new_failure_groups_total: 3,
      sigma_batches_total: 2,
      sigma_ledger_races_lost_total: 0,
    });
  });

  test("a batch whose store failed once is counted once, and the outage by its code", async () => {
    const embedded = await openEmbedded();
    const { store } = embedded;
    let failures = 2;
    const unit: Store["unit"] = async (work) => {
      failures -= 1;
      if (failures >= 0) throw new Unavailable("STORE_FULL", "the disk is full", "free space");
      return store.unit(work);
    };
    await embedded.append(shipment("A"));
    const values = await valuesOf(await metricsAfter(embedded, { store: { ...store, unit } }));
    expect(values).toMatchObject({
      'sigma_pauses_total{code="STORE_FULL"}': 1,
      'sigma_backend_errors_total{backend="store",code="STORE_FULL"}': 2,
      'sigma_decisions_total{subject="shipment",version="1",outcome="passed",reason=""}': 1,
    });
  });

  test("a halt is counted, and the stream is shown as long as it stands", async () => {
    const embedded = await openEmbedded();
    await embedded.append("{", "{", "{", "{");
    const breaker = { failedRatioMax: null, consecutiveMax: 3, window: 4 };
    const values = await valuesOf(await metricsAfter(embedded, { breaker }));
    expect(values).toMatchObject({
      'sigma_halts_total{code="BREAKER_OPEN"}': 1,
      'sigma_breaker_open{topic="shipments",partition="0"}': 1,
      'sigma_stream_trouble{topic="shipments",partition="0",state="halted",code="BREAKER_OPEN"}': 1,
      'sigma_streams{state="halted"}': 1,
    });
  });

  test("a redrive that waits or halts is no stream that is paused or halted; its trouble is counted by backend", async () => {
    const metrics = createMetrics();
    const stream = { id: redriveStreamId({ plan: "0123456789ab", source: 1 }), topic: "orders", partition: 0 };
    const trouble = { message: "the disk is full", remedy: "free space" };
    metrics.gateway.observe({ kind: "stream-paused", stream, code: "STORE_FULL", ...trouble, retryInMs: 1 });
    metrics.gateway.observe({ kind: "stream-halted", stream, halt: { code: "BREAKER_OPEN", ...trouble } });
    const lines = (await pageOf(metrics)).split("\n").filter((line) => /^sigma_.*code=/.test(line));
    expect(lines).toEqual(['sigma_backend_errors_total{backend="store",code="STORE_FULL"} 1']);
  });

  test("a stream that is read no more is not shown", async () => {
    const embedded = await openEmbedded();
    await embedded.append(shipment("A"));
    const metrics = createMetrics();
    await embedded.settle({ observe: metrics.gateway.observe });
    expect(await valuesOf(metrics)).toMatchObject({ 'sigma_streams{state="running"}': 0 });
  });

  test("latency has the trace of a record as exemplar, and a malformed trace is no trace", async () => {
    const embedded = await openEmbedded();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const record = (id: string, trace: string): Parameters<typeof embedded.log.append>[1][number] => ({
      key: null,
      headers: [["traceparent", Buffer.from(trace)]],
      value: Buffer.from(shipment(id)),
      partition: null,
    });
    await embedded.log.append(TOPIC, [record("A", "secret")]);
    const page = await pageOf(await metricsAfter(embedded), "application/openmetrics-text");
    expect(page).not.toContain("trace_id");
    await embedded.log.append(TOPIC, [record("B", traceparent)]);
    const again = await pageOf(await metricsAfter(embedded), "application/openmetrics-text");
    expect(again).toContain(
      'sigma_produce_to_durable_seconds_bucket{subject="shipment",le="2.5"} 1 # {trace_id="0af7651916cd43dd8448eb211c80319c"} 2 1700000002',
    );
  });
});
