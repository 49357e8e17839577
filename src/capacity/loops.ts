import type { Cores } from "./cores.ts";
import type { Settled } from "./latencies.ts";
import { batchRecordsMax, type BatchCost, type Plan } from "./plan.ts";

/** How many full batches a process settles at a time (`src/gateway/gateway.ts`), and up to how many streams decide ahead. */
const BATCHES_AT_ONCE = 4;
const AHEAD_STREAMS_MAX = 2;
/** How often a batch asks the store in turn: once for its entry, then for documents, counters and what they need. Each waits for an answer. */
const LEDGER_ASKS = 1;
const DOCUMENT_ASKS = 8;

type Worker = {
  streams: number;
  /** In full batches. */
  inFlight: number;
  isBusy: boolean;
  busyMicros: number;
  readonly queue: { readonly weight: number; readonly run: () => void }[];
};

type Stream = {
  readonly worker: Worker;
  /** A part of the time between two records: not all streams have theirs at once. */
  readonly phase: number;
  taken: number;
  settled: number;
  /** The batch that is decided and waits for the one before it. */
  ready: Settled | null;
  isDeciding: boolean;
  isSettling: boolean;
  /** When its next record arrives, where it found none. */
  wakeMicros: number;
};

/** What the loops work with; times are in microseconds. */
export type LoopsDeps = {
  readonly plan: Plan;
  readonly costs: (records: number) => BatchCost;
  readonly cores: Cores;
  readonly storeCores: Cores;
  readonly waitMicros: number;
  readonly now: () => number;
  readonly later: (micros: number, call: () => void) => void;
  readonly settled: (batch: Settled) => void;
};

/** CPU that was asked for so far, in microseconds. */
export type Asked = { readonly own: number; readonly store: number; readonly broker: number };

/** The loops of all workers. */
export type Loops = {
  /** Gives each free worker what waits for it first, and lets streams fetch whose next record arrived. */
  readonly go: () => void;
  /** When the next record arrives that a stream waits for; Infinity when none does. */
  readonly nextMicros: () => number;
  /** Records that arrived and are not settled; 0 where all were there from the beginning. */
  readonly waitingRecords: () => number;
  readonly asked: () => Asked;
  /** How long the thread of each worker was busy. */
  readonly busyMicros: () => readonly number[];
};

/**
 * The loop of a stream: fetched -> waits for the thread of its worker -> decided -> waits for the batch before it -> entry stored ->
 * documents stored. Where a process reads few streams, the next batch is fetched when the entry is stored, else when the documents are.
 */
export function createLoops(deps: LoopsDeps): Loops {
  const { plan, now } = deps;
  const arrivals = createArrivals(plan, now);
  const workers = Array.from({ length: plan.workers }, newWorker);
  const streams = Array.from({ length: plan.partitions }, (_, at) => newStream(workers, at, plan.partitions));
  const { fetch, dispatch, asked } = createSteps(deps, arrivals);
  for (const stream of streams) fetch(stream);
  return {
    go: () => {
      for (const stream of streams) if (stream.wakeMicros <= now()) fetch(stream);
      workers.forEach(dispatch);
    },
    nextMicros: () => streams.reduce((least, { wakeMicros }) => Math.min(least, wakeMicros), Infinity),
    waitingRecords: () =>
      plan.rate === null ? 0 : streams.reduce((sum, one) => sum + arrivals.count(one) - one.settled, 0),
    asked: () => ({ ...asked }),
    busyMicros: () => workers.map(({ busyMicros }) => busyMicros),
  };
}

/** The steps of a stream, and what they asked for. */
function createSteps(deps: LoopsDeps, arrivals: ReturnType<typeof createArrivals>) {
  const { costs, cores, storeCores, waitMicros, later } = deps;
  const most = batchRecordsMax(deps.plan);
  const asked = { own: 0, store: 0, broker: 0 };
  const fetch = (stream: Stream): void => {
    const { worker, taken } = stream;
    if (stream.isDeciding || stream.ready !== null) return;
    if (stream.isSettling && worker.streams > AHEAD_STREAMS_MAX) return;
    const records = Math.min(most, arrivals.count(stream) - taken);
    stream.wakeMicros = records < 1 ? arrivals.at(stream, taken) : Infinity;
    if (records < 1) return;
    stream.taken += records;
    stream.isDeciding = true;
    const [firstMicros, lastMicros] = [arrivals.at(stream, taken), arrivals.at(stream, taken + records - 1)];
    const run = (): void => decide(stream, { records, firstMicros, lastMicros });
    const { broker } = costs(records);
    asked.broker += broker;
    storeCores.begin(broker, () => worker.queue.push({ weight: records / most, run }));
  };
  const decide = (stream: Stream, batch: Settled): void => {
    const { worker } = stream;
    const { deciding, beside } = costs(batch.records);
    worker.isBusy = true;
    worker.busyMicros += deciding;
    asked.own += deciding + beside;
    cores.begin(beside, nothing);
    cores.begin(deciding, () => {
      worker.isBusy = false;
      stream.isDeciding = false;
      stream.ready = batch;
      settle(stream);
    });
  };
  const settle = (stream: Stream): void => {
    const { ready } = stream;
    if (ready === null || stream.isSettling) return;
    stream.ready = null;
    stream.isSettling = true;
    const { ledger, documents, later: afterwards } = costs(ready.records);
    asked.store += ledger + documents + afterwards;
    const end = (): void => {
      storeCores.begin(afterwards, nothing);
      stream.worker.inFlight -= ready.records / most;
      stream.isSettling = false;
      stream.settled += ready.records;
      deps.settled(ready);
      settle(stream);
      fetch(stream);
    };
    const writeDocuments = (): void => {
      fetch(stream);
      storeCores.begin(documents, () => later(waitMicros * DOCUMENT_ASKS, end));
    };
    storeCores.begin(ledger, () => later(waitMicros * LEDGER_ASKS, writeDocuments));
  };
  const dispatch = (worker: Worker): void => {
    const [next] = worker.queue;
    if (next === undefined || worker.isBusy || worker.inFlight + next.weight > BATCHES_AT_ONCE + CRUMB) return;
    worker.queue.shift();
    worker.inFlight += next.weight;
    next.run();
  };
  return { fetch, dispatch, asked };
}

function nothing(): void {
  return undefined;
}

/** Additions of doubles leave crumbs. */
const CRUMB = 1e-6;

/** Records arrive evenly over time and partitions; without a rate all are there. */
function createArrivals({ rate, partitions }: Plan, now: () => number) {
  const perMicro = rate === null ? Infinity : rate / partitions / 1e6;
  return {
    /** How many arrived by now. */
    count: ({ phase }: Stream): number =>
      perMicro === Infinity ? Infinity : Math.floor(now() * perMicro + phase + CRUMB),
    /** When record number `record` arrives, counted from 0. */
    at: ({ phase }: Stream, record: number): number =>
      perMicro === Infinity ? 0 : Math.max(0, (record + 1 - phase) / perMicro),
  };
}

function newWorker(): Worker {
  return { streams: 0, inFlight: 0, isBusy: false, busyMicros: 0, queue: [] };
}

/** A consumer group gives each worker as many partitions as the next one, or one more. */
function newStream(workers: readonly Worker[], at: number, partitions: number): Stream {
  const worker = workers[at % workers.length];
  if (worker === undefined) throw new Error("Cannot simulate a gateway without workers");
  worker.streams += 1;
  const idle = { taken: 0, settled: 0, ready: null, isDeciding: false, isSettling: false, wakeMicros: Infinity };
  return { worker, phase: at / partitions, ...idle };
}
