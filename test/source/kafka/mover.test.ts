import { Consumer, Producer, type Message } from "@platformatic/kafka";
import { onTestFinished, expect, test } from "vitest";
import type { KafkaConnection } from "../../../src/source/kafka-connection.ts";
import { createMovers } from "../../../src/source/kafka/mover.ts";
import { openKafkaSource } from "../../../src/source/kafka/source.ts";
import type { MovedRecord, Mover } from "../../../src/source/mover.ts";
import type { SourceRecord } from "../../../src/core/record.ts";
import type { Source, Stream } from "../../../src/source/source.ts";
import { createTopic, deleteTopic, kafkaForFile } from "../../servers/kafka-for-tests.ts";
import { until } from "../../patience.ts";
import { unique } from "./client-facts-clients.ts";

const kafka = kafkaForFile();
const GROUP = "sigma.router";

function connection(): KafkaConnection {
  return { brokers: [kafka.server().brokers], tls: null, sasl: null };
}

async function topicOf(partitions: number, configs: Readonly<Record<string, string>> = {}): Promise<string> {
  const topic = unique("topic");
  await createTopic(kafka.server().brokers, topic, partitions, configs);
  return topic;
}

async function sourceOf(topic: string): Promise<Source> {
  const options = { connection: connection(), group: null, acceptCompacted: [], fetchWaitMs: 100 };
  const source = await openKafkaSource({ ...options, topics: [topic] });
  onTestFinished(source.close);
  return source;
}

async function streamOf(topic: string): Promise<Stream> {
  const [stream] = await (await sourceOf(topic)).streams();
  if (stream === undefined) throw new Error("the topic has no partition");
  return stream;
}

async function moverOf(stream: Stream): Promise<Mover> {
  const movers = createMovers(connection(), GROUP, () => []);
  onTestFinished(movers.close);
  const mover = await movers.open(stream);
  onTestFinished(mover.close);
  return mover;
}

/** Every committed record of a topic. */
/**
 * The records of a topic, once there are so many: Kafka answers a commit before it has written it to every partition, and until then a
 * reader does not see what was committed.
 */
async function recordsIn(topic: string, count: number): Promise<readonly SourceRecord[]> {
  let found: readonly SourceRecord[] = [];
  await until(async () => (found = await visibleIn(topic)).length >= count);
  return found;
}

async function visibleIn(topic: string): Promise<readonly SourceRecord[]> {
  const source = await sourceOf(topic);
  const records: SourceRecord[] = [];
  const limits = { bytesMax: 10_000_000, recordsMax: 100_000, waitMs: 0 };
  for (const stream of await source.streams()) {
    for (let from = 0n; ;) {
      const fetched = await source.fetch(stream, from, limits, AbortSignal.timeout(30_000));
      if (fetched.kind !== "records") break;
      records.push(...fetched.read());
      from = fetched.to;
    }
  }
  return records;
}

function numbered(topic: string, from: number, to: number, partition = 0): readonly MovedRecord[] {
  return Array.from({ length: to - from }, (_, index) => ({
    topic,
    partition,
    timestampMs: 1_000 + index,
    key: null,
    headers: [],
    value: Buffer.from(String(from + index)),
  }));
}

async function valuesIn(topic: string, count: number): Promise<readonly string[]> {
  return (await recordsIn(topic, count)).map(({ value }) => Buffer.from(value ?? "").toString());
}

test("moves records byte for byte to the partitions they are given, together with the position", async () => {
  const anyTime = { "message.timestamp.after.max.ms": "9223372036854775807" };
  const [from, lane, other] = [await topicOf(1), await topicOf(3, anyTime), await topicOf(1)];
  const stream = await streamOf(from);
  const mover = await moverOf(stream);
  expect(mover.movedTo).toBe(null);
  expect(await mover.partitionsOf(lane)).toBe(3);
  const headers = [
    ["a", Buffer.from("1")],
    ["a", Buffer.from([0, 255])],
  ] as const;
  const records: MovedRecord[] = [
    { topic: lane, partition: 2, timestampMs: 7, key: Buffer.from("k"), headers, value: Buffer.from("v") },
    { topic: other, partition: 0, timestampMs: -1, key: Buffer.alloc(0), headers: [], value: null },
    { topic: lane, partition: 0, timestampMs: 9_007_199_254_740_993n, key: null, headers: [], value: Buffer.alloc(0) },
  ];
  await mover.move(records, 5n);
  await mover.move(numbered(lane, 0, 2, 1), 7n);
  const seen = [...(await recordsIn(lane, 4)), ...(await recordsIn(other, 1))].map(({ position, ...record }) => ({
    ...record,
    topic: position.topic,
    partition: position.partition,
  }));
  const expected = [...records, ...numbered(lane, 0, 2, 1)].toSorted(
    (a, b) => Number(a.topic === other) - Number(b.topic === other) || a.partition - b.partition,
  );
  expect(seen).toEqual(expected);
  expect((await moverOf(stream)).movedTo).toBe(7n);
});

test("moves the position alone where there was nothing to move", async () => {
  const stream = await streamOf(await topicOf(1));
  await (await moverOf(stream)).move([], 3n);
  expect((await moverOf(stream)).movedTo).toBe(3n);
});

test("refuses an earlier mover of the stream, which changes neither records nor position", async () => {
  const [stream, lane] = [await streamOf(await topicOf(1)), await topicOf(1)];
  const first = await moverOf(stream);
  await first.move(numbered(lane, 0, 2), 2n);
  const second = await moverOf(stream);
  expect(second.movedTo).toBe(2n);
  await expect(first.move(numbered(lane, 2, 9), 9n)).rejects.toMatchObject({ code: "LOG_FENCED" });
  await second.move(numbered(lane, 2, 4), 4n);
  expect(await valuesIn(lane, 4)).toEqual(["0", "1", "2", "3"]);
  expect((await moverOf(stream)).movedTo).toBe(4n);
});

test("ends the transaction that an earlier mover has open, wherever it is", async () => {
  const [stream, lane] = [await streamOf(await topicOf(1)), await topicOf(2)];
  const first = await moverOf(stream);
  const many = [...numbered(lane, 0, 4_000), ...numbered(lane, 0, 4_000, 1)];
  const moving = first.move(many, 4_000n).then(
    () => true,
    () => false,
  );
  const second = await moverOf(stream);
  const moved = await moving;
  const position = (await moverOf(stream)).movedTo;
  expect(position).toBe(second.movedTo);
  // The answer to a commit may be lost, so that only a move that says yes is sure; what is visible and the position always agree.
  const all = moved || position !== null;
  const count = (await recordsIn(lane, all ? 8_000 : 0)).length;
  expect([count, position]).toEqual(all ? [8_000, 4_000n] : [0, null]);
});

test("says that a transaction without an end holds the position, and goes on when it is ended", async () => {
  const stream = await streamOf(await topicOf(1));
  await (await moverOf(stream)).move([], 3n);
  const lost = new Producer({
    clientId: "lost",
    bootstrapBrokers: [kafka.server().brokers],
    idempotent: true,
    transactionalId: unique("lost"),
    timeout: 600_000,
  });
  onTestFinished(async () => lost.close(true));
  const transaction = await lost.beginTransaction({ producerId: -1n, producerEpoch: -1 });
  const consumer = new Consumer({ clientId: "lost", bootstrapBrokers: [kafka.server().brokers], groupId: GROUP });
  onTestFinished(async () => consumer.close(true));
  const metadata = {
    consumer: {
      groupId: GROUP,
      generationId: -1,
      memberId: "",
      coordinatorId: await consumer.findGroupCoordinator(),
    },
  };
  await transaction.addConsumer(consumer);
  await transaction.addOffset({ topic: stream.topic, partition: 0, offset: 6n, metadata } as unknown as Message);
  await expect(moverOf(stream)).rejects.toMatchObject({ code: "LOG_TRANSACTION_OPEN" });
  await transaction.abort();
  await until(async () =>
    moverOf(stream).then(
      ({ movedTo }) => movedTo === 3n,
      () => false,
    ),
  );
});

test("begins anew where the topic was made anew", async () => {
  const [topic, lane] = [await topicOf(1), await topicOf(1)];
  const old = await moverOf(await streamOf(topic));
  await old.move(numbered(lane, 0, 3), 3n);
  await deleteTopic(kafka.server().brokers, topic);
  await until(async () =>
    createTopic(kafka.server().brokers, topic, 1).then(
      () => true,
      () => false,
    ),
  );
  const anew = await moverOf(await streamOf(topic));
  expect(anew.movedTo).toBe(null);
  await expect(old.move(numbered(lane, 3, 5), 5n)).rejects.toMatchObject({ code: "LOG_FENCED" });
  expect((await moverOf(await streamOf(topic))).movedTo).toBe(null);
});

test("says that a topic is missing, and moves nothing", async () => {
  const stream = await streamOf(await topicOf(1));
  const mover = await moverOf(stream);
  await expect(mover.partitionsOf("nowhere")).rejects.toMatchObject({ code: "LOG_TOPIC_MISSING" });
  await expect(mover.move(numbered("nowhere", 0, 1), 1n)).rejects.toMatchObject({ code: "LOG_TOPIC_MISSING" });
  expect((await moverOf(stream)).movedTo).toBe(null);
});

test("says that a topic refuses the time of a record, and moves nothing", async () => {
  const [stream, lane] = [await streamOf(await topicOf(1)), await topicOf(1)];
  const [late] = numbered(lane, 0, 1);
  if (late === undefined) throw new Error("there is one record");
  const moving = (await moverOf(stream)).move([{ ...late, timestampMs: 9_007_199_254_740_991 }], 1n);
  await expect(moving).rejects.toMatchObject({ code: "LOG_TIMESTAMP" });
  expect((await moverOf(stream)).movedTo).toBe(null);
});

test("moves more than one request takes at once", async () => {
  const [stream, lane] = [await streamOf(await topicOf(1)), await topicOf(1)];
  const big = numbered(lane, 0, 40).map((record) => ({ ...record, value: Buffer.alloc(100_000, "x") }));
  await (await moverOf(stream)).move(big, 40n);
  expect(await recordsIn(lane, 40)).toHaveLength(40);
});

test("leaves out no record that has neither key nor value, wherever it stands among those of one move", async () => {
  const [stream, lane] = [await streamOf(await topicOf(1)), await topicOf(1)];
  const mover = await moverOf(stream);
  const [one] = numbered(lane, 0, 1);
  const empty = { topic: lane, partition: 0, timestampMs: 1, key: null, headers: [], value: null };
  await mover.move([empty], 1n);
  await mover.move([empty, { ...empty, value: Buffer.alloc(0) }, ...(one === undefined ? [] : [one]), empty], 5n);
  expect((await recordsIn(lane, 5)).map(({ value }) => value?.length ?? null)).toEqual([null, null, 0, 1, null]);
});

test("moves records that the lane takes one by one, however much of them is headers", async () => {
  const [stream, lane] = [await streamOf(await topicOf(1)), await topicOf(1)];
  const mover = await moverOf(stream);
  const large = [["h", Buffer.alloc(700_000)]] as const;
  const records = numbered(lane, 0, 3).map((record) => ({ ...record, headers: large }));
  await mover.move(records, 3n);
  const short = numbered(lane, 3, 20_003).map((record) => ({ ...record, headers: [["o", Buffer.alloc(90)]] as const }));
  await mover.move(short, 20_003n);
  expect(await recordsIn(lane, 20_003)).toHaveLength(20_003);
});
