import { hash, randomUUID } from "node:crypto";
import {
  Consumer,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  type Message,
  type MessagesStream,
} from "@platformatic/kafka";
import { describe, expect, onTestFinished, test } from "vitest";
import { openKafkaSource } from "../../src/source/kafka/source.ts";
import { createTopic } from "../servers/kafka-for-tests.ts";
import { PATIENCE_MS, until } from "../patience.ts";
import { seeded } from "../simulation/random.ts";
import { openJournal, type Journal } from "./journal.ts";
import { needKafka, type Broker } from "./servers.ts";
import { judgeRun, type StoredDocument } from "./verdict.ts";
import { readVisible } from "./visible.ts";

// A harness that cannot go red proves nothing: these workers are wrong on purpose. Each stores whatever it is given; only
// which positions it is given is judged. Documents before the ledger stands in ledger-order.test.ts (and as a mutant of the
// simulation), one acknowledgement instead of a majority in test/store/mongodb/failover.test.ts.

type Seen = { readonly partition: number; readonly offset: bigint; readonly value: Uint8Array | null };

async function written(kafka: Broker, records: number): Promise<{ readonly topic: string; readonly journal: Journal }> {
  const topic = `control-${randomUUID()}`;
  await createTopic(kafka.brokers, topic, 1);
  const settings = { brokers: kafka.brokers, topic, partitions: 1, random: seeded(11), prefix: "C" };
  const journal = openJournal({ ...settings, fetchBytes: 262_144 });
  onTestFinished(async () => journal.close());
  await journal.write(records);
  await journal.settle();
  return { topic, journal };
}

/** How many positions the harness finds wrong in what a worker stored, by kind. */
async function verdictOn(kafka: Broker, topic: string, journal: Journal, seen: readonly Seen[]) {
  const documents = seen.map(({ partition, offset, value }): StoredDocument => ({
    kind: "receipt",
    id: `${topic}/${partition}@${offset}`,
    stream: topic,
    partition,
    offset,
    sha256: value === null ? "-" : hash("sha256", value),
    code: null,
    shipmentId: null,
    content: null,
  }));
  const visible = await readVisible(kafka, topic);
  const violations = judgeRun({ visible, journal: journal.entries, documents });
  const count = (kind: string): number => violations.filter((one) => one.kind === kind).length;
  return { lost: count("lost"), double: count("double"), invented: count("invented") };
}

type Stock = MessagesStream<Buffer, Buffer, Buffer, Buffer>;

type Options = { readonly autocommit: boolean; readonly groupId: string };

async function openStream(
  { brokers }: Broker,
  topic: string,
  { autocommit, groupId }: Options,
): Promise<{ readonly consumer: Consumer; readonly stream: Stock }> {
  const consumer = new Consumer({ clientId: "control", groupId, bootstrapBrokers: [brokers], autocommit });
  consumer.on("error" as "client:close", () => undefined);
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.COMMITTED,
    fallbackMode: MessagesStreamFallbackModes.EARLIEST,
    maxWaitTime: 200,
  });
  // Without a listener the stream fetches nothing for read().
  stream.on("readable", () => undefined);
  return { consumer, stream };
}

/** Takes messages until there are enough. */
async function take(stream: Stock, enough: (seen: readonly Seen[]) => boolean): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  await until(() => {
    while (!enough(seen)) {
      const message = stream.read() as Message | null;
      if (message === null) return false;
      const { partition, offset, value } = message;
      seen.push({ partition, offset, value: value ?? null });
    }
    return true;
  });
  return seen;
}

/** Whether the last record that was acknowledged has come. */
function upTo({ entries }: Journal): (seen: readonly Seen[]) => boolean {
  const last = entries.map(({ offset }) => offset).reduce((one, other) => (one > other ? one : other));
  return (seen) => (seen.at(-1)?.offset ?? -1n) >= last;
}

describe("the harness goes red", () => {
  test("for the stock stream on a topic with aborted transactions, and stays green for our own loop on the same topic", async () => {
    const kafka = await needKafka();
    const { topic, journal } = await written(kafka, 3_000);
    expect(journal.aborted.length).toBeGreaterThan(0);
    const { consumer, stream } = await openStream(kafka, topic, { autocommit: false, groupId: randomUUID() });
    const stock = await take(stream, upTo(journal));
    await consumer.close(true);
    expect((await verdictOn(kafka, topic, journal, stock)).invented).toBeGreaterThan(0);

    const source = await openKafkaSource({
      connection: { brokers: [kafka.brokers], tls: null, sasl: null },
      topics: [topic],
      group: null,
      acceptCompacted: [],
      fetchWaitMs: 200,
    });
    onTestFinished(source.close);
    const [ours] = await source.streams();
    if (ours === undefined) throw new Error("there is no stream");
    const seen: Seen[] = [];
    const limits = { bytesMax: 1_000_000, recordsMax: 500, waitMs: PATIENCE_MS };
    const { end } = await source.bounds(ours);
    for (let next = 0n; next < end;) {
      const fetched = await source.fetch(ours, next, limits, new AbortController().signal);
      if (fetched.kind !== "records") break;
      for (const { position, value } of fetched.read()) seen.push({ partition: 0, offset: position.offset, value });
      next = fetched.to;
    }
    expect(await verdictOn(kafka, topic, journal, seen)).toEqual({ lost: 0, double: 0, invented: 0 });
  });

  test("for a worker that lets the client commit by itself and dies", async () => {
    const kafka = await needKafka();
    const { topic, journal } = await written(kafka, 3_000);
    const groupId = randomUUID();
    const first = await openStream(kafka, topic, { autocommit: true, groupId });
    const committed = new Promise((resolve) => first.stream.once("autocommit", resolve));
    const before = await take(first.stream, ({ length }) => length === 100);
    await committed;
    // What was buffered dies with it; the group believes that it was done.
    await first.consumer.close(true);
    // Something to come, whatever the group believes.
    await journal.write(10);
    await journal.settle();
    const second = await openStream(kafka, topic, { autocommit: true, groupId });
    const after = await take(second.stream, upTo(journal));
    await second.consumer.close(true);
    expect((await verdictOn(kafka, topic, journal, [...before, ...after])).lost).toBeGreaterThan(0);
  });
});
