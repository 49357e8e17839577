/** How far a stream is behind its log. */
export type Lag = {
  readonly records: number;
  /**
   * The highest possible age of the oldest undecided record, in seconds; null while nothing is known of it: the stream has settled
   * nothing since the start, and its log was looked at only now.
   */
  readonly seconds: number | null;
};

/**
 * Estimates the age of the oldest undecided record without reading it. That record is not older than the newest settled one, nor
 * than the latest look at the log that found its end at or before the settled offset, or the first look that did not see the record.
 */
export type Backlog = {
  /** Everything below `to` is settled. `newestMs`: the time of the last record; null when it is not known. */
  readonly settled: (to: bigint, newestMs: number | null) => void;
  /** Takes a look at the log, whose end is `end` at `nowMs`. */
  readonly lag: (settledTo: bigint, end: bigint, nowMs: number) => Lag;
};

type Look = { readonly end: bigint; readonly atMs: number };

/** Most looks that are remembered: with one in 15 s they reach back four hours. Beyond, every second one is forgotten. */
const LOOKS_MAX = 1_024;

export function createBacklog(): Backlog {
  let newest: number | null = null;
  let looks: Look[] = [];
  const passed = (settledTo: bigint): number | null => {
    // Of the looks that saw nothing undecided, only the latest says something.
    const first = looks.findIndex(({ end }) => end > settledTo);
    if (first > 1) looks.splice(0, first - 1);
    else if (first === -1) looks = looks.slice(-1);
    const [oldest] = looks;
    return oldest !== undefined && oldest.end <= settledTo ? oldest.atMs : null;
  };
  return {
    settled: (to, newestMs) => {
      if (newestMs !== null && newestMs >= 0) newest = newestMs;
      passed(to);
    },
    lag: (settledTo, end, nowMs) => {
      looks.push({ end, atMs: nowMs });
      if (looks.length > LOOKS_MAX) looks = looks.filter((_, index) => index % 2 === 0);
      const since = Math.max(passed(settledTo) ?? -Infinity, newest ?? -Infinity);
      if (end <= settledTo) return { records: 0, seconds: 0 };
      const records = Number(end - settledTo);
      return { records, seconds: since === -Infinity ? null : Math.max(0, nowMs - since) / 1_000 };
    },
  };
}
