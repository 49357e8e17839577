import type { KafkaConnection } from "../kafka-connection.ts";
import { FetchIsolationLevels, ListOffsetTimestamps, type Consumer } from "@platformatic/kafka";
import type { Fetched, FetchLimits, Stream } from "../source.ts";
import { baseOptions, guarded, isBrokerError } from "./client.ts";
import { createRawConsumer, type RawPartition } from "./fetch.ts";
import { topicReplaced } from "./directory.ts";
import { cutPage, readPage, recordsOf, type Page } from "./page.ts";
import { topicIdOf } from "./topics.ts";

/** Reads one stream from the positions that the caller gives. The reader itself stores no position. */
export type StreamReader = {
  readonly fetch: (from: bigint, limits: FetchLimits, signal: AbortSignal, until?: bigint) => Promise<Fetched>;
  readonly bounds: () => Promise<{ readonly start: bigint; readonly end: bigint }>;
  readonly close: () => Promise<void>;
};

/** About three ledger batches of small records. A larger response waits longer in memory, and its bytes leave V8's young generation. */
const FETCH_BYTES = 262_144;

/**
 * Makes a reader with a client of its own: a long poll blocks its connection, and the driver keeps one fetch session
 * for each client and broker. While `mayFetchAhead` is true, the reader fetches the next page while the gateway decides
 * and stores the current one; at most two pages are in memory. Where several streams share a process, fetching ahead
 * does not pay: the other streams use the waiting time, and pages that wait outlive the young generation of the heap.
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
    // Polls of one client run one at a time, even after a caller has given up on one: they share a fetch session.
    const page = (await fetched?.page) ?? null;
    return fetched?.from === from && page !== null ? page : poll(from, maxWaitMs);
  };
  const bounds = async (): Promise<{ start: bigint; end: bigint }> =>
    guarded(async () => {
      const start = await listOffset(consumer, stream, ListOffsetTimestamps.EARLIEST);
      const end = await listOffset(consumer, stream, ListOffsetTimestamps.LATEST);
      // Kafka lists offsets by the topic's name. If the topic was created again, they belong to another stream.
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
        const taking = takeOrOutOfRange(take, from, Math.min(waitMs, Math.round(leftMs)));
        const page = await untilAborted(signal, taking);
        if (signal.aborted) {
          ahead = { from, page: nullOnFailure(taking.then((taken) => (taken === "out-of-range" ? null : taken))) };
          return { kind: "empty" };
        }
        if (page === "out-of-range") return outOfRange(from, await bounds());
        if (page !== null) {
          const { head, count, rest } = cutPage(page, limits, until);
          if (rest !== null) ahead = { from: head.to, page: Promise.resolve(rest) };
          else if (mayFetchAhead()) ahead = { from: head.to, page: nullOnFailure(poll(head.to, waitMs)) };
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

/** Fetches once from the leader of the partition; null when there are no new records. */
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
  // A response of a fetch session omits a partition without new records.
  const data = response.responses[0]?.partitions.find(({ partitionIndex }) => partitionIndex === stream.partition);
  if (data === undefined) return null;
  const page = readPage(stream, from, data as RawPartition);
  return page.to === from ? null : page;
}

/**
 * Turns a failure into null. A failed fetch ahead is repeated when its page is needed, and must not end the process as
 * an unhandled rejection before.
 */
async function nullOnFailure(page: Promise<Page | null>): Promise<Page | null> {
  return page.catch(() => null);
}

type Taken = Page | null | "out-of-range";

async function takeOrOutOfRange(
  take: (from: bigint, maxWaitMs: number) => Promise<Page | null>,
  from: bigint,
  maxWaitMs: number,
): Promise<Taken> {
  return guarded(async () => {
    try {
      return await take(from, maxWaitMs);
    } catch (error) {
      // The driver must not handle this error: it would continue at another offset silently (client-facts C4).
      if (isBrokerError(error, "OFFSET_OUT_OF_RANGE")) return "out-of-range";
      throw error;
    }
  });
}

/** Resolves with the answer, or with null when the signal aborts first: the long poll itself cannot be cancelled. */
async function untilAborted(signal: AbortSignal, answer: Promise<Taken>): Promise<Taken> {
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

/**
 * The answer when no record arrived in time. A caller that does not wait also learns whether its position is beyond the
 * end.
 */
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

/**
 * Looks up an offset. Under read_committed the latest offset is the last stable one: transactions beyond it are still
 * open.
 */
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
