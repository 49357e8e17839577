import type { ExactInteger } from "../json/exact-integer.ts";

/** One header of a record. Headers are a list of pairs, not a map: Kafka allows a name to repeat. */
export type Header = readonly [name: string, value: Uint8Array];

/** Position of a record in its source. `offset` is 0 .. 2^63-1, as in Kafka. */
export type Position = {
  /** Stream id: cluster id, topic id and partition joined with "/". A topic that is created again is another stream. */
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
};

/** A record as it arrived, with the producer's exact bytes. */
export type SourceRecord = {
  readonly position: Position;
  /** Timestamp in the log, milliseconds since the epoch, any 64 bits. It is evidence only: no decision reads it. */
  readonly timestampMs: ExactInteger;
  readonly key: Uint8Array | null;
  readonly headers: readonly Header[];
  /** Null is a tombstone. */
  readonly value: Uint8Array | null;
};

/**
 * Id of the document for one position. Failures are named by position, so that one malformed record never replaces
 * another.
 */
export function positionId(position: Position): string {
  return `${position.stream}@${position.offset}`;
}
