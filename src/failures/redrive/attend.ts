import { Unavailable } from "../../core/unavailable.ts";
import type { RedriveEvent } from "../../gateway/event.ts";
import { unlessAborted } from "../../gateway/within.ts";
import { redriveStreamId } from "../../ledger/redrive-stream.ts";
import { operatorActions } from "../../operator/actions.ts";
import type { Store } from "../../store/store.ts";
import { pauseRedrive } from "./act.ts";
import { readPlan } from "./plan.ts";
import { runRedrive, type RunDeps, type RunEnd } from "./run.ts";
import { createRedriveBook, type RedriveStanding } from "./states.ts";

/** How often the operator log is read for plans, in milliseconds. */
const POLL_MS = 1_000;
/** A plan that has begun is taken up when nothing in its ledgers moved for so many polls: else another gateway runs it. */
const STILL_POLLS = 3;
/**
 * After a refusal or a halt a plan is tried once more, so many polls later, before it is paused: while gateways are replaced one by
 * one, the contracts or the engine of this one may be those of before.
 */
const GRACE_POLLS = 60;
/** Plans that one gateway runs at a time; they are of different contracts. */
const PLANS_AT_ONCE = 4;

export type AttendDeps = RunDeps & {
  readonly report: (event: RedriveEvent) => void;
};

/** A plan that this gateway runs. */
type Attended = { readonly rate: number | null; readonly abort: AbortController; readonly ended: Promise<void> };

/** What this gateway saw of a plan that it does not run. */
type Watched = {
  /** Entries in the ledgers of the run's streams. */
  readonly entries: number;
  /** Polls in which they did not move; below zero: so many more than usual are waited for. */
  readonly still: number;
  readonly wasRefused: boolean;
};

/**
 * Runs the plans that the operator log gives to the gateways, until the signal aborts. Each poll of the operator log starts what is
 * to run, and stops what is not, or not at this rate:
 *
 *   unseen -> runs (nothing of it was run) | watched (entries in its ledgers)
 *   watched -> watched (they move: another gateway runs it) | runs (they are still)
 *   runs -> over | watched (another gateway is ahead, or there is trouble) | watched, longer (refused or halted) -> runs -> paused
 *
 * No gateway claims a plan: two that run one at a time are safe (P4), and one of them soon only watches. So a plan goes on by itself
 * when the gateway that ran it is gone.
 */
export async function attendRedrives(deps: AttendDeps, signal: AbortSignal): Promise<void> {
  const book = createRedriveBook();
  const running = new Map<string, Attended>();
  const watched = new Map<string, Watched>();
  let next = 0;
  const look = async (): Promise<void> => {
    for await (const action of operatorActions(deps.store.reads, next)) {
      book.see(action);
      next = action.seq + 1;
    }
    await reconcile(deps, wantedOf(book.all()), running, watched, signal);
  };
  while (!signal.aborted) {
    try {
      // It only reads: nobody who stops waits for a store that does not answer.
      await unlessAborted(signal, look());
    } catch (error) {
      // The streams report the same trouble.
      if (!(error instanceof Unavailable)) throw error;
    }
    await deps.sleep(POLL_MS, signal);
  }
  for (const { abort } of running.values()) abort.abort();
  await Promise.all([...running.values()].map(async ({ ended }) => ended));
}

/** The plans that the gateways are to run, in the order in which they were made. */
function wantedOf(plans: readonly RedriveStanding[]): readonly RedriveStanding[] {
  return plans.filter(({ state, run }) => state === "running" && run?.by === "gateway");
}

async function reconcile(
  deps: AttendDeps,
  wanted: readonly RedriveStanding[],
  running: Map<string, Attended>,
  watched: Map<string, Watched>,
  signal: AbortSignal,
): Promise<void> {
  for (const [id, { rate, abort }] of running)
    if (!wanted.some((one) => one.id === id && one.run?.rate === rate)) abort.abort();
  for (const id of watched.keys()) if (!wanted.some((one) => one.id === id)) watched.delete(id);
  for (const plan of wanted) {
    if (running.has(plan.id) || running.size >= PLANS_AT_ONCE) continue;
    if ((await isAnothers(deps.store, plan, watched)) || signal.aborted) continue;
    running.set(plan.id, start(deps, plan, running, watched));
  }
}

/** Whether another gateway seems to run the plan: its ledgers move. */
async function isAnothers(
  store: Pick<Store, "reads" | "tail">,
  { id, planDigest }: RedriveStanding,
  watched: Map<string, Watched>,
): Promise<boolean> {
  const plan = await readPlan(store.reads, id, planDigest);
  const streams = plan?.streams ?? [];
  const tails = await Promise.all(
    streams.map(async ({ number }) => store.tail(redriveStreamId({ plan: id, source: number }))),
  );
  const entries = tails.reduce((sum, tail) => sum + (tail === null ? 0 : tail.seq + 1), 0);
  const before = watched.get(id);
  if (before === undefined && entries === 0) return false;
  const hasMoved = before === undefined || before.entries !== entries;
  const still = hasMoved ? Math.min(before?.still ?? 0, 0) : before.still + 1;
  watched.set(id, { entries, still, wasRefused: before?.wasRefused ?? false });
  return still < STILL_POLLS;
}

function start(
  deps: AttendDeps,
  { id, count, run }: RedriveStanding,
  running: Map<string, Attended>,
  watched: Map<string, Watched>,
): Attended {
  const rate = run?.rate ?? null;
  const abort = new AbortController();
  deps.report({ kind: "redrive-started", plan: id, count, rate });
  const toEnd = async (): Promise<void> => {
    const { end, trouble } = await runHere(deps, id, rate, abort.signal);
    const wasRefused = watched.get(id)?.wasRefused ?? false;
    const isRefused = end === "refused" || end === "halted";
    const isPaused = end === "broken" || (isRefused && wasRefused);
    if (isPaused) await pauseFor(deps, id, trouble?.message ?? end);
    // Nothing that is stored has this number of entries: the first look counts as a move.
    watched.set(id, { entries: -1, still: isRefused ? -GRACE_POLLS : 0, wasRefused: isRefused });
    running.delete(id);
  };
  return { rate, abort, ended: toEnd() };
}

type Ended = Omit<Extract<RedriveEvent, { readonly kind: "redrive-ended" }>, "kind" | "plan">;

/** Runs a plan, and reports how that ended. It never rejects: a plan that finds a bug must not end the live streams. */
async function runHere(deps: AttendDeps, id: string, rate: number | null, signal: AbortSignal): Promise<Ended> {
  const operator = () => ({ actor: ACTOR, at: isoNow(deps), reason: "every record of the plan is decided" });
  const options = { operator, rate, signal, whenOvertaken: "end" } as const;
  const ended = await runRedrive(deps, id, options).then(endedOf, brokenOf);
  deps.report({ kind: "redrive-ended", plan: id, ...ended });
  return ended;
}

function endedOf(end: RunEnd): Ended {
  switch (end.kind) {
    case "done":
    case "interrupted":
    case "overtaken":
      return { end: end.kind };
    case "stopped":
      return { end: end.state };
    case "refused":
      return { end: end.kind, trouble: end.refusal };
    case "halted":
      return { end: end.kind, trouble: end.halt };
  }
}

/** Where the store does not answer, the next poll finds the plan again. */
function brokenOf(error: unknown): Ended {
  if (error instanceof Unavailable) {
    const { code, message, remedy } = error;
    return { end: "trouble", trouble: { code, message, remedy } };
  }
  const message = `A bug of the gateway ended the run: ${error instanceof Error ? error.message : String(error)}`;
  return { end: "broken", trouble: { code: "bug", message, remedy: "report it; the live streams go on" } };
}

/** Who pauses and ends plans in the operator log, where no person does. */
const ACTOR = "gateway";

/** A plan that cannot go on must not keep other plans of its contract from running. */
async function pauseFor(deps: AttendDeps, id: string, reason: string): Promise<void> {
  try {
    await pauseRedrive(deps.store, id, { actor: ACTOR, at: isoNow(deps), reason });
  } catch (error) {
    // It is refused again, and then paused.
    if (!(error instanceof Unavailable)) throw error;
  }
}

function isoNow({ clock }: AttendDeps): string {
  return new Date(clock.nowMs()).toISOString();
}
