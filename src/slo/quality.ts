import { redriveOf } from "../ledger/redrive-stream.ts";
import { HOUR_MS } from "../store/groups.ts";
import type { StoreReads } from "../store/store.ts";
import type { VolumeKind, VolumeSum } from "../store/volume.ts";
import type { Counted } from "./burn.ts";

/** What quality is computed from: the counters of volume, which are raised with the documents of each ledger entry. */
export type QualityReads = Pick<StoreReads, "volume" | "streamNotes">;

/** The first judgements of a contract's live records in the last so many milliseconds, by the hours of their timestamps. */
export type QualityCounts = (subject: string, windowMs: number, nowMs: number) => Promise<Counted>;

/** Hours that are added up anew each time; what was counted of older ones is remembered for a while. */
const RECENT_HOURS = 48;
const REMEMBERED_MS = 60_000;
/** More than streams times kinds times two spans. */
const SUMS_MAX = 1_000_000;

/**
 * Every position of a log counts once, whatever crashed: good when it became a fact, bad when it FAILED or contradicted one, and
 * neither when it repeats one. What a plan redrove or replayed was decided in another stream, and is left out. A record of the future
 * counts when its hour has come.
 */
export function openQualityCounts(reads: QualityReads): QualityCounts {
  const remembered = new Map<string, { readonly untilMs: number; readonly sums: readonly VolumeSum[] }>();
  const sumsOf = async (subject: string, fromHour: number, toHour: number): Promise<readonly VolumeSum[]> =>
    toHour <= fromHour
      ? []
      : reads.volume({
          fromHour,
          toHour,
          hours: toHour - fromHour,
          subject,
          producer: null,
          byProducer: false,
          limit: SUMS_MAX,
        });
  return async (subject, windowMs, nowMs) => {
    const toHour = Math.floor(nowMs / HOUR_MS) + 1;
    // An hour that only ends in the window is left out.
    const fromHour = Math.max(0, Math.ceil((nowMs - windowMs) / HOUR_MS));
    const recentHour = Math.max(fromHour, toHour - RECENT_HOURS);
    const key = `${subject} ${fromHour} ${recentHour}`;
    const known = remembered.get(key);
    const isKnown = known !== undefined && nowMs < known.untilMs && known.untilMs <= nowMs + REMEMBERED_MS;
    const old = isKnown ? known.sums : await sumsOf(subject, fromHour, recentHour);
    if (!isKnown) {
      for (const [other, { untilMs }] of remembered) if (untilMs <= nowMs) remembered.delete(other);
      remembered.set(key, { untilMs: nowMs + REMEMBERED_MS, sums: old });
    }
    const live = new Set((await reads.streamNotes()).filter(({ stream }) => redriveOf(stream) === null).map(numberOf));
    const sums = [...old, ...(await sumsOf(subject, recentHour, toHour))].filter(({ stream }) => live.has(stream));
    const count = (kind: VolumeKind): number =>
      sums.reduce((total, one) => (one.kind === kind ? total + one.count : total), 0);
    // A record that repeats or contradicts a fact was counted as passed, too.
    const good = count("passed") - count("duplicate") - count("redelivery") - count("conflict");
    // While an entry is being stored, what became of its records may be counted before its decisions are.
    return { good: Math.max(0, good), bad: count("failed") + count("conflict") };
  };
}

function numberOf({ number }: { readonly number: number }): number {
  return number;
}
