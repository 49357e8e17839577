import type { CountStep, ObjectiveCount, ObjectiveReads } from "../store/objective-count.ts";
import { standingOf, type Counted, type Standing } from "./burn.ts";
import { indicatorOf, type Objective } from "./objective.ts";
import { openQualityCounts, type QualityCounts, type QualityReads } from "./quality.ts";

const MINUTE_S = 60;
const HOUR_S = 3_600;
/** How many of the last hours are known by the minute: as many as the second longest alert of 30 days looks at, and one more. */
export const MINUTES_KEPT_S: number = 25 * HOUR_S;

export type ObjectiveReport = Standing & {
  readonly objective: Objective;
  /** Since when it is counted, Unix time in milliseconds; null when nothing was counted yet. */
  readonly sinceMs: number | null;
};

/**
 * Opens how each objective stands: by what gateways counted in the store, and quality by what the ledger says. How fast the budget
 * of quality goes is by what gateways counted, too: counters of volume know hours, and no minutes.
 * @param rest lets others have their turn.
 */
export function openObjectiveReports(
  objectives: readonly Objective[],
  reads: ObjectiveReads & QualityReads,
  rest: () => Promise<void>,
): (nowMs: number) => Promise<readonly ObjectiveReport[]> {
  const quality = openQualityCounts(reads, rest);
  return async (nowMs) => Promise.all(objectives.map(async (one) => reportOf(one, { reads, quality }, nowMs)));
}

type Deps = { readonly reads: ObjectiveReads; readonly quality: QualityCounts };

async function reportOf(objective: Objective, { reads, quality }: Deps, nowMs: number): Promise<ObjectiveReport> {
  const { kind, subject, windowMs } = objective;
  const indicator = indicatorOf(objective);
  const began = await reads.objectiveBegan(indicator);
  const exact = kind === "quality" && subject !== null ? await quality(subject, windowMs, nowMs) : null;
  const isCounted = exact !== null && exact.good + exact.bad > 0;
  if (began === null && !isCounted) return { objective, sinceMs: null, ...standingOf(objective, () => NOTHING) };
  const nowS = Math.floor(nowMs / 1_000);
  // The ledger knows the whole window, though no gateway had the objective yet.
  const beganS = began ?? nowS - windowMs / 1_000;
  const hours = await reads.objectiveCounts(indicator, HOUR_S, nowS - objective.windowMs / 1_000 - HOUR_S);
  const minutes = await reads.objectiveCounts(indicator, MINUTE_S, 0);
  const counts = timeline(objective, { hours, minutes, beganS, nowS });
  return { objective, sinceMs: beganS * 1_000, ...standingOf(objective, counts, exact) };
}

const NOTHING: Counted = { good: 0, bad: 0 };

type Known = {
  readonly hours: readonly ObjectiveCount[];
  /** All that the store has. */
  readonly minutes: readonly ObjectiveCount[];
  readonly beganS: number;
  readonly nowS: number;
};

/**
 * What was counted in the last so many milliseconds: by minutes in the last 25 hours, by hours before. A time begins at a whole minute
 * or hour. A minute in which nobody counted the time of streams was down: no gateway ran.
 */
export function timeline(
  { kind }: Pick<Objective, "kind">,
  { hours, minutes, beganS, nowS }: Known,
): (ms: number) => Counted {
  const boundary = floor(nowS - MINUTES_KEPT_S, HOUR_S);
  const byMinute = sums(minutes);
  const byHour = new Map(hoursOf(kind, minutes, beganS).map((one) => [one.startS, one as Counted]));
  for (const one of hours) byHour.set(one.startS, one);
  const isTime = kind === "availability";
  return (ms) => {
    const fromS = Math.max(nowS - ms / 1_000, beganS);
    const total = { good: 0, bad: 0 };
    const add = ({ good, bad }: Counted): void => {
      total.good += good;
      total.bad += bad;
    };
    for (let at = floor(fromS, HOUR_S); at < boundary; at += HOUR_S) {
      // An hour that only ends in the window is left out, unless it is short because counting began in it.
      if (at < fromS && fromS !== beganS) continue;
      add(byHour.get(at) ?? (isTime ? { good: 0, bad: HOUR_S * 1_000 } : NOTHING));
    }
    for (let at = Math.max(floor(fromS, MINUTE_S), boundary); at <= nowS; at += MINUTE_S) {
      const counted = byMinute.get(at);
      if (!isTime) add(counted ?? NOTHING);
      else if (counted !== undefined) add(shareOf(counted, Math.min(MINUTE_S, nowS - at + 1)));
      else if (at + MINUTE_S <= nowS) add({ good: 0, bad: MINUTE_S * 1_000 });
    }
    return total;
  };
}

/**
 * The hours that minutes make, each whole: of records the sum, of time the share of every minute, and a minute that nobody counted
 * is bad. Minutes before `beganS` are no part of the first hour.
 */
export function hoursOf(
  kind: Objective["kind"],
  minutes: readonly ObjectiveCount[],
  beganS: number,
): readonly ObjectiveCount[] {
  const byMinute = sums(minutes);
  const starts = [...new Set([...byMinute.keys()].map((at) => floor(at, HOUR_S)))].toSorted((a, b) => a - b);
  const indicator = minutes[0]?.indicator ?? "";
  return starts.map((startS): ObjectiveCount => {
    let [good, bad] = [0, 0];
    for (let at = Math.max(startS, floor(beganS, MINUTE_S)); at < startS + HOUR_S; at += MINUTE_S) {
      const counted = byMinute.get(at);
      const one = kind === "availability" ? shareOf(counted ?? { good: 0, bad: 1 }, MINUTE_S) : (counted ?? NOTHING);
      good += one.good;
      bad += one.bad;
    }
    return { indicator, stepS: HOUR_S, startS, writer: "", good: Math.round(good), bad: Math.round(bad) };
  });
}

/** So many seconds of time, shared out as what was counted: many streams in a minute weigh as much as one. */
function shareOf({ good, bad }: Counted, seconds: number): Counted {
  if (good + bad === 0) return NOTHING;
  const ms = seconds * 1_000;
  return { good: (ms * good) / (good + bad), bad: (ms * bad) / (good + bad) };
}

/** The counts of all writers together, by start. */
function sums(counts: readonly ObjectiveCount[]): ReadonlyMap<number, Counted> {
  const found = new Map<number, Counted>();
  for (const { startS, good, bad } of counts) {
    const known = found.get(startS) ?? NOTHING;
    found.set(startS, { good: known.good + good, bad: known.bad + bad });
  }
  return found;
}

/** The whole step in which a time is. */
export function floor(timeS: number, stepS: CountStep): number {
  return Math.floor(timeS / stepS) * stepS;
}
