import { Unavailable } from "../core/unavailable.ts";
import type { GroupSeen } from "./notifier.ts";

/** The failures of one group in one stream so far. */
type Counter = {
  readonly fingerprint: string;
  /** Number of the stream. */
  readonly stream: number;
  readonly code: string;
  readonly contract: { readonly subject: string; readonly version: number } | null;
  readonly count: number;
  readonly firstMs: number | bigint;
  readonly lastMs: number | bigint;
};

/** A stream. Failures of records that were decided once more are in no notification. */
type Note = { readonly number: number; readonly topic: string; readonly isRedriven: boolean };

/** What an operator said of a group: silent until a time or for good, and told of at a number of failures even so. */
export type Mute = { readonly untilMs: number | null; readonly threshold: number | null };

export type GroupWatchDeps = {
  readonly reads: {
    readonly groupCounters: (fingerprint?: string) => Promise<readonly Counter[]>;
    readonly streamNotes: () => Promise<readonly Note[]>;
  };
  /** Failures of one group at which it is told of again; null: never. */
  readonly threshold: number | null;
  /** The groups that operators muted, by fingerprint. */
  readonly mutes: () => Promise<ReadonlyMap<string, Mute>>;
  readonly appeared: (group: GroupSeen) => void;
  readonly passed: (group: GroupSeen, threshold: number) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Resolves after so long, or when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

export type GroupWatch = {
  /** Takes the fingerprints of failures that a settled batch stored, and those of them that the store had none of before. */
  readonly settled: (groups: readonly string[], added: readonly string[]) => void;
  /** Looks once more at what was settled, and ends. */
  readonly close: () => Promise<void>;
};

/** How long after a batch the counters are read, in milliseconds: batches of that time are one look. */
const LOOK_AFTER_MS = 1_000;
/** Groups whose counters are read at one look; the others wait for the next. */
const LOOKED_MAX = 100;
/** Groups that wait to be looked at; failures of others are noticed when their group gets the next one. */
const WAITING_MAX = 10_000;

/**
 * Watches the counters of groups. A look reads the counters of the groups that got failures since the last one, of all streams
 * and workers, and tells of groups that are new and of those that passed their threshold. While the store is away everything
 * waits for the next look.
 */
export async function startGroupWatch(deps: GroupWatchDeps): Promise<GroupWatch> {
  const { reads, sleep } = deps;
  const stop = new AbortController();
  /** By fingerprint: whether the group is new. */
  const waiting = new Map<string, boolean>();
  const passed = await passedBefore(deps);
  let looking: Promise<void> | null = null;

  const look = async (): Promise<void> => {
    const mutes = await deps.mutes();
    const notes = new Map((await reads.streamNotes()).map((note) => [note.number, note]));
    for (const [fingerprint, isNew] of [...waiting].slice(0, LOOKED_MAX)) {
      const threshold = thresholdOf(deps, mutes.get(fingerprint));
      if (isNew || !passed.has(keyOf(fingerprint, threshold))) {
        const group = groupOf(await reads.groupCounters(fingerprint), notes);
        if (group !== null) tell(group, isNew, mutes.get(fingerprint), threshold);
      }
      waiting.delete(fingerprint);
    }
  };
  const tell = (group: GroupSeen, isNew: boolean, mute: Mute | undefined, threshold: number | null): void => {
    const { fingerprint, count } = group;
    if (isNew && !isMuted(mute, deps.now())) deps.appeared(group);
    const key = keyOf(fingerprint, threshold);
    if (threshold === null || count < threshold || passed.has(key)) return;
    passed.add(key);
    deps.passed(group, threshold);
  };
  const lookOrWait = async (): Promise<void> => {
    try {
      await look();
    } catch (error) {
      // The streams report the same outage.
      if (!(error instanceof Unavailable)) throw error;
    }
  };
  const run = async (): Promise<void> => {
    while (waiting.size > 0 && !stop.signal.aborted) {
      await sleep(LOOK_AFTER_MS, stop.signal);
      if (!stop.signal.aborted) await lookOrWait();
    }
    looking = null;
  };

  return {
    settled: (groups, added) => {
      for (const fingerprint of groups) {
        const isNew = added.includes(fingerprint) || waiting.get(fingerprint) === true;
        if (waiting.size < WAITING_MAX || waiting.has(fingerprint)) waiting.set(fingerprint, isNew);
      }
      if (waiting.size > 0) looking ??= run();
    },
    close: async () => {
      stop.abort();
      await looking;
      if (waiting.size > 0) await lookOrWait();
    },
  };
}

/** The groups that were at their threshold before this process began: they are told of no more. */
async function passedBefore(deps: GroupWatchDeps): Promise<Set<string>> {
  const passed = new Set<string>();
  const counts = new Map<string, number>();
  try {
    const mutes = await deps.mutes();
    const notes = new Map((await deps.reads.streamNotes()).map((note) => [note.number, note]));
    for (const { fingerprint, count } of liveOf(await deps.reads.groupCounters(), notes))
      counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + count);
    for (const [fingerprint, count] of counts) {
      const threshold = thresholdOf(deps, mutes.get(fingerprint));
      if (threshold !== null && count >= threshold) passed.add(keyOf(fingerprint, threshold));
    }
  } catch (error) {
    // Then some groups may be told of once more, by the same id.
    if (!(error instanceof Unavailable)) throw error;
  }
  return passed;
}

function isMuted(mute: Mute | undefined, nowMs: number): boolean {
  return mute !== undefined && (mute.untilMs === null || nowMs < mute.untilMs);
}

/** What an operator said of a group goes before the setting, for as long as it is muted. */
function thresholdOf({ threshold, now }: GroupWatchDeps, mute: Mute | undefined): number | null {
  return mute !== undefined && isMuted(mute, now()) ? mute.threshold : threshold;
}

function keyOf(fingerprint: string, threshold: number | null): string {
  return `${fingerprint}/${threshold ?? ""}`;
}

/** The counters of what logs brought. */
function liveOf(counters: readonly Counter[], notes: ReadonlyMap<number, Note>): readonly Counter[] {
  return counters.filter(({ stream }) => notes.get(stream)?.isRedriven !== true);
}

/** A group of the counters of its streams; null when there is none. */
function groupOf(all: readonly Counter[], notes: ReadonlyMap<number, Note>): GroupSeen | null {
  const counters = liveOf(all, notes);
  const [first] = counters;
  if (first === undefined) return null;
  const { fingerprint, code, contract } = first;
  return {
    fingerprint,
    code,
    contract: contract === null ? null : `${contract.subject}@${contract.version}`,
    topics: [...new Set(counters.map(({ stream }) => notes.get(stream)?.topic ?? "unknown"))].toSorted(),
    count: counters.reduce((sum, { count }) => sum + count, 0),
    firstMs: Math.min(...counters.map(({ firstMs }) => Number(firstMs))),
    lastMs: Math.max(...counters.map(({ lastMs }) => Number(lastMs))),
  };
}
