import { Unavailable } from "../core/unavailable.ts";
import { followFloors } from "../operator/floors.ts";
import type { Store } from "../store/store.ts";
import { planRetention } from "./plan.ts";
import type { Policy } from "./policy.ts";
import { runRetention, type RetentionReport } from "./run.ts";

export type ScheduleDeps = {
  readonly store: Store;
  readonly policy: Policy;
  /** From the start of one run to that of the next, in milliseconds, whichever gateway makes it. */
  readonly everyMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Receives what each run came to. */
  readonly report: (run: ScheduledRun) => void;
};

/** What a run that nobody asked for came to. */
export type ScheduledRun = {
  /** When it began, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly announced: number;
  /** Why something stays that is too old, a sentence each. */
  readonly faults: readonly string[];
};

/** Who acts where nobody is asked. */
const ACTOR = "schedule";
/** How often a gateway looks whether a run is due, and the pause between two deletions so that others get at the store. */
const LOOK_EVERY_MS = 60_000;
const PAUSE_MS = 20;

/**
 * Takes away what is too old, again and again, until the signal aborts. Of several gateways one at a time does: the others see in the
 * operator log that something was taken lately. Where two begin in the same moment no harm is done, and what a killed one left is
 * completed when the next run is due.
 */
export async function keepTerms(deps: ScheduleDeps, signal: AbortSignal): Promise<void> {
  const floors = followFloors(deps.store.reads);
  let next = 0;
  while (!signal.aborted) {
    const nowMs = deps.now();
    try {
      if (nowMs >= next) {
        const taken = (await floors()).all().map(({ action }) => Date.parse(action.at));
        const dueMs = Math.max(0, ...taken.filter((ms) => ms <= nowMs)) + deps.everyMs;
        if (dueMs > nowMs) next = dueMs;
        else {
          const { announced, faults } = await runOnce(deps, nowMs, signal);
          deps.report({ atMs: nowMs, announced, faults });
          next = nowMs + deps.everyMs;
        }
      }
    } catch (error) {
      // The store is away. The next look tries again.
      if (!(error instanceof Unavailable)) throw error;
    }
    await deps.sleep(Math.min(LOOK_EVERY_MS, deps.everyMs), signal);
  }
}

async function runOnce(
  { store, policy, sleep }: ScheduleDeps,
  nowMs: number,
  signal: AbortSignal,
): Promise<RetentionReport> {
  const plan = await planRetention(store.reads, { policy, nowMs, signal });
  const operator = { actor: ACTOR, at: new Date(nowMs).toISOString() };
  return runRetention(store, plan, { operator, signal, pause: async () => sleep(PAUSE_MS, signal) });
}
