import type { Header, SourceRecord } from "../core/record.ts";
import type { Unavailable } from "../core/unavailable.ts";

/** The log that a stream is of: the part of its id before the first "/". */
export function logIdOf(streamId: string): string {
  return streamId.slice(0, Math.max(0, streamId.indexOf("/")));
}

/** One ordered, append-only sequence of records that has one position. */
export type Stream = {
  /** Cluster id, topic id and partition joined with "/": a topic made anew is another stream. */
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
};

export type FetchLimits = {
  /** At least one record is returned however large it is; more only while their bytes stay under this. */
  readonly bytesMax: number;
  readonly recordsMax: number;
  /** How long to wait for a first record, in milliseconds; 0 answers at once. */
  readonly waitMs: number;
};

/** Offsets `[from, to)`. */
export type OffsetRange = { readonly from: bigint; readonly to: bigint };

/** Whether one of the ranges holds the offset. */
export function holdsOffset(ranges: readonly OffsetRange[], offset: bigint): boolean {
  return ranges.some(({ from, to }) => from <= offset && offset < to);
}

/** What a fetch found. Coverage `[from, to)` are positions: an offset in it without a record is a hole, not a loss. */
export type Fetched =
  | {
      readonly kind: "records";
      readonly from: bigint;
      readonly to: bigint;
      readonly count: number;
      /** Makes objects of the records, at each call anew: while they wait they are bytes. */
      readonly read: () => readonly SourceRecord[];
    }
  /** Nothing beyond the position yet. */
  | { readonly kind: "empty" }
  /** The position lies below the start of the log: retention passed it (P8). */
  | { readonly kind: "below-start"; readonly logStart: bigint }
  /** The position lies beyond the end of the log: the log lost its tail. */
  | { readonly kind: "beyond-end"; readonly logEnd: bigint };

/**
 * Where records come from. Laws: test/source/source-laws.ts, run by every adapter on its real backend.
 * Every operation throws `Unavailable` when the backend is not there, and only then.
 */
export type Source = {
  /** The streams this process is to read, now. */
  readonly streams: () => Promise<readonly Stream[]>;
  /** False while the source does not know yet which streams are to be read: nothing is wrong, and nothing is read. */
  readonly isAssigned?: () => boolean;
  /** Calls back whenever `streams` would answer something else. A source whose streams never change has no need of it. */
  readonly onStreamsChange?: (listener: () => void) => void;
  /**
   * Records from `from` on, in order, bytes and headers unchanged. The same range again gives the same records.
   * Never returns records at or beyond `until`, when it is given.
   */
  readonly fetch: (
    stream: Stream,
    from: bigint,
    limits: FetchLimits,
    signal: AbortSignal,
    until?: bigint,
  ) => Promise<Fetched>;
  /** The first offset that can be read and the one after the last. */
  readonly bounds: (stream: Stream) => Promise<{ readonly start: bigint; readonly end: bigint }>;
  /**
   * The offsets in `[from, to)` that the log gives to no record, since they may have been given to records that it lost, in
   * order. Absent where a log knows of none.
   */
  readonly skipped?: (stream: Stream, from: bigint, to: bigint) => Promise<readonly OffsetRange[]>;
  /** Tells lag tools how far the stream is settled. Never read back: the ledger is the position (P6). */
  readonly commitHint: (stream: Stream, settledTo: bigint) => void;
  readonly close: () => Promise<void>;
};

/** A record on its way into a log. */
export type NewRecord = {
  readonly key: Uint8Array | null;
  readonly headers: readonly Header[];
  readonly value: Uint8Array | null;
  /** Partition to append to; null lets the log choose: by the key (as Kafka's default does), else any. */
  readonly partition: number | null;
};

/** Where a record came to lie. A topic that is made anew is another stream, whose offsets are other records. */
export type Appended = { readonly stream: string; readonly partition: number; readonly offset: bigint };

/** Why a stream takes no record now, or null when it does. */
export type ClosedFor = (stream: Stream) => Unavailable | null;

/** The write side of a log. */
export type Log = {
  /** Names of the topics records can be appended to. */
  readonly topics: () => readonly string[];
  /** Every stream of a topic, whoever reads it, as the log has them at this moment; none when there is no such topic. */
  readonly streamsOf: (topic: string) => Promise<readonly Stream[]>;
  /**
   * Appends all records, in order within each partition. Resolves when they are durable, never before (P9).
   * @param closedFor streams that take none: records without a key go to another one, those with a key nowhere.
   * @returns one position for each record, in the order given.
   * @throws `Unavailable` when the log cannot take them now; none of them is then acknowledged.
   */
  readonly append: (
    topic: string,
    records: readonly NewRecord[],
    closedFor?: ClosedFor,
  ) => Promise<readonly Appended[]>;
  /**
   * Gives the offsets from the end of a stream up to `to` to no record, for good: they were given to records that are lost.
   * Absent where the log does not do so.
   */
  readonly skipTo?: (stream: Stream, to: bigint) => Promise<void>;
  /**
   * Forgets records below an offset that were appended before a time, from the beginning of the stream on; a few at a time. The
   * last ones stay, whatever their age. Absent where the log has a retention of its own.
   * @returns whether there may be more to forget.
   */
  readonly forget?: (stream: Stream, below: bigint, beforeMs: number) => Promise<boolean>;
  /** Takes records away for good: their offsets become holes. Absent where the log is not the gateway's own. */
  readonly erase?: (stream: Stream, ranges: readonly OffsetRange[]) => Promise<void>;
  /** Leaves nothing of what was erased in the files of the log. */
  readonly scrub?: () => Promise<void>;
};
