import { once } from "node:events";
import {
  compressionsAlgorithms,
  createRecordsBatch,
  defaultConsumerOptions,
  readRecordsBatch,
  Reader,
} from "@platformatic/kafka";
import { expect, test, vi } from "vitest";
import { numbered, offsetsOf, unique, WITHIN, type Clients } from "./client-facts-clients.ts";

const MIB = 1_048_576;

/** Which records the client delivers, and from where on. @param clients of the test that runs */
export function recordFacts(clients: () => Clients): void {
  // Rule: our own filter of aborted records, over the batches of fetch().
  test("C2: delivers aborted records under read_committed when one producer aborts twice in one fetch", async () => {
    const topic = await clients().topic();
    await clients().transactions(topic, [
      { end: "abort", values: ["aborted 0", "aborted 1"] },
      { end: "commit", values: ["3", "4"] },
      { end: "abort", values: ["aborted 6"] },
      { end: "commit", values: ["8"] },
    ]);
    const consumer = clients().consumer(unique("group"));
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
      const topic = await clients().topic();
      const values = Array.from({ length: 40 }, () => "x".repeat(20_000));
      await clients().transactions(topic, [
        { end: "abort", values },
        { end: "commit", values: ["41"] },
      ]);
      const consumer = clients().consumer(unique("group"));
      const seen = offsetsOf(
        await consumer.consume({ topics: [topic], mode: "earliest", isolationLevel: 1, maxBytes }),
      );
      await vi.waitFor(() => expect(seen.at(-1)).toBe(41n), WITHIN);
      expect(seen.filter((offset) => offset < 40n)).toHaveLength(aborted);
    },
  );

  // Rule: we ask for the bounds ourselves, write a GAP entry for what retention took, and alert.
  test("C4: resets an offset out of range to the earliest without an error", async () => {
    const [topic, group] = [await clients().topic(), unique("group")];
    await clients().append(topic, numbered(10));
    await clients().commit(group, topic, 2n);
    await clients().admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 8n }] }] });
    const consumer = clients().consumer(group);
    const stream = await consumer.consume({ topics: [topic], mode: "committed", fallbackMode: "earliest" });
    const seen = offsetsOf(stream);
    await vi.waitFor(() => expect(seen).toEqual([8n, 9n]), WITHIN);
    expect(stream.errored).toBeNull();
  });

  // Rule: no fallback mode decides where to read on.
  test("C4: skips what survived an offset out of range when the fallback is the default", async () => {
    const [topic, group] = [await clients().topic(), unique("group")];
    await clients().append(topic, numbered(10));
    await clients().commit(group, topic, 2n);
    await clients().admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 8n }] }] });
    const stream = await clients()
      .consumer(group)
      .consume({ topics: [topic], mode: "committed" });
    const seen = offsetsOf(stream);
    await vi.waitFor(() => expect(stream.offsetsToFetch.get(`${topic}:0`)).toBe(10n), WITHIN);
    await clients().append(topic, ["10"]);
    await vi.waitFor(() => expect(seen).toEqual([10n]), WITHIN);
    expect(stream.errored).toBeNull();
  });

  // Rule: our fetch decompresses itself, a batch when its turn comes, with a bound (record-batch.ts). That the work is
  // synchronous shows in what the client exports: gzip has no "decompress" beside "decompressSync".
  test("C6: decompresses 64 MiB, synchronously, from a fetch limited to 1 MiB", async () => {
    const topic = await clients().topic();
    await clients().append(topic, [Buffer.alloc(64 * MIB)], 0, "gzip");
    const consumer = clients().consumer(unique("group"));
    consumer.topics.trackAll(topic);
    const { topics } = await consumer.metadata({ topics: [topic] });
    const { id = "", partitions = [] } = topics.get(topic) ?? {};
    const from = {
      partition: 0,
      fetchOffset: 0n,
      partitionMaxBytes: MIB,
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
    };
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

  // Rule: our fetch takes the bytes of a batch and compares the checksum itself (record-batch.ts).
  test("C6: reads a batch whose bytes do not match its checksum", () => {
    const bytes = createRecordsBatch([{ topic: "orders", value: Buffer.from("intact") }]).buffer;
    bytes.write("broken", bytes.indexOf("intact"));
    expect(readRecordsBatch(Reader.from(bytes)).records[0]?.value).toEqual(Buffer.from("broken"));
  });

  // Rule: few retries. A retried fetch asks for the old topic id again; with retries true it never ends (6 s measured).
  test("C7: ends an open stream with an error when its topic is made anew", async () => {
    const topic = await clients().topic();
    await clients().append(topic, ["0"]);
    const consumer = clients().consumer(unique("group"), { retries: 3 });
    const stream = await consumer.consume({ topics: [topic], mode: "earliest", maxWaitTime: 500 });
    const seen = offsetsOf(stream);
    await vi.waitFor(() => expect(seen).toEqual([0n]), WITHIN);
    const failed = once(stream, "error");
    await clients().remake(topic);
    const [error] = (await failed) as [Error];
    expect(error.message).toBe("fetch failed 4 times.");
  });

  // Rule: a stream id holds the cluster id and the topic id; a topic made anew is another stream.
  test("C7: starts at 0 of a topic made anew while the group was down, the commit gone, without an error", async () => {
    const [topic, group] = [await clients().topic(), unique("group")];
    await clients().append(topic, numbered(5));
    await clients().commit(group, topic, 5n);
    const { id } = await clients().remake(topic);
    await vi.waitFor(async () => expect(await clients().committed(group, topic)).toBe(-1n), WITHIN);
    await clients().append(topic, ["0", "1", "2"]);
    const consumer = clients().consumer(group);
    const stream = await consumer.consume({ topics: [topic], mode: "committed", fallbackMode: "earliest" });
    const seen = offsetsOf(stream);
    await vi.waitFor(() => expect(seen).toEqual([0n, 1n, 2n]), WITHIN);
    expect(stream.errored).toBeNull();
    expect((await consumer.metadata({ topics: [topic] })).topics.get(topic)?.id).toBe(id);
  });

  // Rule: every option is given; none is left to the client.
  test("C9: commits by itself, counts the high-water mark in messages and fetches 50 MB by default", () => {
    expect(defaultConsumerOptions).toEqual({
      autocommit: true,
      sessionTimeout: 60_000,
      rebalanceTimeout: 102_000,
      heartbeatInterval: 3_000,
      protocols: [{ name: "roundrobin", version: 1 }],
      minBytes: 1,
      maxBytes: 50 * MIB,
      maxWaitTime: 5_000,
      isolationLevel: 1,
      highWaterMark: 1_024,
    });
  });

  // Rule: the position comes from the ledger, never from a mode.
  test("C9: ignores the committed offset by default and starts at the end", async () => {
    const [topic, group] = [await clients().topic(), unique("group")];
    await clients().append(topic, ["0", "1", "2"]);
    await clients().commit(group, topic, 1n);
    const stream = await clients()
      .consumer(group)
      .consume({ topics: [topic] });
    await vi.waitFor(() => expect(stream.offsetsToFetch).toEqual(new Map([[`${topic}:0`, 3n]])), WITHIN);
  });

  // Rule: a stream without a ledger entry starts at its beginning, by our word.
  test("C9: starts at the end by default when there is no committed offset", async () => {
    const topic = await clients().topic();
    await clients().append(topic, ["0", "1", "2"]);
    const stream = await clients()
      .consumer(unique("group"))
      .consume({ topics: [topic], mode: "committed" });
    await vi.waitFor(() => expect(stream.offsetsToFetch).toEqual(new Map([[`${topic}:0`, 3n]])), WITHIN);
  });

  // Rule: autocommit is false on every consumer; it would make delivery at most once.
  test("C9: commits what was fetched and not yet read", async () => {
    const [topic, group] = [await clients().topic(), unique("group")];
    await clients().append(topic, ["0", "1", "2"]);
    const consumer = clients().consumer(group);
    const stream = await consumer.consume({ topics: [topic], mode: "earliest" });
    stream.on("readable", () => {});
    await once(stream, "autocommit");
    expect(await clients().committed(group, topic)).toBe(3n);
    expect(stream.readableLength).toBe(3);
  });

  // Rule: what is in memory is limited by the bytes of a fetch, of which one is in flight.
  test("C9: buffers a whole fetch beyond the high-water mark", async () => {
    const topic = await clients().topic();
    await clients().append(topic, numbered(2_000));
    const consumer = clients().consumer(unique("group"));
    const stream = await consumer.consume({ topics: [topic], mode: "earliest", highWaterMark: 10 });
    stream.on("readable", () => {});
    await once(stream, "readable");
    expect(stream.readableLength).toBe(2_000);
  });
}
