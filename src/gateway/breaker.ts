/** When a stream halts because too many of its records fail, as after a bad deploy of a producer. Null turns a limit off. */
export type BreakerLimits = {
  /** The stream halts when the share of FAILED among the last `window` records exceeds this; 0 to 1. */
  readonly failedRatioMax: number | null;
  /** The stream halts after this many FAILED records in a row. */
  readonly consecutiveMax: number | null;
  readonly window: number;
};

/** Counts the outcomes of one stream. */
export type Breaker = {
  /** Counts a batch that is not in the ledger yet; an element is true for FAILED. @returns why the stream must halt, or null. */
  readonly check: (failed: readonly boolean[]) => string | null;
};

export const BREAKER_OFF: BreakerLimits = { failedRatioMax: null, consecutiveMax: null, window: 1_000 };

/** @param leave how many records to ignore first: an operator who resumes a halted stream accepts the batch that halted it. */
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
