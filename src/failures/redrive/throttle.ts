/** How long the run waits before it asks again whether live streams have a backlog, in milliseconds. */
const BUSY_WAIT_MS = 200;

/**
 * The longest that one batch waits for live streams, in milliseconds. So a run beside streams that never catch up does one batch in
 * this time, and comes to its end.
 */
export const YIELD_MAX_MS = 5_000;

type ThrottleDeps = {
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly isBusy?: () => Promise<boolean>;
};

/** Holds a run back: to its rate, and while live streams have a backlog. */
export type Throttle = {
  /** Resolves when the next batch may begin, or when the signal aborts. */
  readonly wait: (signal: AbortSignal) => Promise<void>;
  /** Counts the records of a batch that begins now. */
  readonly took: (records: number) => void;
};

/** @param rate records a second; null: no limit. */
export function createThrottle(rate: number | null, { now, sleep, isBusy }: ThrottleDeps): Throttle {
  let notBeforeMs = now();
  return {
    wait: async (signal) => {
      const ms = notBeforeMs - now();
      if (rate !== null && ms > 0) await sleep(ms, signal);
      for (let waitedMs = 0; waitedMs < YIELD_MAX_MS && !signal.aborted; waitedMs += BUSY_WAIT_MS) {
        if ((await isBusy?.()) !== true) return;
        await sleep(BUSY_WAIT_MS, signal);
      }
    },
    took: (records) => {
      if (rate !== null) notBeforeMs = Math.max(notBeforeMs, now()) + (records * 1_000) / rate;
    },
  };
}
