import type { SourceRecord } from "../../core/record.ts";
import type { Stream } from "../source.ts";
import {
  controlTypeOf,
  cursorAt,
  endBatch,
  headersOf,
  inflate,
  keyOf,
  nextRecord,
  splitBatches,
  valueOf,
  type RecordBatch,
  type RecordCursor,
} from "./record-batch.ts";
import { exactInteger, type ExactInteger } from "../../json/exact-integer.ts";

/** The parts of a fetch response that describe the records of one partition. Offsets and producer ids are 64-bit. */
export type PartitionData = {
  readonly abortedTransactions: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[] | null;
  /** Record batches as the broker sent them. */
  readonly bytes: Buffer;
};

/**
 * Records that a read_committed consumer sees, still as bytes, and the range of offsets `[from, to)` that was examined.
 */
export type Page = {
  readonly stream: Stream;
  readonly from: bigint;
  readonly to: bigint;
  readonly spans: readonly Span[];
  /** Bytes of a record on average, as they were sent: compressed, and with the heads of the record batches. */
  readonly recordBytes: number;
};

/** Consecutive records of one batch. */
type Span = {
  readonly batch: RecordBatch;
  /**
   * The decompressed records of the whole batch; null until they are needed, since the compressed batch is much
   * smaller.
   */
  readonly bytes: Buffer | null;
  /** Byte at which the first record of the span begins. */
  readonly at: number;
  /** Offset delta of the record before the span; -1 when there is none. */
  readonly before: number;
  readonly count: number;
};

// Attribute bits of a record batch (DefaultRecordBatch.java).
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
/** Type of a control record, after its two version bytes: 0 aborts, 1 commits. */
const ABORT = 0;

/**
 * Reads a partition's batches as Kafka's own consumer does under read_committed (KIP-98, Fetcher.java): a transaction
 * is aborted from the first offset the broker lists for its producer up to that producer's next abort marker. The
 * driver keeps only one range for each producer and response, and so lets aborted records through (client-facts C2).
 *
 * The page covers `[from, to)`: control markers, aborted records and compacted offsets are holes in it, never losses.
 * @throws `Unavailable` when the bytes are damaged.
 */
export function readPage(stream: Stream, from: bigint, data: PartitionData): Page {
  const waiting = (data.abortedTransactions ?? []).toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const aborting = new Set<bigint>();
  const spans: Span[] = [];
  let to = from;
  let next = 0;
  let sent = 0;
  for (const batch of splitBatches(data.bytes)) {
    const { attributes, producerId, lastOffset, count } = batch;
    sent += count;
    for (let begun = waiting[next]; begun !== undefined && begun.firstOffset <= lastOffset; begun = waiting[next]) {
      aborting.add(begun.producerId);
      next += 1;
    }
    if ((attributes & CONTROL) !== 0) {
      if (count > 0 && controlTypeOf(batch) === ABORT) aborting.delete(producerId);
    } else if ((attributes & TRANSACTIONAL) === 0 || !aborting.has(producerId)) {
      // The broker returns whole batches: the first may begin below the requested offset, or even end below it.
      if (lastOffset >= from) spans.push({ batch, bytes: null, at: 0, before: -1, count });
    }
    if (lastOffset >= to) to = lastOffset + 1n;
  }
  return { stream, from, to, spans, recordBytes: data.bytes.length / Math.max(1, sent) };
}

/** How many records a page has at most: those below its first offset are counted too. */
export function recordsIn({ spans }: Page): number {
  return spans.reduce((sum, { count }) => sum + count, 0);
}

/** A page and the one behind it as one. */
export function joinPages(page: Page, next: Page): Page {
  return { ...page, to: next.to, spans: [...page.spans, ...next.spans], recordBytes: next.recordBytes };
}

/** The first part of a page, the number of its records, the bytes of their keys and values, and the remaining part. */
export type Cut = {
  readonly head: Page;
  readonly count: number;
  readonly bytes: number;
  readonly rest: Page | null;
};

/**
 * Splits a page after at most `recordsMax` records and `bytesMax` bytes; the first record is taken however large it is.
 * @param until offset at which the head ends at the latest.
 * @throws `Unavailable` when a batch does not hold the records that its header announces.
 */
export function cutPage(
  page: Page,
  limits: { readonly recordsMax: number; readonly bytesMax: number },
  until?: bigint,
): Cut {
  const { from, to, spans } = page;
  const end = until !== undefined && until < to ? until : to;
  const taken: Span[] = [];
  let count = 0;
  let size = 0;
  let lastBatch: RecordBatch | null = null;
  let lastDelta = 0;
  for (const [index, span] of spans.entries()) {
    const { batch } = span;
    const bytes = span.bytes ?? inflate(batch);
    const cursor = cursorAt(bytes, span.at, span.before, batch);
    const [fromDelta, endDelta] = [Number(from - batch.firstOffset), Number(end - batch.firstOffset)];
    for (let passed = 0; passed < span.count; passed += 1) {
      const { at, offsetDelta: before } = cursor;
      nextRecord(cursor);
      const { offsetDelta, keyLength, valueLength } = cursor;
      if (offsetDelta < fromDelta) continue;
      const recordBytes = Math.max(0, keyLength) + Math.max(0, valueLength);
      const beyond = offsetDelta >= endDelta;
      if (beyond || count === limits.recordsMax || (count > 0 && size + recordBytes > limits.bytesMax)) {
        const cut = beyond || lastBatch === null ? end : lastBatch.firstOffset + BigInt(lastDelta + 1);
        taken.push({ ...span, bytes, count: passed });
        const left = [{ batch, bytes, at, before, count: span.count - passed }, ...spans.slice(index + 1)];
        return {
          head: { ...page, to: cut, spans: taken },
          count,
          bytes: size,
          rest: { ...page, from: cut, spans: left },
        };
      }
      size += recordBytes;
      count += 1;
      lastBatch = batch;
      lastDelta = offsetDelta;
    }
    endBatch(cursor);
    taken.push({ ...span, bytes });
  }
  const rest = end < to ? { ...page, from: end, spans: [] } : null;
  return { head: { ...page, to: end, spans: taken }, count, bytes: size, rest };
}

/** The records of a page. Their bytes are views of the fetched bytes. @throws `Unavailable`. */
export function recordsOf({ stream: { id: stream, topic, partition }, from, spans }: Page): readonly SourceRecord[] {
  const records: SourceRecord[] = [];
  for (const { batch, bytes, at, before, count } of spans) {
    const cursor = cursorAt(bytes ?? inflate(batch), at, before, batch);
    const timeOf = timesOf(batch);
    const first = Number(batch.firstOffset);
    for (let passed = 0; passed < count; passed += 1) {
      nextRecord(cursor);
      // Where the sum is exact as a double, one bigint is made instead of two.
      const sum = first + cursor.offsetDelta;
      const offset = Number.isSafeInteger(sum) ? BigInt(sum) : batch.firstOffset + BigInt(cursor.offsetDelta);
      if (offset < from) continue;
      records.push({
        position: { stream, topic, partition, offset },
        timestampMs: timeOf(cursor),
        key: keyOf(cursor),
        headers: headersOf(cursor),
        value: valueOf(cursor),
      });
    }
  }
  return records;
}

/**
 * Returns a function that tells a record's timestamp, in milliseconds since the epoch: the broker's append time of the
 * batch, or the producer's time of the record. A producer's time may be any 64 bits; a sum that overflows wraps, as in
 * Kafka's own reader (DefaultRecord.java).
 */
function timesOf({ attributes, firstTimestamp, maxTimestamp }: RecordBatch): (cursor: RecordCursor) => ExactInteger {
  if ((attributes & LOG_APPEND_TIME) !== 0) {
    const appended = exactInteger(maxTimestamp);
    return () => appended;
  }
  const first = Number(firstTimestamp);
  return ({ timestampDelta }) => {
    const sum = typeof timestampDelta === "number" && Number.isSafeInteger(first) ? first + timestampDelta : NaN;
    if (Number.isSafeInteger(sum)) return sum;
    return exactInteger(BigInt.asIntN(64, firstTimestamp + BigInt(timestampDelta)));
  };
}
