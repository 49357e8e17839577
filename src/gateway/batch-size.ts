/** How many records the next batch of a stream may have. It follows how long the store takes. */
export type BatchSize = {
  readonly recordsMax: () => number;
  /** Says how long the store took for a batch, in milliseconds: its entry and its documents. */
  readonly settled: (count: number, storeMs: number) => void;
  /** The store failed: the next batch is as small as the first. */
  readonly reset: () => void;
};

export type BatchSizeLimits = {
  /** Where it begins, and the least: larger batches are worth nothing where the store is quick. */
  readonly recordsMin: number;
  /** The most, which may change with the number of streams: asked for each batch. */
  readonly recordsMax: () => number;
  /** The longest that the store should take for a batch, in milliseconds. */
  readonly goalMs: number;
};

/**
 * A store that needs less than this for a full batch is near: its time is that of the records, of which a larger batch has more. Beyond, a good
 * part is the way to it and back, some nine times for each batch whatever its size.
 */
const FAR_MS = 100;

/**
 * Grows and shrinks the batches of one stream, by two:
 *
 *   a full batch took from {@link FAR_MS} to half the goal  ->  twice as large: it then takes the goal at most
 *   a batch took longer than the goal                       ->  half as large
 *   the store failed                                        ->  as at first
 */
export function createBatchSize({ recordsMin, recordsMax, goalMs }: BatchSizeLimits): BatchSize {
  let size = recordsMin;
  const most = (): number => Math.max(recordsMin, Math.min(recordsMax(), size));
  return {
    recordsMax: most,
    settled: (count, storeMs) => {
      size = most();
      if (storeMs > goalMs) size = Math.max(recordsMin, Math.floor(size / 2));
      else if (count >= size && storeMs >= FAR_MS && storeMs <= goalMs / 2) size *= 2;
    },
    reset: () => void (size = recordsMin),
  };
}
