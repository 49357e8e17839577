import type { ExactInteger } from "../json/exact-integer.ts";

/** One header of a record. Pairs, not a map: Kafka allows a name to repeat. */
export type Header = readonly [name: string, value: Uint8Array];

/** Where a record stands in its source. `offset` is 0 .. 2^63-1, as Kafka counts. */
export type Position = {
  /** Stream id: cluster id, topic id and partition joined with "/". A topic made anew is another stream. */
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
};

/** What arrived, untouched. Bytes are exactly the producer's. */
export type SourceRecord = {
  readonly position: Position;
  /** Milliseconds since the epoch as the log recorded them, any 64 bits; evidence only, no decision reads it. */
  readonly timestampMs: ExactInteger;
  readonly key: Uint8Array | null;
  readonly headers: readonly Header[];
  /** null is a tombstone. */
  readonly value: Uint8Array | null;
};

/** Id of whatever is stored for one position: two bad payloads can never swallow each other. */
export function positionId(position: Position): string {
  return `${position.stream}@${position.offset}`;
}
