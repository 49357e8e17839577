import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { expect, test } from "vitest";
import * as api from "@opentelemetry/api";
import type { SourceRecord } from "../../../src/core/record.ts";
import { withTrace } from "../../../src/gateway/mirror.ts";
import { LINKS_MAX, traceBatches } from "../../../src/observe/trace/batches.ts";

const STREAM = { id: "log/topic/0", topic: "orders", partition: 0 };
const COUNTS = { stored: 1, duplicates: 0, conflicts: 0, failures: new Map() };

function open() {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const trace = traceBatches({ api, tracer: provider.getTracer("test") }, { system: "kafka", group: "g" });
  return { trace, spans: () => exporter.getFinishedSpans() };
}

function record(offset: number, traceparent: string | null): SourceRecord {
  return {
    position: { stream: STREAM.id, topic: STREAM.topic, partition: 0, offset: BigInt(offset) },
    timestampMs: 0,
    key: null,
    headers: traceparent === null ? [] : [["traceparent", Buffer.from(traceparent)]],
    value: Buffer.from("CANARY"),
  };
}

function context(number: number): string {
  return `00-${number.toString(16).padStart(32, "0")}-${"1".repeat(16)}-01`;
}

test("each context is linked once, a bounded number of them, and how many were left out is said", () => {
  const { trace, spans } = open();
  const records = Array.from({ length: 400 }, (_, index) => record(index, context(1 + (index % 200))));
  trace(STREAM, { from: 0n, to: 400n }, records).settled(1, "set", COUNTS);
  const [span] = spans();
  expect(span?.links).toHaveLength(LINKS_MAX);
  expect(span?.attributes["sigma.links.left_out"]).toBe(200 - LINKS_MAX);
});

test("a batch that is given up ends as an error with its cause; one that is settled stays settled", () => {
  const { trace, spans } = open();
  trace(STREAM, { from: 0n, to: 1n }, [record(0, null)]).abandoned("STORE_FULL");
  const settled = trace(STREAM, { from: 0n, to: 1n }, [record(0, null)]);
  settled.settled(1, "set", COUNTS);
  settled.abandoned("discarded");
  expect(spans().map(({ status, attributes }) => [status.code, attributes["error.type"]])).toEqual([
    [api.SpanStatusCode.ERROR, "STORE_FULL"],
    [api.SpanStatusCode.UNSET, undefined],
  ]);
  expect(JSON.stringify(spans().map(({ attributes }) => attributes))).not.toContain("CANARY");
});

test("a message that a batch causes carries the batch's context, unless it carries its producer's", () => {
  const { trace } = open();
  const { context: own } = trace(STREAM, { from: 0n, to: 1n }, []);
  const bare = { key: null, headers: [], value: null, partition: null };
  const carrying = { ...bare, headers: [["traceparent", Buffer.from(context(1))] as const] };
  const text = `00-${own?.traceId ?? ""}-${own?.spanId ?? ""}-01`;
  expect(withTrace(own)(bare).headers).toEqual([["traceparent", Buffer.from(text)]]);
  expect(withTrace(own)(carrying)).toBe(carrying);
  expect(withTrace(null)(bare)).toBe(bare);
});
