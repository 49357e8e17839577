import type { KafkaConnection } from "../kafka-connection.ts";
import { FetchIsolationLevels, ListOffsetTimestamps, type Consumer } from "@platformatic/kafka";
import type { Fetched, FetchLimits, Stream } from "../source.ts";
import { baseOptions, guarded, isBrokerError } from "./client.ts";
import { createRawConsumer, type RawPartition } from "./fetch.ts";
import { topicReplaced } from "./directory.ts";
import { cutPage, joinPages, readPage, recordsIn, recordsOf, type Page } from "./page.ts";
import { topicIdOf } from "./topics.ts";

/** Reads one stream from the positions that the caller gives. The reader itself stores no position. */
export type StreamReader = {
  readonly fetch: (from: bigint, limits: FetchLimits, signal: AbortSignal, until?: bigint) => Promise<Fetched>;
  readonly bounds: () => Promise<Bounds>;
  readonly close: () => Promise<void>;
};

/** The size of the first page, in bytes, and the least of any: about three thousand small records. */
const FIRST_BYTES = 262_144;
/** The most bytes of a page, whatever a caller asks for. */
const PAGE_BYTES_MAX = 8_388_608;

type Sizes = Pick<FetchLimits, "recordsMax" | "bytesMax">;

/**
 * How large the next page should be, in bytes: about one batch. A smaller page makes smaller batches, each with two writes that must be
 * durable. A larger one waits longer in memory, and its bytes leave V8's young generation.
 * @param recordBytes bytes of a record in the page before; 0 when there was none.
 */
export function pageBytes({ recordsMax, bytesMax }: Sizes, recordBytes: number): number {
  return Math.max(FIRST_BYTES, Math.min(bytesMax, Math.ceil(recordsMax * recordBytes), PAGE_BYTES_MAX));
}

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
  let ahead: { readonly from: bigint; readonly page: () => Promise<Page | null> } | null = null;
  const { poll, filled } = createPoller(consumer, stream);
  const take = async (from: bigint, maxWaitMs: number, sizes: Sizes): Promise<Page | null> => {
    const fetched = ahead;
    ahead = null;
    // Polls of one client run one at a time, even after a caller has given up on one: they share a fetch session.
    const page = (await fetched?.page()) ?? null;
    if (fetched?.from !== from || page === null) return poll(from, maxWaitMs, sizes);
    return page;
  };
  const bounds = async (): Promise<Bounds> => guarded(async () => boundsOf(consumer, stream));

  return {
    bounds,
    fetch: async (from, limits, signal, until) => {
      if (until !== undefined && from >= until) return { kind: "empty" };
      if (signal.aborted) return { kind: "empty" };
      const deadlineMs = performance.now() + limits.waitMs;
      for (;;) {
        const leftMs = Math.max(0, deadlineMs - performance.now());
        const wait = Math.min(waitMs, Math.round(leftMs));
        const taking = takeOrOutOfRange(async () => take(from, wait, limits));
        const page = await untilAborted(signal, taking);
        if (signal.aborted) {
          const left = nullOnFailure(taking.then((taken) => (taken === "out-of-range" ? null : taken)));
          ahead = { from, page: async () => left };
          return { kind: "empty" };
        }
        if (page === "out-of-range") return outOfRange(from, await bounds());
        if (page !== null) {
          const { head, count, bytes, rest } = cutPage(page, limits, until);
          const next = async (): Promise<Page | null> =>
            rest === null ? nullOnFailure(poll(head.to, waitMs, limits)) : filled(rest, limits);
          if (mayFetchAhead()) {
            const begun = next();
            ahead = { from: head.to, page: async () => begun };
          } else if (rest !== null) ahead = { from: head.to, page: next };
          return { kind: "records", from, to: head.to, count, bytes, read: () => recordsOf(head) };
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

type Bounds = { readonly start: bigint; readonly end: bigint };

async function boundsOf(consumer: Consumer, stream: Stream): Promise<Bounds> {
  const start = await listOffset(consumer, stream, ListOffsetTimestamps.EARLIEST);
  const end = await listOffset(consumer, stream, ListOffsetTimestamps.LATEST);
  // Kafka lists offsets by the topic's name. If the topic was created again, they belong to another stream.
  const { topics } = await consumer.metadata({ topics: [stream.topic], forceUpdate: true });
  if (topics.get(stream.topic)?.id !== topicIdOf(stream)) throw topicReplaced("read", stream.topic);
  return { start, end };
}

type Poller = {
  /** Fetches the page at an offset; null when there are no new records. */
  readonly poll: (from: bigint, maxWaitMs: number, sizes: Sizes) => Promise<Page | null>;
  /** What was left of a page; when that is less than half a batch, the next page with it, where there is one already. */
  readonly filled: (rest: Page, sizes: Sizes) => Promise<Page>;
};

/** Polls in pages whose size follows the records of the page before. */
function createPoller(consumer: Consumer, stream: Stream): Poller {
  let recordBytes = 0;
  const poll: Poller["poll"] = async (from, maxWaitMs, sizes) => {
    const page = await pollPage(consumer, stream, from, maxWaitMs, pageBytes(sizes, recordBytes));
    if (page !== null) ({ recordBytes } = page);
    return page;
  };
  return {
    poll,
    filled: async (rest, sizes) => {
      const records = recordsIn(rest);
      if (records * 2 > sizes.recordsMax || records * rest.recordBytes * 2 > sizes.bytesMax) return rest;
      const next = await nullOnFailure(poll(rest.to, 0, sizes));
      return next === null ? rest : joinPages(rest, next);
    },
  };
}

/** Fetches once from the leader of the partition; null when there are no new records. */
async function pollPage(
  consumer: Consumer,
  stream: Stream,
  from: bigint,
  maxWaitMs: number,
  maxBytes: number,
): Promise<Page | null> {
  const metadata = await consumer.metadata({ topics: [stream.topic] });
  const node = metadata.topics.get(stream.topic)?.partitions[stream.partition]?.leader ?? -1;
  const response = await consumer.fetch({
    node,
    topics: [{ topicId: topicIdOf(stream), partitions: [requestOf(stream.partition, from, maxBytes)] }],
    minBytes: 1,
    maxBytes,
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

async function takeOrOutOfRange(take: () => Promise<Page | null>): Promise<Taken> {
  return guarded(async () => {
    try {
      return await take();
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

function requestOf(partition: number, fetchOffset: bigint, partitionMaxBytes: number) {
  return { partition, fetchOffset, partitionMaxBytes, currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
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
