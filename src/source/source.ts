import type { Header, SourceRecord } from "../core/record.ts";
import type { Unavailable } from "../core/unavailable.ts";

/** The id of a stream's log: the part of the stream's id before the first "/". */
export function logIdOf(streamId: string): string {
  return streamId.slice(0, Math.max(0, streamId.indexOf("/")));
}

/** One ordered, append-only sequence of records with consecutive positions. */
export type Stream = {
  /** Cluster id, topic id and partition joined with "/": a topic that is created again is another stream. */
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
};

export type FetchLimits = {
  /** Limit of the records' total size in bytes; the first record is returned however large it is. */
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

/**
 * The result of a fetch. It covers the positions `[from, to)`: an offset in this range without a record is a hole, not
 * a loss.
 */
export type Fetched =
  | {
      readonly kind: "records";
      readonly from: bigint;
      readonly to: bigint;
      readonly count: number;
      /** Size of their keys and values, in bytes. */
      readonly bytes: number;
      /**
       * Returns the records. Kafka's reader decodes them anew at each call, so that they stay bytes while they wait.
       */
      readonly read: () => readonly SourceRecord[];
    }
  /** No record at or after the position yet. */
  | { readonly kind: "empty" }
  /** The position lies below the start of the log: retention deleted the record there (P8). */
  | { readonly kind: "below-start"; readonly logStart: bigint }
  /** The position lies beyond the end of the log: the log lost its last records. */
  | { readonly kind: "beyond-end"; readonly logEnd: bigint };

/**
 * Where records come from. Laws: test/source/source-laws.ts, run by every adapter on its real backend. Every operation
 * throws `Unavailable` when the backend does not answer, and only then.
 */
export type Source = {
  /** The streams that this process has to read now. */
  readonly streams: () => Promise<readonly Stream[]>;
  /** False until the source knows which streams this process has to read. That is no error; the gateway waits. */
  readonly isAssigned?: () => boolean;
  /**
   * Registers a listener that is called when the result of `streams` changes. Absent where the streams never change.
   */
  readonly onStreamsChange?: (listener: () => void) => void;
  /**
   * Reads records from `from` on, in order, with bytes and headers unchanged. Reading the same range again gives the
   * same records. Returns no record at or beyond `until`.
   */
  readonly fetch: (
    stream: Stream,
    from: bigint,
    limits: FetchLimits,
    signal: AbortSignal,
    until?: bigint,
  ) => Promise<Fetched>;
  /** The first readable offset, and the offset after the last record. */
  readonly bounds: (stream: Stream) => Promise<{ readonly start: bigint; readonly end: bigint }>;
  /**
   * The offset ranges in `[from, to)`, in order, that the log skipped by {@link Log.skipTo}, because they may have
   * belonged to records that it lost. Absent where a log never skips offsets.
   */
  readonly skipped?: (stream: Stream, from: bigint, to: bigint) => Promise<readonly OffsetRange[]>;
  /**
   * Another process takes the place of this one at once when it closes: its streams wait for that one, where it has a name to be known by.
   * Absent where streams are not shared out.
   */
  readonly keepPlace?: () => void;
  /** Publishes the settled offset for lag tools. It is never read back: the position is in the ledger (P6). */
  readonly commitHint: (stream: Stream, settledTo: bigint) => void;
  readonly close: () => Promise<void>;
};

/** A record to append to a log. */
export type NewRecord = {
  readonly key: Uint8Array | null;
  readonly headers: readonly Header[];
  readonly value: Uint8Array | null;
  /**
   * Partition to append to; null lets the log choose one: by the key as Kafka's default partitioner does, or any
   * without a key.
   */
  readonly partition: number | null;
};

/**
 * The position of an appended record. A topic that is created again is another stream, whose offsets name other
 * records.
 */
export type Appended = { readonly stream: string; readonly partition: number; readonly offset: bigint };

/** Why a stream accepts no record now; null when it does. */
export type ClosedFor = (stream: Stream) => Unavailable | null;

/** The write side of a log. */
export type Log = {
  /** Names of the topics that records can be appended to. */
  readonly topics: () => readonly string[];
  /**
   * All streams of a topic at this moment, including those that other processes read; an empty list when the topic does
   * not exist.
   */
  readonly streamsOf: (topic: string) => Promise<readonly Stream[]>;
  /**
   * Appends all records, in order within each partition. Resolves only when they are durable (P9).
   * @param closedFor tells which streams are closed. Records without a key then go to another stream; records with a
   * key are refused.
   * @returns one position for each record, in the given order.
   * @throws `Unavailable` when the log cannot accept the records now; then none of them is acknowledged.
   */
  readonly append: (
    topic: string,
    records: readonly NewRecord[],
    closedFor?: ClosedFor,
  ) => Promise<readonly Appended[]>;
  /**
   * Skips the offsets from the end of a stream up to `to`: no record will ever get them, since they belonged to records
   * that were lost. Absent where the log cannot skip offsets.
   */
  readonly skipTo?: (stream: Stream, to: bigint) => Promise<void>;
  /**
   * Deletes records below an offset that were appended before a time, from the beginning of the stream on, a few at a
   * time. The last records stay, whatever their age. Absent where the log has a retention of its own.
   * @returns whether there may be more to delete.
   */
  readonly forget?: (stream: Stream, below: bigint, beforeMs: number) => Promise<boolean>;
  /** Erases records for good: their offsets become holes. Absent where the log is not the gateway's own. */
  readonly erase?: (stream: Stream, ranges: readonly OffsetRange[]) => Promise<void>;
  /** Rewrites the log's files so that they hold no bytes of erased records. */
  readonly scrub?: () => Promise<void>;
};
