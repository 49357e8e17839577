/** Waits until so many records may be settled besides those that are. @returns what ends the turn; to be called once. */
export type SettleLimit = (records: number) => Promise<() => void>;

/**
 * SettleLimit for at most so many records at a time, first come first served. More than all of them pass alone.
 *
 * It bounds the documents that wait for the store, which are some megabytes a batch. Those that wait for their turn wait as they
 * were fetched. Small batches are not held up: it is records that are counted.
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
