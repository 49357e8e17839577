/** How many records a batch counts for in the limit: one that is full of bytes counts like one that is full of records. */
export function settleWeight(
  { count, bytes }: { readonly count: number; readonly bytes: number },
  { recordsMax, bytesMax }: { readonly recordsMax: number; readonly bytesMax: number },
): number {
  return Math.max(count, Math.ceil((bytes / bytesMax) * recordsMax));
}

/** Waits until the process may settle this many more records. @returns a function that releases them; call it once. */
export type SettleLimit = (records: number) => Promise<() => void>;

/**
 * Creates a limit of `recordsMax` records that are settled at a time, first come first served. A batch larger than the
 * limit runs alone.
 *
 * The limit bounds the memory of documents that wait for the store, some megabytes a batch. A batch that waits for the limit
 * still has the form in which it was fetched. Small batches do not wait for each other, because records are counted and not
 * batches.
 */
export function createSettleLimit(recordsMax: number): SettleLimit {
  const waiting: { readonly weight: number; readonly begin: () => void }[] = [];
  let free = recordsMax;
  const beginNext = (): void => {
    for (let next = waiting[0]; next !== undefined && next.weight <= free; next = waiting[0]) {
      waiting.shift();
      free -= next.weight;
      next.begin();
    }
  };
  return async (records) => {
    const weight = Math.min(records, recordsMax);
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push({ weight, begin: resolve });
    beginNext();
    await promise;
    return () => {
      free += weight;
      beginNext();
    };
  };
}
