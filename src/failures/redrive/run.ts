import type { CompiledContractSet } from "../../core/compiled.ts";
import type { Halt, Observe } from "../../gateway/event.ts";
import type { IngestDeps } from "../../gateway/ingest-deps.ts";
import { ingestStream } from "../../gateway/ingest.ts";
import type { Operator } from "../../gateway/operate.ts";
import { redriveNote, redriveOf } from "../../ledger/redrive-stream.ts";
import { operatorActions } from "../../operator/actions.ts";
import type { Source, Stream } from "../../source/source.ts";
import type { Store } from "../../store/store.ts";
import { contractsChanged, finishRedrive, noPlan, planDamaged, readRedrives, type RedriveRefusal } from "./act.ts";
import { setDigest } from "./make-plan.ts";
import { SEEN_EVERY_MS } from "./seen.ts";
import { readPlan, type RedrivePlan } from "./plan.ts";
import { endOf, planSource, streamsOf } from "./source.ts";
import { createRedriveBook, type RedriveState } from "./states.ts";
import { createThrottle } from "./throttle.ts";
import { offsetsDigest } from "./verify.ts";

export type RunDeps = Pick<IngestDeps, "learnSchemaIds" | "evidence" | "mirror" | "sleep" | "clock" | "random"> & {
  readonly store: Store;
  /** The live contract set. */
  readonly contracts: () => CompiledContractSet;
  /** Receives the events of the run's streams. */
  readonly observe: Observe;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** Whether live streams have a backlog: the run then waits. Never when absent. */
  readonly isBusy?: () => Promise<boolean>;
};

export type RunOptions = {
  /** Who records that the plan is done. It is asked when it is. */
  readonly operator: () => Operator;
  /** Records a second; null: no limit. */
  readonly rate: number | null;
  /** What the run does when another runner of the plan is ahead of it: it waits for its turn, or ends as `overtaken`. Waits when absent. */
  readonly whenOvertaken?: "wait" | "end";
  readonly signal: AbortSignal;
};

/** How a run ended. */
export type RunEnd =
  | { readonly kind: "done" }
  /** Somebody paused or cancelled it, or it was never started. */
  | { readonly kind: "stopped"; readonly state: RedriveState }
  /** The signal aborted; the plan still counts as running. */
  | { readonly kind: "interrupted" }
  /** Another runner of the plan is ahead. */
  | { readonly kind: "overtaken" }
  | { readonly kind: "refused"; readonly refusal: RedriveRefusal }
  /** A stream of the run cannot go on. */
  | { readonly kind: "halted"; readonly stream: Stream; readonly halt: Halt };

/** Records of a batch: few, so that live streams wait little for the store. */
const BATCH = { recordsMax: 1_000, bytesMax: 4_194_304, waitMs: 0 } as const;

/**
 * Runs a started plan until everything in it is decided, or until somebody pauses or cancels it. The records go through the same
 * steps as those of a log (gateway/ingest.ts), in streams of their own: a run that was killed goes on where its ledger ends, and two
 * runs of one plan at a time do no harm.
 */
export async function runRedrive(deps: RunDeps, id: string, options: RunOptions): Promise<RunEnd> {
  const { store } = deps;
  const standing = (await readRedrives(store.reads)).of(id);
  if (standing === null) return { kind: "refused", refusal: noPlan(id) };
  if (standing.state !== "running") return { kind: "stopped", state: standing.state };
  const plan = await readPlan(store.reads, id, standing.planDigest);
  if (plan === null || (await offsetsDigest(store.reads, plan)) !== standing.digest)
    return { kind: "refused", refusal: planDamaged(id) };
  const run = createRun(deps, plan, options);
  try {
    if (!run.isSameSet()) return { kind: "refused", refusal: contractsChanged(id) };
    for (const stream of streamsOf(plan)) {
      const end = await runStream(deps, plan, stream, run);
      if (end !== null) return end;
    }
  } finally {
    run.release();
  }
  const refusal = await finishRedrive(store, id, options.operator());
  if (refusal === null) return { kind: "done" };
  // Another runner of the same plan may have recorded its end.
  const state = (await readRedrives(store.reads)).of(id)?.state ?? "cancelled";
  return stoppedIn(state);
}

/** The end of a run whose plan is in a state other than running: another runner of the plan may have been done first. */
function stoppedIn(state: RedriveState): RunEnd {
  return state === "done" ? { kind: "done" } : { kind: "stopped", state };
}

type Run = {
  readonly stop: AbortController;
  readonly source: Source;
  /** Why the run stopped; null while it goes on. */
  readonly why: () => RunEnd | null;
  readonly isSameSet: () => boolean;
  /** The contract set that decides: the last one live that has the plan's digest. */
  readonly contracts: () => CompiledContractSet;
  readonly whenOvertaken: "wait" | "end";
  /** Lets go of the signal, which lives longer than the run. */
  readonly release: () => void;
};

/** What all streams of a run share: the source, which looks before each batch whether the run is to go on, and how fast. */
function createRun(deps: RunDeps, plan: RedrivePlan, { rate, signal, whenOvertaken = "wait" }: RunOptions): Run {
  const stop = new AbortController();
  let why: RunEnd | null = null;
  const stopWith = (end: RunEnd): void => {
    why ??= end;
    stop.abort();
  };
  if (signal.aborted) stopWith({ kind: "interrupted" });
  const interrupt = (): void => stopWith({ kind: "interrupted" });
  signal.addEventListener("abort", interrupt, { once: true });
  let pinned = deps.contracts();
  const isSameSet = (): boolean => {
    const set = deps.contracts();
    if (set === pinned) return setDigest(set) === plan.contractSet;
    if (setDigest(set) !== plan.contractSet) return false;
    pinned = set;
    return true;
  };
  const book = createRedriveBook();
  let next = 0;
  const stateNow = async (): Promise<RedriveState> => {
    for await (const action of operatorActions(deps.store.reads, next)) {
      book.see(action);
      next = action.seq + 1;
    }
    return book.of(plan.id)?.state ?? "cancelled";
  };
  const throttle = createThrottle(rate, deps);
  let seenMs = Number.NEGATIVE_INFINITY;
  const noteSeen = async (): Promise<void> => {
    const nowMs = deps.clock.nowMs();
    if (nowMs - seenMs < SEEN_EVERY_MS) return;
    seenMs = nowMs;
    await deps.store.noteRedriveSeen(plan.id, new Date(nowMs).toISOString());
  };
  const source = planSource(deps.store.reads, plan);
  const recordsMax = rate === null ? BATCH.recordsMax : Math.max(1, Math.min(BATCH.recordsMax, rate));
  return {
    stop,
    why: () => why,
    isSameSet,
    whenOvertaken,
    release: () => signal.removeEventListener("abort", interrupt),
    contracts: () => (isSameSet(), pinned),
    source: {
      ...source,
      fetch: async (stream, from, limits, fetchSignal) => {
        await noteSeen();
        await throttle.wait(stop.signal);
        const state = stop.signal.aborted ? null : await stateNow();
        if (state !== null && state !== "running") stopWith(stoppedIn(state));
        else if (!isSameSet()) stopWith({ kind: "refused", refusal: contractsChanged(plan.id) });
        if (stop.signal.aborted) return { kind: "empty" };
        const fetched = await source.fetch(stream, from, { ...limits, recordsMax }, fetchSignal);
        if (fetched.kind === "records") throttle.took(fetched.count);
        return fetched;
      },
    },
  };
}

/** Another runner decides this stream now: this one waits before it looks again, so that it does not decide everything in vain. */
const OTHER_RUNNER_WAIT_MS = 2_000;

/** Runs one stream of a plan. @returns null when everything in it is decided. */
async function runStream(deps: RunDeps, plan: RedrivePlan, stream: Stream, run: Run): Promise<RunEnd | null> {
  const planned = plan.streams.find(({ number }) => number === redriveOf(stream.id)?.source);
  if (planned === undefined) throw new Error(`Cannot run ${stream.id}: plan ${plan.id} has no such stream`);
  const end = endOf(planned);
  const own = new AbortController();
  let [isOver, isLost] = [false, false];
  const observe: Observe = (event) => {
    if (event.kind === "stream-acquired" || event.kind === "batch-settled") {
      isOver = (event.kind === "batch-settled" ? event.to : event.position) >= end;
      if (isOver) own.abort();
    }
    if (event.kind === "ledger-lost") {
      isLost = true;
      own.abort();
    }
    deps.observe(event);
  };
  const ingesting: IngestDeps = {
    ...deps,
    source: run.source,
    contracts: run.contracts,
    limits: BATCH,
    decidesAhead: () => true,
    redrive: { noteOf: () => redriveNote(plan.digest, planned.stream) },
    observe,
  };
  const signal = AbortSignal.any([own.signal, run.stop.signal]);
  const stopped = await ingestStream(ingesting, stream, signal);
  if (isOver) return null;
  if (stopped !== null) return { kind: "halted", stream, halt: stopped.halt };
  const why = run.why();
  if (why !== null) return why;
  if (isLost && run.whenOvertaken === "end") return { kind: "overtaken" };
  if (isLost) await deps.sleep(OTHER_RUNNER_WAIT_MS, run.stop.signal);
  return runStream(deps, plan, stream, run);
}
