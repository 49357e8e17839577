/** What one key, person or certificate may use of a gateway; null: as much as it likes. */
export type Quotas = {
  /** Requests, bytes of records and records in a second, taken over {@link WINDOW_SECONDS}. */
  readonly requests: number | null;
  readonly bytes: number | null;
  readonly records: number | null;
  /** Topics that it appends to, and names that it gives producers, in a day (UTC). */
  readonly topics: number | null;
  readonly producers: number | null;
  /** Groups of failures that the records of one producer may open in a day (UTC). */
  readonly groups: number | null;
};

/** Something of which so much may be used in a time. */
export type Rate = "requests" | "bytes" | "records";
/** Something of which there may be so many different ones in a day. */
export type Variety = "topics" | "producers" | "groups";

/** How much is left: of `quota` in {@link WINDOW_SECONDS}, and after how many seconds it would all be there again. */
export type Left = { readonly quota: number; readonly left: number; readonly resetSeconds: number };

export type Spent =
  | { readonly kind: "spent"; readonly left: Left | null }
  | { readonly kind: "refused"; readonly limit: Rate | Variety; readonly left: Left; readonly retrySeconds: number };

/** What was used, of everybody. It is kept in memory, by each process for itself. */
export type Spending = {
  /** Uses so much, or refuses: nothing is used then. More than there is may be used at once, and is waited for afterwards. */
  readonly use: (who: string, rate: Rate, amount: number, nowMs: number) => Spent;
  readonly see: (who: string, variety: Variety, name: string, nowMs: number) => Spent;
};

/** A burst of so many seconds' worth is taken at once. */
export const WINDOW_SECONDS = 10;
/** So many are kept apart. Whoever was not seen for the longest is forgotten, and begins anew. */
const KNOWN_MAX = 10_000;
const DAY_MS = 86_400_000;

/** The day (UTC), counted from the epoch. */
export function dayOf(nowMs: number): number {
  return Math.floor(nowMs / DAY_MS);
}

/** Seconds until the day after this one begins. */
export function resetSecondsOf(day: number, nowMs: number): number {
  return Math.max(1, Math.ceil(((day + 1) * DAY_MS - nowMs) / 1_000));
}

type Bucket = { level: number; atMs: number };
type Known = {
  readonly buckets: Map<Rate, Bucket>;
  readonly seen: Map<Variety, Set<string>>;
  /** The day of `seen`. */
  day: number;
};

/**
 * Token buckets and sets of names for each who asks. A clock that goes back gives nothing and takes nothing; one that leaps ahead fills
 * the buckets, which are never fuller than full.
 */
export function createSpending(quotas: Quotas): Spending {
  const known = new Map<string, Known>();
  const of = (who: string): Known => {
    const found = known.get(who) ?? { buckets: new Map(), seen: new Map(), day: 0 };
    // The order of a map is that of insertion: whoever was seen last stands last.
    known.delete(who);
    known.set(who, found);
    if (known.size > KNOWN_MAX) for (const [oldest] of known) return (known.delete(oldest), found);
    return found;
  };
  return {
    use: (who, rate, amount, nowMs) => {
      const perSecond = quotas[rate];
      if (perSecond === null) return { kind: "spent", left: null };
      const quota = perSecond * WINDOW_SECONDS;
      const { buckets } = of(who);
      const bucket = buckets.get(rate) ?? { level: quota, atMs: nowMs };
      const passedMs = Math.max(0, nowMs - bucket.atMs);
      const level = Math.min(quota, bucket.level + (passedMs / 1_000) * perSecond);
      const enough = level >= 1 || amount === 0;
      const next = enough ? level - amount : level;
      buckets.set(rate, { level: next, atMs: nowMs });
      const left = { quota, left: Math.max(0, Math.floor(next)), resetSeconds: Math.ceil((quota - next) / perSecond) };
      if (enough) return { kind: "spent", left };
      return { kind: "refused", limit: rate, left, retrySeconds: Math.max(1, Math.ceil((1 - level) / perSecond)) };
    },
    see: (who, variety, name, nowMs) => {
      const quota = quotas[variety];
      if (quota === null) return { kind: "spent", left: null };
      const one = of(who);
      const day = dayOf(nowMs);
      if (day > one.day) {
        one.seen.clear();
        one.day = day;
      }
      const seen = one.seen.get(variety) ?? new Set();
      one.seen.set(variety, seen);
      const resetSeconds = resetSecondsOf(one.day, nowMs);
      const leftNow = (): Left => ({ quota, left: quota - seen.size, resetSeconds });
      if (!seen.has(name) && seen.size >= quota)
        return { kind: "refused", limit: variety, left: leftNow(), retrySeconds: resetSeconds };
      seen.add(name);
      return { kind: "spent", left: leftNow() };
    },
  };
}
