import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { project, ROOT, startSigma } from "../cli/run.ts";
import { until } from "../patience.ts";
import { createTopic, kafkaForFile } from "../servers/kafka-for-tests.ts";
import { startCollector, type Collector, type Span } from "../servers/otelcol.ts";
import { produce, shipmentText } from "./engines.ts";
import { readTold } from "./told.ts";

const kafka = kafkaForFile();
let collector: Collector;
beforeAll(async () => {
  collector = await startCollector();
}, 900_000);
afterAll(async () => collector.stop());

test("over Kafka a batch links to the contexts of its records, which the mirror keeps; other copies have that of the batch", async () => {
  const { brokers } = kafka.server();
  for (const name of ["traced", "traced.failed", "traced.validated"]) await createTopic(brokers, name, 1);
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const traceparent = `00-${trace}-00f067aa0ba902b7-01`;
  await produce(brokers, "traced", 0, [shipmentText("A"), "{broken"], { traceparent });
  await produce(brokers, "traced", 0, [shipmentText("B")]);
  await produce(brokers, "traced", 0, ["{broken"], { traceparent: "malformed" });
  const env = {
    KAFKA_BROKERS: brokers,
    SIGMA_SOURCES: "traced=shipment@1",
    SIGMA_KAFKA_MIRROR: "all",
    SIGMA_TRACES: "on",
    NODE_OPTIONS: `--import ${join(ROOT, "examples/otel.mjs")}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  };
  const running = startSigma(["start", "--port", "0", "--json", "--no-demo"], { cwd: project(), env });
  const told = async (name: string) => readTold(brokers, `traced.${name}`);
  await running.line(/"kind":"started"/);
  await expect.poll(async () => [(await told("failed")).length, (await told("validated")).length]).toEqual([2, 2]);
  running.child.kill("SIGTERM");
  expect((await running.ended).code).toBe(0);
  const batches = (): readonly Span[] => collector.spans().filter(({ kind }) => kind === 5);
  await until(() => batches().reduce((sum, { attributes }) => sum + Number(attributes["sigma.stored"]), 0) === 2);
  const linked = batches().filter(({ links }) => links.length > 0);
  expect(linked.map(({ links }) => links)).toEqual([[{ traceId: trace, spanId: "00f067aa0ba902b7" }]]);
  expect(linked[0]).toMatchObject({ name: "process traced" });
  expect(linked[0]?.attributes).toMatchObject({
    "messaging.system": "kafka",
    "messaging.consumer.group.name": expect.any(String) as string,
  });
  const own = batches().map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`);
  const [first, second] = await told("validated");
  expect(first?.headers.get("traceparent")).toBe(traceparent);
  expect(own).toContain(second?.headers.get("traceparent"));
  expect((await told("failed")).map(({ headers }) => headers.get("traceparent"))).toEqual([traceparent, "malformed"]);
});
