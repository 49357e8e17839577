import type { UnavailableCode } from "../core/unavailable.ts";
import type { Stream } from "../source/source.ts";

/** What was moved to one lane; the bytes are those of keys and values. */
export type Moved = { readonly records: number; readonly bytes: number };

/** What a router tells its observers. */
export type RouterEvent =
  /** The router took a stream up; everything below the position was moved. */
  | { readonly kind: "stream-taken"; readonly stream: Stream; readonly position: bigint }
  /**
   * The records in `[from, to)` are in their lanes. `tookMs`: choosing their lanes and the transaction. `newestMs`: the time of the last
   * record, in milliseconds since the epoch.
   */
  | {
      readonly kind: "records-moved";
      readonly stream: Stream;
      readonly from: bigint;
      readonly to: bigint;
      /** By the topic of the lane. */
      readonly lanes: ReadonlyMap<string, Moved>;
      readonly tookMs: number;
      readonly newestMs: number;
    }
  /** Nothing is lost; the stream is taken up again after the pause. */
  | {
      readonly kind: "stream-waiting";
      readonly stream: Stream;
      readonly code: UnavailableCode;
      readonly message: string;
      readonly remedy: string;
      readonly retryInMs: number;
    }
  /** After trouble: the stream has no record to move. */
  | { readonly kind: "stream-idle"; readonly stream: Stream }
  | { readonly kind: "stream-left"; readonly stream: Stream };
