/** When to stop a stream before it pours a bad deploy into failures. Null is off. */
export type BreakerLimits = {
  /** Share of FAILED among the last `window` records, 0 to 1, beyond which the stream halts. */
  readonly failedRatioMax: number | null;
  /** So many FAILED in a row halt the stream. */
  readonly consecutiveMax: number | null;
  readonly window: number;
};

/** Counts the outcomes of one stream. */
export type Breaker = {
  /** Takes the outcomes of a batch that is not yet in the ledger. @returns why the stream must halt, or null. */
  readonly check: (failed: readonly boolean[]) => string | null;
};

export const BREAKER_OFF: BreakerLimits = { failedRatioMax: null, consecutiveMax: null, window: 1_000 };

/** @param leave how many records pass unjudged first: an operator who resumes a stream means the batch that stopped it. */
export function createBreaker({ failedRatioMax, consecutiveMax, window }: BreakerLimits, leave: number): Breaker {
  let left = leave;
  let consecutive = 0;
  let recent: boolean[] = [];
  return {
    check: (failed) => {
      if (failedRatioMax === null && consecutiveMax === null) return null;
      for (const one of failed) {
        if (left > 0) {
          left -= 1;
          continue;
        }
        consecutive = one ? consecutive + 1 : 0;
        recent.push(one);
        if (consecutiveMax !== null && consecutive >= consecutiveMax)
          return `${consecutive} records in a row are FAILED`;
      }
      recent = recent.slice(-window);
      const count = recent.filter(Boolean).length;
      if (failedRatioMax !== null && recent.length === window && count / window > failedRatioMax) {
        return `${count} of the last ${window} records are FAILED`;
      }
      return null;
    },
  };
}
