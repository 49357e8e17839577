import type { BatchMeasures, GatewayEvent } from "../gateway/event.ts";
import type { ObjectiveCount } from "../store/objective-count.ts";
import { indicatorOf, type Objective } from "./objective.ts";
import { floor } from "./report.ts";

/** The longest time between two looks that counts, in milliseconds: what a process that stood still did not see, it does not count. */
const LOOK_MAX_MS = 5_000;
/** Rows that wait for a store that is away: a day of ten objectives. Older ones are forgotten. */
const WAITING_MAX = 14_400;

/** What a gateway saw of an objective since its start: records, or seconds of streams. */
export type ObjectiveTotals = { readonly name: string; readonly good: number; readonly bad: number };

/** Counts what objectives are about. */
export type ObjectiveCounter = {
  /** Counts the records of batches. */
  readonly observe: (event: GatewayEvent) => void;
  /** Counts the time since the last look, for each stream of this process. */
  readonly look: (streams: readonly SeenStream[]) => void;
  /** What is to be written: the minutes that changed. They wait until {@link ObjectiveCounter.written} is called with them. */
  readonly due: () => readonly ObjectiveCount[];
  readonly written: (counts: readonly ObjectiveCount[]) => void;
  readonly totals: () => readonly ObjectiveTotals[];
};

export type SeenStream = { readonly topic: string; readonly isRunning: boolean };

export type CounterDeps = {
  readonly objectives: readonly Objective[];
  /** The contract subject of each topic that is a source. */
  readonly subjects: ReadonlyMap<string, string>;
  /** Names the rows of this run of the gateway. */
  readonly writer: string;
  /** Unix time in milliseconds, by which counts get their minute. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
};

/**
 * Redrives are outside of objectives. Outside of freshness are batches most of whose records repeat stored facts, too: whoever sends a
 * topic again sends old times. A batch is counted once it is durable. What a process that is killed had not written yet is counted by nobody.
 */
export function createObjectiveCounter(deps: CounterDeps): ObjectiveCounter {
  const { objectives, subjects, writer, nowMs, monotonicMs } = deps;
  const minutes = new Map<string, { row: ObjectiveCount; isDue: boolean }>();
  const totals = new Map(objectives.map(({ name }) => [name, { good: 0, bad: 0 }]));
  let looked = monotonicMs();
  const add = (objective: Objective, good: number, bad: number, perUnit = 1): void => {
    if (good + bad === 0) return;
    const total = totals.get(objective.name);
    if (total !== undefined) {
      total.good += good / perUnit;
      total.bad += bad / perUnit;
    }
    const indicator = indicatorOf(objective);
    const startS = floor(nowMs() / 1_000, 60);
    const key = `${indicator}|${startS}`;
    const known = minutes.get(key)?.row ?? { indicator, stepS: 60, startS, writer, good: 0, bad: 0 };
    minutes.set(key, { row: { ...known, good: known.good + good, bad: known.bad + bad }, isDue: true });
    const [oldest] = minutes.keys();
    if (minutes.size > WAITING_MAX && oldest !== undefined) minutes.delete(oldest);
  };
  return {
    observe: (event) => {
      if (event.kind !== "batch-settled" && event.kind !== "tail-redone") return;
      if (event.measures === null) return;
      const subject = subjects.get(event.stream.topic) ?? null;
      for (const objective of objectives) {
        if (objective.subject !== subject) continue;
        const { good, bad } = recordsOf(objective, event.measures);
        add(objective, good, bad);
      }
    },
    look: (streams) => {
      const now = monotonicMs();
      const passedMs = Math.round(Math.min(now - looked, LOOK_MAX_MS));
      looked = now;
      for (const objective of objectives) {
        if (objective.kind !== "availability") continue;
        const own = streams.filter(
          ({ topic }) => objective.subject === null || subjects.get(topic) === objective.subject,
        );
        const running = own.filter(({ isRunning }) => isRunning).length;
        add(objective, running * passedMs, (own.length - running) * passedMs, 1_000);
      }
    },
    due: () => [...minutes.values()].filter(({ isDue }) => isDue).map(({ row }) => row),
    written: (counts) => {
      const currentS = floor(nowMs() / 1_000, 60);
      for (const row of counts) {
        const key = `${row.indicator}|${row.startS}`;
        const known = minutes.get(key);
        if (known === undefined || known.row !== row) continue;
        if (row.startS < currentS) minutes.delete(key);
        else minutes.set(key, { row, isDue: false });
      }
    },
    totals: () => [...totals].map(([name, counted]) => ({ name, ...counted })),
  };
}

/** What a batch adds to an objective of records. */
function recordsOf(
  { kind, withinMs }: Objective,
  measures: BatchMeasures,
): { readonly good: number; readonly bad: number } {
  if (kind === "availability" || measures.isRedrive) return { good: 0, bad: 0 };
  if (kind === "quality") return { good: tally(measures, "passed"), bad: tally(measures, "failed") };
  if (isSentAgain(measures)) return { good: 0, bad: 0 };
  const { produced, durableAtMs } = measures;
  let [good, bad] = [0, 0];
  produced.ms.forEach((ms, index) => {
    const count = produced.counts[index] ?? 0;
    // A record without a time says nothing of how long it took.
    if (ms < 0) return;
    if (durableAtMs - ms <= (withinMs ?? 0)) good += count;
    else bad += count;
  });
  return { good, bad };
}

/** Whether most of a batch was stored before. */
function isSentAgain(measures: BatchMeasures): boolean {
  const all = measures.decisions.reduce((sum, { count }) => sum + count, 0);
  return tally(measures, "duplicate") * 2 > all;
}

function tally({ decisions }: BatchMeasures, outcome: "passed" | "duplicate" | "failed"): number {
  return decisions.reduce((sum, one) => (one.outcome === outcome ? sum + one.count : sum), 0);
}
