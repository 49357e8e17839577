import type { FromWorker, Standing, ToWorker } from "./messages.ts";

/** How a process ended. */
export type Ended = { readonly code: number | null; readonly signal: string | null };

/** The process of a worker. */
export type WorkerProcess = {
  readonly pid: number | null;
  /** What cannot be told any more is dropped. */
  readonly tell: (message: ToWorker) => void;
};

export type WorkerEvent =
  | { readonly kind: "worker-started"; readonly worker: number; readonly pid: number | null }
  /** It ended, and nobody had told it to. It is started again after `retryMs`. */
  | { readonly kind: "worker-lost"; readonly worker: number; readonly ended: Ended; readonly retryMs: number }
  /** It runs, and says nothing any more: stopped, or held up by the machine. It is not ended for that. */
  | { readonly kind: "worker-silent"; readonly worker: number; readonly pid: number | null }
  /** It was silent, and speaks again. */
  | { readonly kind: "worker-heard"; readonly worker: number }
  /** All workers are replaced, one after another. */
  | { readonly kind: "workers-rolling"; readonly count: number }
  /** What took the place of this worker ended by itself: the others are not replaced. */
  | { readonly kind: "workers-roll-stopped"; readonly worker: number };

export type SuperviseDeps = {
  /** From 1. Worker number 1 is always started as number 1: its name in the group is made of it. */
  readonly count: number;
  /** Starts the process of a worker. Whatever it tells comes before its end. */
  readonly start: (
    worker: number,
    on: { readonly told: (message: FromWorker) => void; readonly ended: (how: Ended) => void },
  ) => WorkerProcess;
  readonly report: (event: WorkerEvent) => void;
  /** Hears of every change of how a worker stands; null: it is gone. */
  readonly stood: (worker: number, standing: Standing | null) => void;
  readonly answered: (worker: number, message: Extract<FromWorker, { readonly kind: "families" }>) => void;
  readonly monotonicMs: () => number;
  /** Calls back once. @returns what takes that back. */
  readonly later: (ms: number, callback: () => void) => () => void;
};

/** Processes that are watched over. */
export type Supervised = {
  /** Each worker by its number, null while it has no process, and how often it was started again because it was lost. */
  readonly workers: () => readonly Supervisee[];
  /**
   * Replaces one worker after another, the next one when the one before is ready, or {@link READY_WITHIN_MS} are over. Stops where a new one ends
   * by itself: what it was started from may end them all. Asked for again meanwhile, it begins anew when it is through.
   */
  readonly roll: () => Promise<void>;
  /** Tells all to stop, and resolves when all have ended. None is started again. */
  readonly stop: () => Promise<void>;
};

export type Supervisee = {
  readonly worker: number;
  readonly process: WorkerProcess | null;
  readonly restarts: number;
};

/**
 * The pause before a lost worker is started again: it doubles with each loss, up to the last. A worker that ran for {@link CALM_MS} begins
 * anew. The first pause is short: its partitions wait for it, and for nobody else.
 */
export const RETRY_MS = { first: 200, last: 30_000 } as const;
export const CALM_MS = 60_000;
/** A replaced worker that is not ready after so long does not keep the others waiting: what ails it may ail all. */
export const READY_WITHIN_MS = 60_000;

type Watched = {
  process: WorkerProcess | null;
  restarts: number;
  /** Losses in a row. */
  losses: number;
  startedMs: number;
  isReady: boolean;
  /** It was told to end. */
  isEnding: boolean;
  takeBack: () => void;
  /** Called at each change. */
  readonly waiting: Set<() => void>;
};

/**
 * Keeps `count` workers running:
 *
 *   running -> lost (it ended by itself) -> pausing -> running
 *   running -> ending (rolled) -> running
 *   any -> ended (stop)
 */
export function supervise(deps: SuperviseDeps): Supervised {
  const all = Array.from({ length: deps.count }, (): Watched => ({ ...NEW, waiting: new Set() }));
  let stopping = false;
  const start = (worker: number, one: Watched): void => {
    one.startedMs = deps.monotonicMs();
    one.isEnding = false;
    one.process = deps.start(worker, {
      told: (message) => {
        if (message.kind === "families") return deps.answered(worker, message);
        if (message.kind === "starting") return;
        one.isReady = message.standing.ready;
        deps.stood(worker, message.standing);
        changed(one);
      },
      ended: (how) => {
        one.process = null;
        one.isReady = false;
        deps.stood(worker, null);
        if (!one.isEnding && !stopping) lost(worker, one, how);
        changed(one);
      },
    });
    deps.report({ kind: "worker-started", worker, pid: one.process.pid });
  };
  const lost = (worker: number, one: Watched, ended: Ended): void => {
    if (deps.monotonicMs() - one.startedMs >= CALM_MS) one.losses = 0;
    const retryMs = Math.min(RETRY_MS.first * 2 ** one.losses, RETRY_MS.last);
    one.losses += 1;
    deps.report({ kind: "worker-lost", worker, ended, retryMs });
    one.takeBack = deps.later(retryMs, () => {
      one.restarts += 1;
      start(worker, one);
    });
  };
  const numbered = (): readonly (readonly [number, Watched])[] => all.map((one, index) => [index + 1, one]);
  for (const [worker, one] of numbered()) start(worker, one);
  return {
    workers: () => numbered().map(([worker, { process, restarts }]) => ({ worker, process, restarts })),
    roll: oneAtATime(async () => replaceAll(deps, numbered(), start, () => stopping)),
    stop: async () => {
      stopping = true;
      for (const one of all) {
        one.takeBack();
        end(one, false);
        changed(one);
      }
      await Promise.all(all.map(async (one) => until(one, () => one.process === null)));
    },
  };
}

/** @param start starts the process of a worker. @param isStopping whether all are told to stop. */
async function replaceAll(
  deps: Pick<SuperviseDeps, "count" | "report" | "later" | "monotonicMs">,
  all: readonly (readonly [number, Watched])[],
  start: (worker: number, one: Watched) => void,
  isStopping: () => boolean,
): Promise<void> {
  deps.report({ kind: "workers-rolling", count: deps.count });
  for (const [worker, one] of all) {
    if (isStopping()) return;
    if (one.process === null) continue;
    end(one, true);
    await until(one, () => one.process === null);
    if (isStopping()) return;
    const { restarts } = one;
    const isLost = (): boolean => one.process === null || one.restarts > restarts;
    start(worker, one);
    const takeBack = deps.later(READY_WITHIN_MS, () => changed(one));
    const limitMs = deps.monotonicMs() + READY_WITHIN_MS;
    await until(one, () => one.isReady || isLost() || isStopping() || deps.monotonicMs() >= limitMs);
    takeBack();
    if (isLost() && !isStopping()) return deps.report({ kind: "workers-roll-stopped", worker });
  }
}

function changed({ waiting }: Watched): void {
  for (const look of waiting) look();
}

/** Two at a time would both start what takes the place of one worker. Of those who ask while it is done, all wait for the same next time. */
function oneAtATime(act: () => Promise<void>): () => Promise<void> {
  let now: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const begin = async (): Promise<void> => {
    next = null;
    now = act();
    try {
      await now;
    } finally {
      now = null;
    }
  };
  return async () => {
    if (next !== null) return next;
    if (now === null) return begin();
    next = now.then(begin);
    return next;
  };
}

const NEW = {
  process: null,
  restarts: 0,
  losses: 0,
  startedMs: 0,
  isReady: false,
  isEnding: false,
  takeBack: (): void => undefined,
} as const;

function end(one: Watched, stays: boolean): void {
  one.isEnding = true;
  one.process?.tell({ kind: "stop", stays });
}

async function until({ waiting }: Watched, holds: () => boolean): Promise<void> {
  if (holds()) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (): void => {
    if (holds()) resolve();
  };
  waiting.add(look);
  await promise;
  waiting.delete(look);
}
