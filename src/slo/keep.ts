import { Unavailable } from "../core/unavailable.ts";
import type { ObjectiveReads, ObjectiveWrites } from "../store/objective-count.ts";
import type { ObjectiveCounter } from "./counter.ts";
import { indicatorOf, type Objective } from "./objective.ts";
import { floor, hoursOf, MINUTES_KEPT_S } from "./report.ts";

const MINUTE_S = 60;
const HOUR_S = 3_600;
/** Minutes stay this long after they are part of an hour, so that a worker whose store was away can still bring its own. */
const LATE_S = 2 * HOUR_S;
/** Hours stay a little longer than the longest window. */
const HOURS_KEPT_S = 92 * 24 * HOUR_S;

/** Where counts are kept. */
export type ObjectiveStore = ObjectiveWrites & { readonly reads: ObjectiveReads };

/** Writes what was counted since the last time. It stays due while the store is away. */
export async function writeCounts(counter: ObjectiveCounter, store: ObjectiveWrites): Promise<void> {
  const due = counter.due();
  if (due.length === 0) return;
  if (await isDone(store.putObjectiveCounts(due))) counter.written(due);
}

/**
 * Makes hours of the minutes that are there, and forgets minutes and hours that no window looks at any more. Every gateway does so,
 * in each hour, and gets the same hours: they are made anew, not added to.
 */
export async function rollUp(objectives: readonly Objective[], store: ObjectiveStore, nowMs: number): Promise<void> {
  const currentS = floor(nowMs / 1_000, HOUR_S);
  const work = async (): Promise<void> => {
    for (const objective of objectives) {
      const indicator = indicatorOf(objective);
      const beganS = await store.reads.objectiveBegan(indicator);
      if (beganS === null) continue;
      const minutes = await store.reads.objectiveCounts(indicator, MINUTE_S, 0);
      const hours = hoursOf(objective.kind, minutes, beganS).filter(({ startS }) => startS < currentS);
      if (hours.length > 0) await store.putObjectiveCounts(hours);
    }
    await store.dropObjectiveCounts(MINUTE_S, currentS - MINUTES_KEPT_S - LATE_S);
    await store.dropObjectiveCounts(HOUR_S, currentS - HOURS_KEPT_S);
  };
  await isDone(work());
}

/** False when the store was away: the next time does it. */
async function isDone(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return false;
  }
}
