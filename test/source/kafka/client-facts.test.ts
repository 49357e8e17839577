import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import {
  compressionsAlgorithms,
  Consumer,
  createRecordsBatch,
  defaultConsumerOptions,
  MessagesStream,
  readRecordsBatch,
  Reader,
} from "@platformatic/kafka";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { kafkaForTests } from "../../servers/with-kafka.ts";
import { giving, offsetsOf, openClients, unique, WITHIN, type Clients } from "./client-facts-clients.ts";

// What @platformatic/kafka 2.12.1 does, and our source must therefore not rely on. A test that fails after an upgrade of
// the client says which fact changed; the rule that follows from the fact may then be loosened, or has to be tightened.

let kafka: Awaited<ReturnType<typeof kafkaForTests>> = null;
let clients: Clients;

beforeAll(async () => void (kafka = await kafkaForTests()), 120_000);
afterAll(async () => kafka?.server?.stop());
beforeEach(({ skip }) => {
  if (kafka === null) skip();
  else clients = openClients(kafka.brokers);
});

const MIB = 1_048_576;

describe("the Kafka client", () => {
  // Rule: the ledger is the position. Check the assignment before a commit; never start from the committed offset alone.
  test("C1: lets a member that was frozen and replaced commit, behind and ahead of the new owner", async () => {
    const [topic, group] = [await clients.topic(), unique("group")];
    const child = spawn(
      process.execPath,
      [`${import.meta.dirname}/zombie.child.ts`, kafka?.brokers ?? "", topic, group],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    onTestFinished(() => void child.kill("SIGKILL"));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect(await lines.next()).toMatchObject({ value: "joined" });
    child.kill("SIGSTOP");
    const owner = clients.consumer(group, { clientId: "owner", partitionAssigner: giving(topic, { owner: [0] }) });
    owner.topics.trackAll(topic);
    await owner.joinGroup();
    await owner.commit({ offsets: [{ topic, partition: 0, offset: 50n, leaderEpoch: -1 }] });
    expect(await clients.committed(group, topic)).toBe(50n);

    child.stdin.write("10\n");
    child.kill("SIGCONT");
    expect(await lines.next()).toMatchObject({ value: "committed 10 owning []" });
    expect(await clients.committed(group, topic)).toBe(10n);
    child.stdin.write("90\n");
    expect(await lines.next()).toMatchObject({ value: "committed 90 owning []" });
    expect(await clients.committed(group, topic)).toBe(90n);
    expect(owner.assignments).toEqual([{ topic, partitions: [0] }]);
  });

  // Rule: without retries too, only the first stale commit is rejected: the next heartbeat joins again.
  test("C1: rejects one commit of an evicted member with retries 0, and takes the next", async () => {
    const [topic, group] = [await clients.topic(), unique("group")];
    const zombie = clients.consumer(group, { clientId: "zombie", retries: 0, heartbeatInterval: 1_000 });
    zombie.topics.trackAll(topic);
    await zombie.joinGroup();
    await clients.admin.removeMembersFromConsumerGroup({ groupId: group });
    const owner = clients.consumer(group, { clientId: "owner", partitionAssigner: giving(topic, { owner: [0] }) });
    owner.topics.trackAll(topic);
    await owner.joinGroup();
    const stale = async (offset: bigint): Promise<void> =>
      zombie.commit({ offsets: [{ topic, partition: 0, offset, leaderEpoch: -1 }] });

    await expect(stale(10n)).rejects.toMatchObject({ errors: [{ apiId: "UNKNOWN_MEMBER_ID" }] });
    await once(zombie, "consumer:group:join");
    expect(zombie.assignments).toEqual([]);
    await stale(90n);
    expect(await clients.committed(group, topic)).toBe(90n);
  });

  // Rule: our own filter of aborted records, over the batches of fetch().
  test("C2: delivers aborted records under read_committed when one producer aborts twice in one fetch", async () => {
    const topic = await clients.topic();
    await clients.transactions(topic, [
      { end: "abort", values: ["aborted 0", "aborted 1"] },
      { end: "commit", values: ["3", "4"] },
      { end: "abort", values: ["aborted 6"] },
      { end: "commit", values: ["8"] },
    ]);
    const consumer = clients.consumer(unique("group"));
    const seen = offsetsOf(await consumer.consume({ topics: [topic], mode: "earliest", isolationLevel: 1 }));
    await vi.waitFor(() => expect(seen.at(-1)).toBe(8n), WITHIN);
    expect(seen).toEqual([0n, 1n, 3n, 4n, 8n]);
  });

  // Rule: the delivered set must not depend on where a fetch ends.
  test.each([
    { maxBytes: 200_000, aborted: 36 },
    { maxBytes: 50 * MIB, aborted: 0 },
  ])(
    "C2: delivers $aborted of 40 aborted records when a fetch ends at $maxBytes bytes",
    async ({ maxBytes, aborted }) => {
      const topic = await clients.topic();
      const values = Array.from({ length: 40 }, () => "x".repeat(20_000));
      await clients.transactions(topic, [
        { end: "abort", values },
        { end: "commit", values: ["41"] },
      ]);
      const consumer = clients.consumer(unique("group"));
      const seen = offsetsOf(
        await consumer.consume({ topics: [topic], mode: "earliest", isolationLevel: 1, maxBytes }),
      );
      await vi.waitFor(() => expect(seen.at(-1)).toBe(41n), WITHIN);
      expect(seen.filter((offset) => offset < 40n)).toHaveLength(aborted);
    },
  );

  // Rule: it cannot be the safety net of a missing commit; we compare with the ledger ourselves.
  test("C3: fails under fallbackMode fail for a partition the member does not own and that has a commit", async () => {
    const [topic, group] = [await clients.topic(2), unique("group")];
    await clients.append(topic, ["0"], 0);
    await clients.append(topic, ["0"], 1);
    await clients.commit(group, topic, 1n, 0);
    await clients.commit(group, topic, 1n, 1);
    const first = clients.consumer(group, {
      clientId: "first",
      partitionAssigner: giving(topic, { first: [0], second: [1] }),
    });
    first.topics.trackAll(topic);
    await first.joinGroup();
    const second = clients.consumer(group, { clientId: "second" });
    const stream = await second.consume({ topics: [topic], mode: "committed", fallbackMode: "fail" });
    const [error] = (await once(stream, "error")) as [Error];
    expect(second.assignments).toEqual([{ topic, partitions: [1] }]);
    expect(error.message).toBe(`Topic ${topic} has no committed offset on partition 0 for group ${group}.`);
  });

  // Rule: we ask for the bounds ourselves, write a GAP entry for what retention took, and alert.
  test("C4: resets an offset out of range to the earliest without an error", async () => {
    const [topic, group] = [await clients.topic(), unique("group")];
    await clients.append(topic, Array.from({ length: 10 }, String));
    await clients.commit(group, topic, 2n);
    await clients.admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 8n }] }] });
    const consumer = clients.consumer(group);
    const stream = await consumer.consume({ topics: [topic], mode: "committed", fallbackMode: "earliest" });
    const seen = offsetsOf(stream);
    await vi.waitFor(() => expect(seen).toEqual([8n, 9n]), WITHIN);
    expect(stream.errored).toBeNull();
  });

  test("C4: skips what survived an offset out of range when the fallback is the default", async () => {
    const [topic, group] = [await clients.topic(), unique("group")];
    await clients.append(topic, Array.from({ length: 10 }, String));
    await clients.commit(group, topic, 2n);
    await clients.admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 8n }] }] });
    const stream = await clients.consumer(group).consume({ topics: [topic], mode: "committed" });
    const seen = offsetsOf(stream);
    await vi.waitFor(() => expect(stream.offsetsToFetch.get(`${topic}:0`)).toBe(10n), WITHIN);
    await clients.append(topic, ["10"]);
    await vi.waitFor(() => expect(seen).toEqual([10n]), WITHIN);
    expect(stream.errored).toBeNull();
  });

  // Rule: the position belongs to the task of a partition and dies with it; nothing of a stream outlives a rebalance.
  test("C5: loses the rewind to the committed offset when data ends a fetch that was in flight over a rebalance", async () => {
    const { topic, seen } = await rebalanced(10_000);
    await clients.append(topic, ["10", "11"]);
    await vi.waitFor(() => expect(seen).toHaveLength(12), WITHIN);
    await clients.append(topic, ["12"]);
    await vi.waitFor(() => expect(seen.slice(10)).toEqual([10n, 11n, 12n]), WITHIN);
  });

  test("C5: rewinds to the committed offset when the fetch that was in flight over a rebalance came back empty", async () => {
    const { topic, seen } = await rebalanced(2_000);
    await vi.waitFor(() => expect(seen).toHaveLength(16), WITHIN);
    await clients.append(topic, ["10", "11"]);
    await vi.waitFor(() => expect(seen.slice(10)).toEqual([4n, 5n, 6n, 7n, 8n, 9n, 10n, 11n]), WITHIN);
  });

  // Rule: the client runs in a process of its own with a bounded heap; a crash loop is isolated there.
  test("C6: decompresses 64 MiB, synchronously, from a fetch limited to 1 MiB", async () => {
    const topic = await clients.topic();
    await clients.append(topic, [Buffer.alloc(64 * MIB)], 0, "gzip");
    const consumer = clients.consumer(unique("group"));
    consumer.topics.trackAll(topic);
    const { topics } = await consumer.metadata({ topics: [topic] });
    const { id = "", partitions = [] } = topics.get(topic) ?? {};
    const from = { partition: 0, fetchOffset: 0n, partitionMaxBytes: MIB, currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
    const { responses } = await consumer.fetch({
      node: partitions[0]?.leader ?? -1,
      topics: [{ topicId: id, partitions: [from] }],
      maxBytes: MIB,
    });
    const [batch] = responses[0]?.partitions[0]?.records ?? [];
    expect(batch?.length).toBeLessThan(MIB);
    expect(batch?.records[0]?.value).toHaveLength(64 * MIB);
    expect(Object.keys(compressionsAlgorithms.gzip)).toEqual([
      "compress",
      "compressSync",
      "decompressSync",
      "bitmask",
      "available",
    ]);
  });

  // Rule: the hash of the bytes is taken when they arrive; a checksum of the broker proves nothing to us.
  test("C6: reads a batch whose bytes do not match its checksum", () => {
    const bytes = createRecordsBatch([{ topic: "orders", value: Buffer.from("intact") }]).buffer;
    bytes.write("broken", bytes.indexOf("intact"));
    expect(readRecordsBatch(Reader.from(bytes)).records[0]?.value).toEqual(Buffer.from("broken"));
  });

  // Rule: a stream id holds the cluster id and the topic id; a topic made anew is another stream.
  test("C7: ends an open stream with an error when its topic is made anew", async () => {
    const topic = await clients.topic();
    await clients.append(topic, ["0"]);
    const consumer = clients.consumer(unique("group"), { retries: 3 });
    const stream = await consumer.consume({ topics: [topic], mode: "earliest", maxWaitTime: 500 });
    const seen = offsetsOf(stream);
    await vi.waitFor(() => expect(seen).toEqual([0n]), WITHIN);
    const failed = once(stream, "error");
    await clients.remake(topic);
    const [error] = (await failed) as [Error];
    expect(error.message).toBe("fetch failed 4 times.");
  });

  test("C7: starts at 0 of a topic made anew while the group was down, the commit gone, without an error", async () => {
    const [topic, group] = [await clients.topic(), unique("group")];
    await clients.append(topic, Array.from({ length: 5 }, String));
    await clients.commit(group, topic, 5n);
    const { id } = await clients.remake(topic);
    await vi.waitFor(async () => expect(await clients.committed(group, topic)).toBe(-1n), WITHIN);
    await clients.append(topic, ["0", "1", "2"]);
    const consumer = clients.consumer(group);
    const stream = await consumer.consume({ topics: [topic], mode: "committed", fallbackMode: "earliest" });
    const seen = offsetsOf(stream);
    await vi.waitFor(() => expect(seen).toEqual([0n, 1n, 2n]), WITHIN);
    expect(stream.errored).toBeNull();
    expect((await consumer.metadata({ topics: [topic] })).topics.get(topic)?.id).toBe(id);
  });

  // Rule: our own loop, a task for each partition, gives a pause of one partition.
  test("C8: offers no pause, seek or revocation of a partition", () => {
    const CONSUMER = [];
    expect(Object.getOwnPropertyNames(Consumer.prototype)).toEqual(CONSUMER);
    expect(MessagesStream.prototype.pause).toHaveLength(0);
  });

  // Rule: groupProtocol "classic" and an eager assignor.
  test.each([
    { protocol: "groupProtocol consumer", options: { groupProtocol: "consumer" } },
    { protocol: "cooperative-sticky", options: { protocols: [{ name: "cooperative-sticky", version: 3 }] } },
  ] as const)("C8: resumes a paused stream when a partition is revoked, under $protocol", async ({ options }) => {
    const [topic, group] = [await clients.topic(2), unique("group")];
    const first = clients.consumer(group, options as object);
    const stream = await first.consume({ topics: [topic], mode: "committed", fallbackMode: "earliest" });
    const seen = offsetsOf(stream);
    await vi.waitFor(() => expect(first.assignments).toEqual([{ topic, partitions: [0, 1] }]), WITHIN);
    stream.pause();
    await clients.append(topic, ["0"], 0);
    await clients.append(topic, ["0"], 1);
    const second = clients.consumer(group, options as object);
    offsetsOf(await second.consume({ topics: [topic], mode: "committed", fallbackMode: "earliest" }));
    await vi.waitFor(() => expect(stream.isPaused()).toBe(false), WITHIN);
    await vi.waitFor(() => expect(seen).toEqual([0n]), WITHIN);
  });
});

/** A group that rebalanced: its one member had read 0..9, committed 4 and kept the partition; a fetch is in flight. */
async function rebalanced(maxWaitTime: number): Promise<{ readonly topic: string; readonly seen: readonly bigint[] }> {
  const [topic, group] = [await clients.topic(), unique("group")];
  await clients.append(topic, Array.from({ length: 10 }, String));
  const keeper = clients.consumer(group, { clientId: "keeper", partitionAssigner: giving(topic, { keeper: [0] }) });
  const stream = await keeper.consume({ topics: [topic], mode: "committed", fallbackMode: "earliest", maxWaitTime });
  const seen = offsetsOf(stream);
  await vi.waitFor(() => expect(seen).toHaveLength(10), WITHIN);
  await clients.commit(group, topic, 4n).catch((e) => console.log(e));
  const other = clients.consumer(group, { clientId: "other" });
  other.topics.trackAll(topic);
  const joined = once(keeper, "consumer:group:join");
  await other.joinGroup();
  await joined;
  await vi.waitFor(() => expect(stream.offsetsToFetch.get(`${topic}:0`)).toBe(4n), { ...WITHIN, interval: 5 });
  return { topic, seen };
}
