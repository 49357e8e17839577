import type { Gateway, StreamState } from "../gateway/gateway.ts";
import type { Totalling, Totals } from "../gateway/totals.ts";
import type { Family } from "../observe/metrics/family.ts";
import type { Load } from "../traffic/hot-keys.ts";
import type { FromWorker, Standing } from "./messages.ts";
import { listen } from "./silence.ts";
import { supervise, type SuperviseDeps, type Supervisee } from "./supervise.ts";

/** Workers that are watched over, seen as one gateway. */
export type Fleet = {
  /** Its streams are those of all workers. `stop` ends them. */
  readonly gateway: Gateway;
  /** What all workers decided since the start of the fleet, lost ones too. */
  readonly totals: Pick<Totalling, "totals" | "newestMs">;
  /** What a stream was seen to take by the worker that has it. */
  readonly loadOf: (stream: string) => Load | null;
  /** The metrics of each worker that answers in time. One that hangs is not asked. */
  readonly families: () => Promise<readonly WorkerFamilies[]>;
  readonly workers: () => readonly FleetWorker[];
  readonly roll: () => Promise<void>;
};

/** `hangs`: it runs, and has said nothing for 10 s, its start included. */
export type FleetWorker = Supervisee & { readonly hangs: boolean };

export type WorkerFamilies = { readonly worker: string; readonly families: readonly Family[] };

export type FleetDeps = Omit<SuperviseDeps, "stood" | "answered">;

/** How long a worker may take to say its metrics: less than a scrape may take. */
export const ANSWER_WITHIN_MS = 5_000;

/** How often workers are told to hasten while somebody waits; less than the time for which they do. */
export const HASTEN_EVERY_MS = 1_000;

/** Starts workers and watches over them. */
export function startFleet(deps: FleetDeps): Fleet {
  const standings = new Map<number, Standing>();
  const { start, isSilent: hangs, close: stopListening } = listen(deps);
  const gone = createSum();
  const waiters = new Set<() => void>();
  const asking = createAsking(deps.later);
  let hastenedMs = -Infinity;
  const hasten = (): void => {
    if (waiters.size === 0 || deps.monotonicMs() - hastenedMs < HASTEN_EVERY_MS) return;
    hastenedMs = deps.monotonicMs();
    for (const { process } of supervised.workers()) process?.tell({ kind: "hasten" });
  };
  const supervised = supervise({
    ...deps,
    start,
    stood: (worker, standing) => {
      if (standing === null) {
        gone.add(standings.get(worker)?.totals);
        standings.delete(worker);
        asking.lost(worker);
      } else {
        standings.set(worker, standing);
      }
      for (const look of waiters) look();
      hasten();
    },
    answered: asking.answered,
  });
  const { promise: done, resolve: end } = Promise.withResolvers<void>();
  const streams = (): readonly StreamState[] => streamsOf([...standings.values()]);
  return {
    gateway: {
      streams,
      ready: () =>
        standings.size === deps.count && [...standings].every(([worker, { ready }]) => ready && !hangs(worker)),
      settled: async (stream, offset, signal) => {
        const isKnown = (): boolean => streams().some((one) => one.stream.id === stream);
        const isSettled = (): boolean =>
          streams().some((one) => one.stream.id === stream && one.settledTo !== null && offset < one.settledTo);
        const waiting = waitFor(waiters, () => isSettled() || !isKnown(), signal);
        hasten();
        await waiting;
        return isSettled();
      },
      // Each worker says its own.
      inFlightBytes: () => 0,
      stop: async () => {
        await supervised.stop();
        stopListening();
        end();
      },
      done,
    },
    totals: {
      totals: () => gone.with([...standings.values()].map(({ totals }) => totals)),
      newestMs: (stream) => newestOf([...standings.values()], stream),
    },
    loadOf: (stream) => loadOf([...standings.values()], stream),
    families: async () =>
      familiesOf(
        supervised.workers().filter(({ worker }) => !hangs(worker)),
        asking.ask,
      ),
    workers: () => supervised.workers().map((one) => ({ ...one, hangs: hangs(one.worker) })),
    roll: supervised.roll,
  };
}

/** What the workers that run say of their metrics in time. */
async function familiesOf(
  workers: readonly Supervisee[],
  ask: ReturnType<typeof createAsking>["ask"],
): Promise<readonly WorkerFamilies[]> {
  const running = workers.filter(({ process }) => process !== null);
  const found = await Promise.all(
    running.map(async ({ worker, process }) => {
      const families = await ask(worker, (number) => process?.tell({ kind: "families", ask: number }));
      return families === null ? [] : [{ worker: String(worker), families }];
    }),
  );
  return found.flat();
}

/** While a stream moves, two workers may speak of it: the one that is further says more. */
function streamsOf(standings: readonly Standing[]): readonly StreamState[] {
  const found = new Map<string, StreamState>();
  for (const one of standings.flatMap(({ streams }) => streams)) {
    const other = found.get(one.stream.id);
    if (other === undefined || (one.decidedTo ?? -1n) > (other.decidedTo ?? -1n)) found.set(one.stream.id, one);
  }
  return [...found.values()].toSorted(({ stream: a }, { stream: b }) =>
    a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition,
  );
}

function newestOf(standings: readonly Standing[], stream: string): number | null {
  const times = saidOf(
    stream,
    standings.flatMap(({ newestMs }) => newestMs),
  );
  return times.length === 0 ? null : Math.max(...times);
}

/** While a stream moves, the worker that saw more of it says more. */
function loadOf(standings: readonly Standing[], stream: string): Load | null {
  const found = saidOf(
    stream,
    standings.flatMap(({ loads }) => loads),
  );
  return found.toSorted((a, b) => b.records - a.records)[0] ?? null;
}

/** What workers say of one stream. */
function saidOf<T>(stream: string, said: readonly (readonly [stream: string, what: T])[]): readonly T[] {
  return said.flatMap(([id, what]) => (id === stream ? [what] : []));
}

const NONE: Totals = { decided: 0, passed: 0, failed: 0, duplicates: 0 };

/** Adds totals of workers that are gone to those of the others. */
function createSum() {
  let sum = NONE;
  const plus = (a: Totals, b: Totals): Totals => ({
    decided: a.decided + b.decided,
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    duplicates: a.duplicates + b.duplicates,
  });
  return {
    add: (totals: Totals = NONE): void => void (sum = plus(sum, totals)),
    with: (others: readonly Totals[]): Totals => others.reduce(plus, sum),
  };
}

/** Questions to workers. One that is lost, or does not answer in time, is left out. */
function createAsking(later: FleetDeps["later"]) {
  const open = new Map<
    number,
    { readonly worker: number; readonly answer: (families: readonly Family[] | null) => void }
  >();
  let last = 0;
  return {
    ask: async (worker: number, tell: (ask: number) => void): Promise<readonly Family[] | null> => {
      last += 1;
      const ask = last;
      const { promise, resolve } = Promise.withResolvers<readonly Family[] | null>();
      open.set(ask, { worker, answer: resolve });
      const takeBack = later(ANSWER_WITHIN_MS, () => resolve(null));
      tell(ask);
      const families = await promise;
      takeBack();
      open.delete(ask);
      return families;
    },
    answered: (_: number, { ask, families }: Extract<FromWorker, { readonly kind: "families" }>): void =>
      open.get(ask)?.answer(families),
    lost: (worker: number): void => {
      for (const one of open.values()) if (one.worker === worker) one.answer(null);
    },
  };
}

async function waitFor(waiters: Set<() => void>, holds: () => boolean, signal: AbortSignal): Promise<void> {
  if (holds() || signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (): void => {
    if (holds()) resolve();
  };
  const giveUp = (): void => resolve();
  waiters.add(look);
  signal.addEventListener("abort", giveUp, { once: true });
  await promise;
  waiters.delete(look);
  signal.removeEventListener("abort", giveUp);
}
