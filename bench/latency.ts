import { Producer, ProduceAcks } from "@platformatic/kafka";
import { createTopic } from "../test/servers/kafka-for-tests.ts";
import { startKafka } from "../test/servers/kafka.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { amount, readArguments } from "./arguments.ts";
import { openGateway } from "./gateway.ts";
import { recordOf } from "./records.ts";

// node bench/latency.ts [seconds]
// From produce to durable decision (ledger and documents acknowledged by majority and journal), at 1,000, 10,000 and as many
// records a second as go through. The producer runs in the same process, so its share of the core is in the numbers.

const [SECONDS] = readArguments(amount(10));
const PARTITIONS = 6;
const TICK_MS = 20;

const kafka = await startKafka();
const mongo = await startMongo(1, [], []);
try {
  for (const rate of [1_000, 10_000, Number.POSITIVE_INFINITY]) await measure(rate);
} finally {
  await Promise.all([kafka.stop(), mongo.stop()]);
}

async function measure(rate: number): Promise<void> {
  const name = Number.isFinite(rate) ? `rate_${rate}` : "rate_full";
  await createTopic(kafka.brokers, name, PARTITIONS);
  const sentAt = new Map<number, number[]>(Array.from({ length: PARTITIONS }, (_, partition) => [partition, []]));
  const latencies: number[] = [];
  const stop = await openGateway(kafka.brokers, mongo.uri, name, name, (event) => {
    if (event.kind !== "batch-settled") return;
    const now = performance.now();
    const times = sentAt.get(event.stream.partition) ?? [];
    for (let offset = Number(event.from); offset < Number(event.to); offset += 1)
      latencies.push(now - (times[offset] ?? now));
  });
  const producer = new Producer({ clientId: "bench", bootstrapBrokers: [kafka.brokers], acks: ProduceAcks.ALL });
  let sent = 0;
  const started = performance.now();
  for (let turn = 0; performance.now() - started < SECONDS * 1_000; turn += 1) {
    const behind = sent - latencies.length;
    const count = Number.isFinite(rate) ? Math.round((rate * TICK_MS) / 1_000) : 500;
    if (!Number.isFinite(rate) && behind > 20_000) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      continue;
    }
    const partition = turn % PARTITIONS;
    const now = performance.now();
    const messages = Array.from({ length: count }, (_, index) => ({
      topic: name,
      partition,
      value: recordOf(sent + index),
    }));
    for (let index = 0; index < count; index += 1) sentAt.get(partition)?.push(now);
    sent += count;
    await producer.send({ messages });
    const due = started + (turn + 1) * TICK_MS;
    if (Number.isFinite(rate))
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
  }
  while (latencies.length < sent) await new Promise((resolve) => setTimeout(resolve, 20));
  const seconds = (performance.now() - started) / 1_000;
  await producer.close();
  await stop();
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(0);
  const wanted = Number.isFinite(rate) ? `${rate}/s` : "full rate";
  process.stdout.write(`${wanted}: ${Math.round(sent / seconds)} records/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms\n`);
}
