import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../simulation/random.ts";
import type { StoredDocuments } from "./documents.ts";
import type { Journal } from "./journal.ts";
import type { Fleet } from "./workers.ts";

export type ChaosDeps = {
  readonly journal: Journal;
  readonly fleet: Fleet;
  readonly documents: StoredDocuments;
  readonly random: Random;
};

export type ChaosPlan = { readonly records: number; readonly kills: number; readonly zombies: number };

/** What was really done to the workers, so far: chaos that hits nobody proves nothing. */
export type ChaosReport = {
  kills: number;
  /** Kills while records waited to be decided. */
  killsUnderLoad: number;
  zombies: number;
  /** Zombies that slept until others had moved every partition. */
  overtaken: number;
};

export function newChaosReport(): ChaosReport {
  return { kills: 0, killsUnderLoad: 0, zombies: 0, overtaken: 0 };
}

/** Longest time between a slice of records and the fault that goes with it; between two kills comes a second or more. */
const AIM_MS = 600;
const KILL_PAUSE_MS = { min: 1_000, max: 3_000 } as const;
const ZOMBIE_SLEEP_MS = { min: 8_000, max: 15_000 } as const;
/**
 * A zombie whose partitions nobody has taken over sleeps on, so long at most: while the kills go on, the others of a slow
 * machine hardly live long enough to take over anything.
 */
const OVERTAKE_MAX_MS = 300_000;
/** Records written while a zombie sleeps, over and above the plan: others can only move what there is something new in. */
const OVERTAKING_RECORDS = 300;

/** Writes all records while workers are killed and put to sleep; each fault comes with a slice of records of its own. */
export async function runChaos(
  deps: ChaosDeps,
  plan: ChaosPlan,
  report: ChaosReport,
  signal: AbortSignal,
): Promise<void> {
  const { journal, fleet, documents, random } = deps;
  const slice = Math.ceil(plan.records / (plan.kills + plan.zombies));
  let writing: Promise<void> = Promise.resolve();
  const feed = (least = 0): void => {
    writing = writing.then(async () =>
      journal.write(Math.max(least, Math.min(slice, plan.records - journal.entries.length))),
    );
    // It is awaited at the end.
    writing.catch(() => undefined);
  };
  const aim = async (): Promise<void> => {
    feed();
    await delay(random.below(AIM_MS), undefined, { signal });
  };
  const killing = async (): Promise<void> => {
    while (report.kills < plan.kills) {
      await aim();
      while (!fleet.kill()) await delay(50, undefined, { signal });
      report.kills += 1;
      const tails = await documents.tails();
      if ([...endsOf(journal)].some(([partition, end]) => (tails.get(partition) ?? 0n) < end))
        report.killsUnderLoad += 1;
      await delay(between(random, KILL_PAUSE_MS), undefined, { signal });
    }
  };
  const freezing = async (): Promise<void> => {
    while (report.zombies < plan.zombies) {
      await aim();
      const frozen = fleet.freeze();
      if (frozen === null) {
        await delay(50, undefined, { signal });
        continue;
      }
      report.zombies += 1;
      const before = await documents.tails();
      const sleep = AbortSignal.timeout(OVERTAKE_MAX_MS);
      feed(OVERTAKING_RECORDS);
      await delay(between(random, ZOMBIE_SLEEP_MS), undefined, { signal });
      while (!(await allMoved(documents, before)) && !sleep.aborted) {
        feed(OVERTAKING_RECORDS);
        await delay(2_000, undefined, { signal });
      }
      if (await allMoved(documents, before)) report.overtaken += 1;
      frozen.thaw();
      await delay(between(random, KILL_PAUSE_MS), undefined, { signal });
    }
  };
  await Promise.all([killing(), freezing()]);
  await writing;
  await journal.write(plan.records - journal.entries.length);
}

/** Whether every partition has got further than it was. */
export async function allMoved(documents: StoredDocuments, before: ReadonlyMap<number, bigint>): Promise<boolean> {
  const now = await documents.tails();
  return [...before].every(([partition, to]) => (now.get(partition) ?? 0n) > to);
}

function between(random: Random, { min, max }: { readonly min: number; readonly max: number }): number {
  return min + random.below(max - min);
}

/** The offset after the last acknowledged record of each partition. */
export function endsOf({ entries }: Journal): ReadonlyMap<number, bigint> {
  const ends = new Map<number, bigint>();
  for (const { partition, offset } of entries)
    if (offset >= (ends.get(partition) ?? 0n)) ends.set(partition, offset + 1n);
  return ends;
}

/** Waits until the ledger covers every acknowledged record. @returns the partitions it does not cover; none is right. */
export async function settle(
  journal: Journal,
  documents: StoredDocuments,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const ends = endsOf(journal);
  for (;;) {
    const tails = await documents.tails();
    const behind = [...ends].filter(([partition, end]) => (tails.get(partition) ?? 0n) < end);
    if (behind.length === 0 || signal.aborted)
      return behind.map(
        ([partition, end]) => `partition ${partition} stands at ${tails.get(partition) ?? "-"} of ${end}`,
      );
    await delay(200);
  }
}
