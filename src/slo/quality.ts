import { redriveOf } from "../ledger/redrive-stream.ts";
import { DAY_HOURS, dayOf, HOUR_MS } from "../store/groups.ts";
import type { StoreReads } from "../store/store.ts";
import type { VolumeKind, VolumeSum } from "../store/volume.ts";
import type { Counted } from "./burn.ts";

/** What quality is computed from: the counters of volume, which are raised with the documents of each ledger entry. */
export type QualityReads = Pick<StoreReads, "volume" | "streamNotes">;

/** The first judgements of a contract's live records in the last so many milliseconds, by the hours of their timestamps. */
export type QualityCounts = (subject: string, windowMs: number, nowMs: number) => Promise<Counted>;

/** The last day is added up anew each time; of each older day what was counted is remembered for a while. */
const RECENT_HOURS = 24;
const REMEMBERED_MS = 600_000;
/** More than streams times kinds times two spans. */
const SUMS_MAX = 1_000_000;

/**
 * Every position of a log counts once, whatever crashed: good when it became a fact, bad when it FAILED or contradicted one, and
 * neither when it repeats one. What a plan redrove or replayed was decided in another stream, and is left out. A record of the future
 * counts when its hour has come, and one of an older day within ten minutes where it is asked for again and again.
 * @param rest lets others have their turn: an embedded store answers for each day without a pause.
 */
export function openQualityCounts(reads: QualityReads, rest: () => Promise<void>): QualityCounts {
  const remembered = new Map<string, { readonly untilMs: number; readonly counted: Counted }>();
  const countedIn = async (subject: string, fromHour: number, toHour: number): Promise<Counted> => {
    await rest();
    const span = { fromHour, toHour, hours: toHour - fromHour };
    const only = { subject, producer: null, byProducer: false, limit: SUMS_MAX };
    const sums = await reads.volume({ ...span, ...only });
    const live = new Set((await reads.streamNotes()).filter(({ stream }) => redriveOf(stream) === null).map(numberOf));
    return countedOf(sums.filter(({ stream }) => live.has(stream)));
  };
  return async (subject, windowMs, nowMs) => {
    const toHour = Math.floor(nowMs / HOUR_MS) + 1;
    // An hour that only ends in the window is left out.
    const fromHour = Math.max(0, Math.ceil((nowMs - windowMs) / HOUR_MS));
    const recentHour = Math.max(fromHour, dayOf(toHour - RECENT_HOURS) * DAY_HOURS);
    const parts = [await countedIn(subject, recentHour, toHour)];
    for (let from = fromHour; from < recentHour;) {
      const to = Math.min((dayOf(from) + 1) * DAY_HOURS, recentHour);
      const key = `${subject} ${from} ${to}`;
      const known = remembered.get(key);
      const isKnown = known !== undefined && nowMs < known.untilMs && known.untilMs <= nowMs + REMEMBERED_MS;
      const counted = isKnown ? known.counted : await countedIn(subject, from, to);
      if (!isKnown) remembered.set(key, { untilMs: nowMs + REMEMBERED_MS, counted });
      parts.push(counted);
      from = to;
    }
    for (const [key, { untilMs }] of remembered) if (untilMs <= nowMs) remembered.delete(key);
    const good = parts.reduce((sum, one) => sum + one.good, 0);
    return { good: Math.max(0, good), bad: parts.reduce((sum, one) => sum + one.bad, 0) };
  };
}

/** While an entry is being stored, what became of its records may be counted before its decisions are: `good` may be too small. */
function countedOf(sums: readonly VolumeSum[]): Counted {
  const count = (kind: VolumeKind): number =>
    sums.reduce((total, one) => (one.kind === kind ? total + one.count : total), 0);
  // A record that repeats or contradicts a fact was counted as passed, too.
  const good = count("passed") - count("duplicate") - count("redelivery") - count("conflict");
  return { good, bad: count("failed") + count("conflict") };
}

function numberOf({ number }: { readonly number: number }): number {
  return number;
}
