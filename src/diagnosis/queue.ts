import { Unavailable } from "../core/unavailable.ts";
import { afterOutage, INTACT, isAway, type Breaker } from "./breaker.ts";
import type { Diagnosed } from "./diagnose.ts";
import { isOutage } from "./diagnoser.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { DiagnosisEvent, ReportDiagnosis } from "./event.ts";

export type QueueDeps = {
  /** Asks about one group. @throws `Unavailable` when the store cannot be used. */
  readonly diagnose: (fingerprint: string, again: boolean, signal: AbortSignal) => Promise<Diagnosed>;
  /** On how many groups there is advice of this time or later, of all gateways on the store. */
  readonly adviceSince: (fromMs: number) => Promise<number>;
  /** Questions in a day (UTC). */
  readonly dailyCap: number;
  readonly report: ReportDiagnosis;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves after so long, or when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** `waiting`: it is or was put into the queue. The others say why it was not. */
export type Requested = "waiting" | "full" | "capped" | "away";

export type DiagnosisQueue = {
  /** Takes the groups that a settled batch gave failures. Never throws, never waits. */
  readonly offer: (fingerprints: readonly string[]) => void;
  /** Takes a group that a person asks about, before those that nobody asked about; also when there is advice on it. */
  readonly request: (fingerprint: string) => Requested;
  readonly stateOf: (fingerprint: string) => "waiting" | "asking" | null;
  /** Aborts the question that is being asked, and forgets the others. */
  readonly close: () => Promise<void>;
};

/** Groups that wait. */
export const WAITING_MAX = 1_000;
/** Groups that are remembered as asked about, so that the store is not searched for their advice at each batch. */
const SEEN_MAX = 10_000;
/** Attempts on one group while the server fails: a question that makes it fail must not keep the others waiting for ever. */
const ATTEMPTS_MAX = 3;
const STORE_AWAY_MS = 5_000;
const DAY_MS = 86_400_000;

type Waiting = { readonly again: boolean; readonly attempts: number };

/** What a queue knows. */
type QueueState = {
  readonly waiting: Map<string, Waiting>;
  readonly seen: Set<string>;
  asking: string | null;
  breaker: Breaker;
};

/**
 * Asks about groups one at a time, behind everything else: nobody waits for it, and whatever happens to it changes nothing but the
 * advice. Each group is asked about once; a group that failed is asked about again when a person says so, or the process starts anew.
 */
export function createDiagnosisQueue(deps: QueueDeps): DiagnosisQueue {
  const { now, sleep, report } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  const state: QueueState = { waiting: new Map(), seen: new Set(), asking: null, breaker: INTACT };
  const { waiting, seen } = state;
  let running: Promise<void> | null = null;
  const days = countDays(deps);

  const run = async (): Promise<void> => {
    while (waiting.size > 0 && !signal.aborted) {
      const pauseMs = Math.max(state.breaker.closedUntilMs - now(), (await days.waitMs(waiting.size)) ?? STORE_AWAY_MS);
      if (pauseMs > 0) await sleep(pauseMs, signal);
      else await askNext(deps, state, days, signal);
    }
    running = null;
  };
  const start = (): void => {
    if (waiting.size > 0 && !signal.aborted) running ??= run();
  };

  return {
    offer: (fingerprints) => {
      let dropped = 0;
      for (const fingerprint of fingerprints) {
        if (seen.has(fingerprint) || waiting.has(fingerprint)) continue;
        if (waiting.size >= WAITING_MAX) dropped += 1;
        else {
          remember(seen, fingerprint);
          waiting.set(fingerprint, { again: false, attempts: 0 });
        }
      }
      if (dropped > 0) report({ kind: "diagnosis-dropped", count: dropped });
      start();
    },
    request: (fingerprint) => {
      if (state.asking === fingerprint) return "waiting";
      if (isAway(state.breaker)) return "away";
      if (days.isSpent()) return "capped";
      if (waiting.size >= WAITING_MAX && !waiting.has(fingerprint)) return "full";
      const others = [...waiting].filter(([one]) => one !== fingerprint);
      waiting.clear();
      waiting.set(fingerprint, { again: true, attempts: 0 });
      for (const [one, how] of others) waiting.set(one, how);
      remember(seen, fingerprint);
      start();
      return "waiting";
    },
    stateOf: (fingerprint) => (state.asking === fingerprint ? "asking" : waiting.has(fingerprint) ? "waiting" : null),
    close: async () => {
      stopping.abort();
      waiting.clear();
      await running;
    },
  };
}

async function askNext(deps: QueueDeps, state: QueueState, days: Days, signal: AbortSignal): Promise<void> {
  const { waiting } = state;
  const { now, report } = deps;
  const [next] = waiting;
  if (next === undefined) return;
  const [fingerprint, { again, attempts }] = next;
  waiting.delete(fingerprint);
  state.asking = fingerprint;
  try {
    const diagnosed = await deps.diagnose(fingerprint, again, signal);
    if (diagnosed.kind !== "diagnosed") return;
    days.spend();
    const { diagnosis } = diagnosed;
    const failed = diagnosis.outcome === "failed" && isOutage(diagnosis.code);
    state.breaker = failed ? afterOutage(state.breaker, now()) : INTACT;
    tell(report, diagnosis);
    if (!failed) return;
    if (isAway(state.breaker)) {
      const retryInMs = state.breaker.closedUntilMs - now();
      report({ kind: "diagnosis-paused", message: diagnosis.message, retryInMs });
    }
    if (attempts + 1 < ATTEMPTS_MAX) waiting.set(fingerprint, { again, attempts: attempts + 1 });
  } catch (error) {
    if (!(error instanceof Unavailable)) return report(brokenBy(error as Error, fingerprint));
    // The streams report the same outage.
    waiting.set(fingerprint, { again, attempts });
    await deps.sleep(STORE_AWAY_MS, signal);
  } finally {
    state.asking = null;
  }
}

/** A bug here must not end the process, which is busy with more important things. */
function brokenBy({ name, stack = "" }: Error, fingerprint: string): DiagnosisEvent {
  const where = /^ +at .*$/m.exec(stack)?.[0].trim() ?? "unknown";
  return { kind: "diagnosis-broken", fingerprint, name, where };
}

function remember(seen: Set<string>, fingerprint: string): void {
  seen.add(fingerprint);
  for (const oldest of seen) {
    if (seen.size <= SEEN_MAX) break;
    seen.delete(oldest);
  }
}

function tell(report: ReportDiagnosis, diagnosis: Diagnosis): void {
  const { fingerprint, model, durationMs } = diagnosis;
  if (diagnosis.outcome === "advised") {
    const { confidence_level: confidence } = diagnosis.advice;
    return report({ kind: "diagnosis-done", fingerprint, model, confidence, durationMs });
  }
  const { code, message, remedy } = diagnosis;
  report({ kind: "diagnosis-failed", fingerprint, model, code, message, remedy, durationMs });
}

type Days = {
  /** How long nothing may be asked; 0: now; null: the store cannot say. */
  readonly waitMs: (waiting: number) => Promise<number | null>;
  readonly isSpent: () => boolean;
  readonly spend: () => void;
};

/** Counts the questions of a day: those of this process, and by the advice in the store those of others and of processes before. */
function countDays({ dailyCap, adviceSince, now, report }: QueueDeps): Days {
  let day = -1;
  let asked = 0;
  let isTold = false;
  const today = (): number => {
    const current = Math.floor(now() / DAY_MS);
    if (current !== day) [day, asked, isTold] = [current, 0, false];
    return current;
  };
  return {
    waitMs: async (waiting) => {
      const current = today();
      try {
        asked = Math.max(asked, await adviceSince(current * DAY_MS));
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        return null;
      }
      if (asked < dailyCap) return 0;
      if (!isTold) report({ kind: "diagnosis-capped", cap: dailyCap, waiting });
      isTold = true;
      return (current + 1) * DAY_MS - now();
    },
    isSpent: () => {
      today();
      return asked >= dailyCap;
    },
    spend: () => {
      today();
      asked += 1;
    },
  };
}
