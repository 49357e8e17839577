/**
 * The highest acknowledged offset of a stream: every record below `end` was acknowledged to its producer. It is no part of any
 * decision. A log that ends before `end` is another log, or lost acknowledged records.
 */
export type LogEndNote = {
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  /** The offset after the last acknowledged record. It never falls. */
  readonly end: bigint;
};
