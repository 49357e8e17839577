/**
 * Looks at the end of one stream's log, by which the age of what waits is told without reading it. A record was there no later than the first
 * look that saw it: what is told is the least that the oldest undecided record can have waited since then, and never more than it has.
 */
export type Sights = {
  /** Takes a look, and forgets those that only saw what is settled. */
  readonly look: (settledTo: bigint, end: bigint, atMs: number) => void;
  /** How long the oldest undecided record has waited at least, in milliseconds; 0 when nothing waits. */
  readonly ageMs: (nowMs: number) => number;
  /** How many undecided records were there at a time already. */
  readonly waitingSince: (atMs: number) => number;
};

type Look = { readonly end: bigint; readonly atMs: number };

/** Most looks that are remembered: two a second reach back eight minutes. Beyond, they are taken in longer intervals. */
const LOOKS_MAX = 1_024;

export function createSights(): Sights {
  let looks: Look[] = [];
  let settled = 0n;
  let everyMs = 0;
  return {
    look: (settledTo, end, atMs) => {
      settled = settledTo;
      const last = looks.at(-1);
      if (last === undefined || atMs - last.atMs >= everyMs) looks.push({ end, atMs });
      const first = looks.findIndex((one) => one.end > settledTo);
      looks = first === -1 ? [] : looks.slice(first);
      if (looks.length === 0) everyMs = 0;
      if (looks.length <= LOOKS_MAX) return;
      everyMs = ((atMs - (looks[0]?.atMs ?? atMs)) * 2) / LOOKS_MAX;
      // The first one stays: it says since when the oldest record waits.
      looks = looks.filter((_, index) => index % 2 === 0);
    },
    ageMs: (nowMs) => (looks[0] === undefined ? 0 : Math.max(0, nowMs - looks[0].atMs)),
    waitingSince: (atMs) => {
      const last = looks.findLast((one) => one.atMs <= atMs);
      return last === undefined ? 0 : Number(last.end - settled);
    },
  };
}
