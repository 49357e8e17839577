import type { KafkaConnection } from "../kafka-connection.ts";
import { FetchIsolationLevels, ListOffsetTimestamps, type Consumer } from "@platformatic/kafka";
import type { Fetched, FetchLimits, Stream } from "../source.ts";
import { baseOptions, guarded, isBrokerError } from "./client.ts";
import { createRawConsumer, type RawPartition } from "./fetch.ts";
import { topicReplaced } from "./directory.ts";
import { cutPage, readPage, recordsOf, type Page } from "./page.ts";
import { topicIdOf } from "./topics.ts";

/** Reads one stream by positions the caller gives. Nothing here remembers how far it was read. */
export type StreamReader = {
  readonly fetch: (from: bigint, limits: FetchLimits, signal: AbortSignal, until?: bigint) => Promise<Fetched>;
  readonly bounds: () => Promise<{ readonly start: bigint; readonly end: bigint }>;
  readonly close: () => Promise<void>;
};

/** About three batches of small records: what is decoded and waits its turn would outlive the young generation. */
const FETCH_BYTES = 262_144;

/**
 * A client of its own for each stream: a long poll holds a connection up, and the driver's fetch sessions are one for each
 * client and broker. While `mayFetchAhead` says so, the next page is fetched while one is decided and stored: at most two are in memory.
 * Where several streams share a process, the others fill that time, and what waits outlives the young generation of the heap.
 */
export function createStreamReader(
  connection: KafkaConnection,
  stream: Stream,
  waitMs: number,
  mayFetchAhead: () => boolean,
): StreamReader {
  const consumer = createRawConsumer({
    ...baseOptions(connection),
    groupId: "sigma-aetl-reader",
    autocommit: false,
    isolationLevel: FetchIsolationLevels.READ_COMMITTED,
  });
  consumer.topics.trackAll(stream.topic);
  let ahead: { readonly from: bigint; readonly page: Promise<Page | null> } | null = null;

  const poll = async (from: bigint, maxWaitMs: number): Promise<Page | null> =>
    pollPage(consumer, stream, from, maxWaitMs);
  const take = async (from: bigint, maxWaitMs: number): Promise<Page | null> => {
    const fetched = ahead;
    ahead = null;
    // One poll at a time, also after a caller gave up on one: they share a fetch session.
    const page = (await fetched?.page) ?? null;
    return fetched?.from === from && page !== null ? page : poll(from, maxWaitMs);
  };
  const bounds = async (): Promise<{ start: bigint; end: bigint }> =>
    guarded(async () => {
      const start = await listOffset(consumer, stream, ListOffsetTimestamps.EARLIEST);
      const end = await listOffset(consumer, stream, ListOffsetTimestamps.LATEST);
      // Offsets are listed by the topic's name: those of a topic that was made anew say nothing of this stream.
      const { topics } = await consumer.metadata({ topics: [stream.topic], forceUpdate: true });
      if (topics.get(stream.topic)?.id !== topicIdOf(stream)) throw topicReplaced("read", stream.topic);
      return { start, end };
    });

  return {
    bounds,
    fetch: async (from, limits, signal, until) => {
      if (until !== undefined && from >= until) return { kind: "empty" };
      if (signal.aborted) return { kind: "empty" };
      const deadlineMs = performance.now() + limits.waitMs;
      for (;;) {
        const leftMs = Math.max(0, deadlineMs - performance.now());
        const taking = takeOrSay(take, from, Math.min(waitMs, Math.round(leftMs)));
        const page = await endingWith(signal, taking);
        if (signal.aborted) {
          ahead = { from, page: settle(taking.then((taken) => (taken === "out-of-range" ? null : taken))) };
          return { kind: "empty" };
        }
        if (page === "out-of-range") return outOfRange(from, await bounds());
        if (page !== null) {
          const { head, count, rest } = cutPage(page, limits, until);
          if (rest !== null) ahead = { from: head.to, page: Promise.resolve(rest) };
          else if (mayFetchAhead()) ahead = { from: head.to, page: settle(poll(head.to, waitMs)) };
          return { kind: "records", from, to: head.to, count, read: () => recordsOf(head) };
        }
        if (performance.now() >= deadlineMs) return emptyAt(from, limits, bounds);
      }
    },
    close: async () => {
      ahead = null;
      await consumer.close(true).catch(() => undefined);
    },
  };
}

/** One fetch from the leader of the partition; null: nothing there yet. */
async function pollPage(consumer: Consumer, stream: Stream, from: bigint, maxWaitMs: number): Promise<Page | null> {
  const metadata = await consumer.metadata({ topics: [stream.topic] });
  const node = metadata.topics.get(stream.topic)?.partitions[stream.partition]?.leader ?? -1;
  const response = await consumer.fetch({
    node,
    topics: [{ topicId: topicIdOf(stream), partitions: [requestOf(stream.partition, from)] }],
    minBytes: 1,
    maxBytes: FETCH_BYTES,
    maxWaitTime: maxWaitMs,
  });
  // A fetch session leaves out a partition that has nothing new.
  const data = response.responses[0]?.partitions.find(({ partitionIndex }) => partitionIndex === stream.partition);
  if (data === undefined) return null;
  const page = readPage(stream, from, data as RawPartition);
  return page.to === from ? null : page;
}

/** A page that was fetched ahead and failed is asked for again when its turn comes; nobody must miss its error meanwhile. */
async function settle(page: Promise<Page | null>): Promise<Page | null> {
  return page.catch(() => null);
}

type Taken = Page | null | "out-of-range";

async function takeOrSay(
  take: (from: bigint, maxWaitMs: number) => Promise<Page | null>,
  from: bigint,
  maxWaitMs: number,
): Promise<Taken> {
  return guarded(async () => {
    try {
      return await take(from, maxWaitMs);
    } catch (error) {
      // Never left to the driver, which would go on somewhere else in silence (client-facts C4).
      if (isBrokerError(error, "OFFSET_OUT_OF_RANGE")) return "out-of-range";
      throw error;
    }
  });
}

/** The answer, or null as soon as the signal aborts: the long poll itself cannot be taken back. */
async function endingWith(signal: AbortSignal, answer: Promise<Taken>): Promise<Taken> {
  const { promise, resolve } = Promise.withResolvers<null>();
  const stop = (): void => resolve(null);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([answer, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
    answer.catch(() => undefined);
  }
}

/** A fetch at the end waits; one that asks once has to know whether the end is where it thinks. */
async function emptyAt(
  from: bigint,
  limits: FetchLimits,
  bounds: () => Promise<{ start: bigint; end: bigint }>,
): Promise<Fetched> {
  if (limits.waitMs > 0) return { kind: "empty" };
  const { end } = await bounds();
  return from > end ? { kind: "beyond-end", logEnd: end } : { kind: "empty" };
}

function outOfRange(from: bigint, { start, end }: { start: bigint; end: bigint }): Fetched {
  return from < start ? { kind: "below-start", logStart: start } : { kind: "beyond-end", logEnd: end };
}

function requestOf(partition: number, fetchOffset: bigint) {
  return { partition, fetchOffset, partitionMaxBytes: FETCH_BYTES, currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
}

/** The latest offset is the last stable one: what lies behind it is not decided by its producers. */
async function listOffset(consumer: Consumer, stream: Stream, timestamp: bigint): Promise<bigint> {
  const { topic, partition } = stream;
  const found = await consumer.listOffsets({
    topics: [topic],
    partitions: { [topic]: [partition] },
    timestamp,
    isolationLevel: FetchIsolationLevels.READ_COMMITTED,
  });
  return found.get(topic)?.[partition] ?? 0n;
}
