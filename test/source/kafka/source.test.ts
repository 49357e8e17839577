import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Producer, ProduceAcks } from "@platformatic/kafka";
import { describe, expect, onTestFinished, test } from "vitest";
import { openKafkaSource, type KafkaSourceOptions } from "../../../src/source/kafka/source.ts";
import { createTopic, kafkaForFile, withAdmin } from "../../servers/kafka-for-tests.ts";
import { PATIENCE_MS } from "../../patience.ts";
import { unavailable } from "../../unavailable.ts";
import { lawOptions } from "./law-options.ts";

const kafka = kafkaForFile();

const NEVER = new AbortController().signal;

describe("the Kafka source", () => {
  test.each(["none", "gzip", "snappy", "lz4", "zstd"] as const)(
    "reads what was compressed with %s",
    async (compression) => {
      const { brokers } = kafka.server();
      const topic = `codec-${compression}`;
      await createTopic(brokers, topic, 1);
      const producer = new Producer({ clientId: "tests", bootstrapBrokers: [brokers], acks: ProduceAcks.ALL });
      onTestFinished(async () => producer.close(true));
      const texts = Array.from({ length: 500 }, (_, index) => `{"n":${index},"pad":"${"x".repeat(200)}"}`);
      await producer.send({
        compression,
        messages: texts.map((text) => ({ topic, partition: 0, value: Buffer.from(text) })),
      });
      const source = await openKafkaSource({ ...lawOptions(brokers), topics: [topic] });
      onTestFinished(source.close);
      const [stream] = await source.streams();
      if (stream === undefined) throw new Error("there is no stream");
      const fetched = await source.fetch(
        stream,
        0n,
        { bytesMax: 1_000_000, recordsMax: 1_000, waitMs: PATIENCE_MS },
        NEVER,
      );
      expect(fetched.kind === "records" && fetched.read().map(({ value }) => String(value))).toEqual(texts);
    },
  );

  test("gives the time of a record as it is, whatever 64 bits a producer wrote", async () => {
    const { brokers } = kafka.server();
    const most = String(2n ** 63n - 1n);
    const config = { "message.timestamp.after.max.ms": most, "message.timestamp.before.max.ms": most };
    await createTopic(brokers, "times", 1, config);
    const producer = new Producer({ clientId: "tests", bootstrapBrokers: [brokers], acks: ProduceAcks.ALL });
    onTestFinished(async () => producer.close(true));
    const times = [0n, 2n ** 53n - 1n, 2n ** 53n + 1n, 1_700_000_000_000_000_001n, 2n ** 63n - 1n];
    // Each a batch of its own: within one the driver writes differences of 32 bits.
    for (const timestamp of times)
      await producer.send({ messages: [{ topic: "times", partition: 0, value: Buffer.from("{}"), timestamp }] });
    const source = await openKafkaSource({ ...lawOptions(brokers), topics: ["times"] });
    onTestFinished(source.close);
    const [stream] = await source.streams();
    if (stream === undefined) throw new Error("there is no stream");
    const limits = { bytesMax: 1_000_000, recordsMax: 1_000, waitMs: PATIENCE_MS };
    const found: bigint[] = [];
    while (found.length < times.length) {
      const fetched = await source.fetch(stream, BigInt(found.length), limits, NEVER);
      if (fetched.kind !== "records") throw new Error("there are no records");
      found.push(...fetched.read().map(({ timestampMs }) => BigInt(timestampMs)));
    }
    expect(found).toEqual(times);
  });

  test("refuses a topic that is compacted, unless its operator accepts that", async () => {
    const { brokers } = kafka.server();
    await createTopic(brokers, "compacted", 1, { "cleanup.policy": "compact,delete" });
    const options = { ...lawOptions(brokers), topics: ["compacted"] };
    const error = await unavailable(openKafkaSource(options));
    expect([error.code, error.message]).toEqual([
      "LOG_COMPACTED",
      "Cannot read compacted: cleanup.policy includes compact, which deletes records before they may be decided",
    ]);
    const source = await openKafkaSource({ ...options, acceptCompacted: ["compacted"] });
    await source.close();
  });

  test("a byte that changed on the broker's disk is LOG_DAMAGED; nothing of its batch is read before it is mended", async () => {
    const { brokers, data } = kafka.server();
    await createTopic(brokers, "damaged", 1);
    const source = await openKafkaSource({ ...lawOptions(brokers), topics: ["damaged"] });
    onTestFinished(source.close);
    for (const text of ["before", "changed"]) {
      await source.append("damaged", [{ key: null, headers: [], value: Buffer.from(text), partition: 0 }]);
    }
    const [stream] = await source.streams();
    if (stream === undefined) throw new Error("there is no stream");
    const limits = { bytesMax: 1_000_000, recordsMax: 1_000, waitMs: PATIENCE_MS };
    const read = async (): Promise<readonly string[] | false> => {
      const fetched = await source.fetch(stream, 1n, limits, NEVER);
      return fetched.kind === "records" && fetched.read().map(({ value }) => String(value));
    };
    const segment = join(data, "damaged-0", "00000000000000000000.log");
    const good = readFileSync(segment);
    const bad = Buffer.from(good);
    bad.write("C", good.indexOf("changed"));
    // In place: the broker has the file open.
    const file = openSync(segment, "r+");
    onTestFinished(() => closeSync(file));
    writeSync(file, bad, 0, bad.length, 0);
    const error = await unavailable(read());
    expect([error.code, error.message]).toEqual([
      "LOG_DAMAGED",
      "Cannot read the record batch at offset 1: its checksum is wrong",
    ]);
    writeSync(file, good, 0, good.length, 0);
    expect(await read()).toEqual(["changed"]);
  });

  test("holds one page and the next of a long log, whatever a caller asks for", async () => {
    const { brokers } = kafka.server();
    await createTopic(brokers, "long", 1);
    const source = await openKafkaSource({ ...lawOptions(brokers), topics: ["long"] });
    onTestFinished(source.close);
    const value = Buffer.alloc(50_000, "x");
    for (let round = 0; round < 10; round += 1) {
      await source.append(
        "long",
        Array.from({ length: 20 }, () => ({ key: null, headers: [], value, partition: 0 })),
      );
    }
    const [stream] = await source.streams();
    if (stream === undefined) throw new Error("there is no stream");
    const fetched = await source.fetch(stream, 0n, { bytesMax: 1e9, recordsMax: 1e6, waitMs: PATIENCE_MS }, NEVER);
    const bytes =
      fetched.kind === "records" ? fetched.read().reduce((sum, one) => sum + (one.value?.length ?? 0), 0) : 0;
    expect(bytes).toBeGreaterThan(0);
    // The first page is at most 256 KiB, or one batch of the producer when that is larger.
    expect(bytes).toBeLessThanOrEqual(1_000_000);
  });
});

describe("a member of a group", () => {
  /** Longer than any test: a dead member holds up its group for so long. */
  const SESSION_MS = 300_000;
  const member = (brokers: string, topic: string, instanceId: string | null, stays = false): KafkaSourceOptions => ({
    ...lawOptions(brokers),
    topics: [topic],
    group: { groupId: `group-${topic}`, instanceId, sessionTimeoutMs: SESSION_MS, stays },
  });
  const others = async (brokers: string, topic: string): Promise<number | undefined> =>
    withAdmin(brokers, async (admin) => {
      const groupId = `group-${topic}`;
      return (await admin.describeGroups({ groups: [groupId] })).get(groupId)?.members.size;
    });

  test.each([
    { name: "without a name leaves", topic: "waits", instanceId: null, stays: false, left: 1 },
    { name: "that keeps its place ends", topic: "waits-kept", instanceId: "second", stays: true, left: 2 },
  ])("$name at once, though the group waits for one that is dead", async ({ topic, instanceId, stays, left }) => {
    const { brokers } = kafka.server();
    await createTopic(brokers, topic, 1);
    await deadMember(brokers, topic, SESSION_MS);
    const source = await openKafkaSource(member(brokers, topic, instanceId, stays));
    expect(source.isAssigned?.()).toBe(false);
    await source.close();
    expect(await others(brokers, topic)).toBe(left);
  });

  test("ends at once where its last commit is refused, and would join again behind one that is dead", async () => {
    const { brokers } = kafka.server();
    const topic = "refused-commit";
    await createTopic(brokers, topic, 1);
    const source = await openKafkaSource(member(brokers, topic, null));
    const [stream] = await source.streams();
    if (stream === undefined) throw new Error("there is no stream");
    // The group no longer knows it, and waits for the dead one.
    await withAdmin(brokers, async (admin) => admin.removeMembersFromConsumerGroup({ groupId: `group-${topic}` }));
    await deadMember(brokers, topic, SESSION_MS);
    source.commitHint?.(stream, 1n);
    await source.close();
    expect(await others(brokers, topic)).toBe(1);
  });
});

/** Leaves a member in a group that was killed. */
async function deadMember(brokers: string, topic: string, sessionMs: number): Promise<void> {
  const script = new URL("member.child.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, brokers, topic, `group-${topic}`, "", String(sessionMs)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise<void>((found, lost) => {
    child.on("exit", () => lost(new Error("the member ended")));
    createInterface({ input: child.stdout }).on("line", (line) => void (/^has \d/.test(line) && found()));
  });
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
