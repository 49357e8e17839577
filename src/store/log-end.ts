/**
 * How far a log was shown to reach: every record below `end` was acknowledged to whoever appended it. No part of any
 * decision. A log that ends before it is not the one that was shown, or lost what was acknowledged.
 */
export type LogEndNote = {
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  /** The offset after the last; it never falls. */
  readonly end: bigint;
};
