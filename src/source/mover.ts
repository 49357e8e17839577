import type { Header, SourceRecord } from "../core/record.ts";
import type { Stream } from "./source.ts";

/** A record on its way to another topic: the bytes of a record, with headers of its own. */
export type MovedRecord = Pick<SourceRecord, "timestampMs" | "key" | "value"> & {
  readonly topic: string;
  readonly partition: number;
  readonly headers: readonly Header[];
};

/**
 * Moves the records of one stream to other topics. One process at a time can: opening a mover ends what an earlier one of the same
 * stream has begun, and refuses whatever it tries from then on.
 */
export type Mover = {
  /** Everything below this offset of the stream was moved; null when nothing ever was. */
  readonly movedTo: bigint | null;
  /** The number of partitions of a topic that records are moved to. @throws `Unavailable` when the topic does not exist. */
  readonly partitionsOf: (topic: string) => Promise<number>;
  /**
   * Moves records and the position together: a reader of committed records sees all of them and the position is `to`, or none of
   * them and the position is as before. Records for one partition keep their order.
   * @param to offset of the stream below which everything is moved then.
   * @throws `Unavailable` when it is not known whether they were moved. The mover cannot be used any more: open another one, whose
   * `movedTo` says it.
   */
  readonly move: (records: readonly MovedRecord[], to: bigint) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Opens the mover of a stream. @throws `Unavailable`. */
export type OpenMover = (stream: Stream) => Promise<Mover>;
