import type { Coefficients } from "./coefficients.ts";
import { createCores, type Cores } from "./cores.ts";
import { createLatencies } from "./latencies.ts";
import { createLoops, type Asked, type Loops } from "./loops.ts";
import { batchCosts, batchRecordsMax, type BatchCost, type Plan } from "./plan.ts";

/** What happened in the measured part of a simulated run. */
export type Simulated = {
  readonly recordsPerSecond: number;
  /** Records that were in the log and not settled, at its end; and how many more each second. */
  readonly waiting: number;
  readonly waitingMore: number;
  /** From the arrival of a record until it is durable, in milliseconds; null where all are there from the beginning. */
  readonly latencyMs: { readonly p50: number; readonly p99: number } | null;
  /** Cores that were busy, on average; those of the store and the broker apart where they have their own. */
  readonly busyCores: number;
  readonly busyStoreCores: number;
  /** How much CPU each asked for, in cores. */
  readonly asked: Asked;
  /** Which part of the time the thread that decides was busy, of the busiest worker: 0 to 1. */
  readonly busiestWorker: number;
};

/** Simulated time that is left out, or some ten batches of each stream where these take longer; three times as long is measured. */
const BEGINNING_MICROS = 1_000_000;
const BEGINNING_WAITS = 90;
const BEGINNING_ROUNDS = 5;
/** A run with more to do ends early: so many steps say enough. */
const STEPS_MAX = 150_000;

/**
 * Runs the gateway's loops on paper (`loops.ts`): whatever takes CPU shares the cores there are, each question to the store its time besides.
 * Nothing in it is random: the same plan gives the same answer.
 */
export function simulate(coefficients: Coefficients, plan: Plan): Simulated {
  const cores = createCores(plan.cores);
  const storeCores = plan.storeCores === null ? cores : createCores(plan.storeCores);
  const pools: readonly Cores[] = storeCores === cores ? [cores] : [cores, storeCores];
  const timers = createTimers();
  const latencies = createLatencies();
  const pace = createPace();
  const waitMicros = (plan.writeMs ?? coefficients.store.writeMs) * 1_000;
  const costs = batchCosts(coefficients, plan);
  const roundMicros = (cpuOf(costs(batchRecordsMax(plan))) * plan.partitions) / plan.cores;
  const beginMicros = Math.max(BEGINNING_MICROS, waitMicros * BEGINNING_WAITS, roundMicros * BEGINNING_ROUNDS);
  const endMicros = beginMicros * 4;
  let now = 0;
  const loops = createLoops({
    plan,
    costs,
    cores,
    storeCores,
    waitMicros,
    now: () => now,
    later: (micros, call) => timers.add(now + micros, call),
    settled: (batch) => {
      if (now < beginMicros) return;
      latencies.add(batch, now);
      pace.add(batch.records, now);
    },
  });
  let began: Mark | null = null;
  for (let step = 0; step < STEPS_MAX && now < endMicros; step += 1) {
    if (now >= beginMicros) began ??= markOf(now, loops, cores, storeCores);
    loops.go();
    const passed = Math.min(
      ...pools.map((pool) => pool.nextMicros()),
      Math.max(0, Math.min(timers.nextMicros(), loops.nextMicros(), endMicros) - now),
    );
    now += passed;
    for (const pool of pools) pool.pass(passed);
    timers.call(now);
  }
  const ended = markOf(now, loops, cores, storeCores);
  const from = began ?? NOTHING;
  const micros = Math.max(1, ended.now - from.now);
  const { percentile } = latencies;
  return {
    recordsPerSecond: pace.perSecond(),
    waiting: ended.waiting,
    waitingMore: ((ended.waiting - from.waiting) * 1e6) / micros,
    latencyMs: plan.rate === null ? null : { p50: percentile(0.5), p99: percentile(0.99) },
    busyCores: (ended.spent - from.spent) / micros,
    busyStoreCores: storeCores === cores ? 0 : (ended.storeSpent - from.storeSpent) / micros,
    asked: {
      own: (ended.asked.own - from.asked.own) / micros,
      store: (ended.asked.store - from.asked.store) / micros,
      broker: (ended.asked.broker - from.asked.broker) / micros,
    },
    busiestWorker: Math.max(...ended.busy.map((busy, at) => (busy - (from.busy[at] ?? 0)) / micros)),
  };
}

function cpuOf({ broker, deciding, beside, ledger, documents, later }: BatchCost): number {
  return broker + deciding + beside + ledger + documents + later;
}

type Mark = {
  readonly now: number;
  readonly waiting: number;
  readonly spent: number;
  readonly storeSpent: number;
  readonly asked: Asked;
  readonly busy: readonly number[];
};

const NOTHING: Mark = {
  now: 0,
  waiting: 0,
  spent: 0,
  storeSpent: 0,
  asked: { own: 0, store: 0, broker: 0 },
  busy: [],
};

function markOf(now: number, loops: Loops, cores: Cores, storeCores: Cores): Mark {
  const waiting = loops.waitingRecords();
  const [spent, storeSpent] = [cores.spent(), storeCores.spent()];
  return { now, waiting, spent, storeSpent, asked: loops.asked(), busy: loops.busyMicros() };
}

/** From one batch to the last: a part of a batch at either end would count for much where batches are few. */
function createPace() {
  let [first, last, records] = [0, 0, 0];
  return {
    add: (more: number, now: number): void => {
      if (first === 0) first = now;
      else records += more;
      last = now;
    },
    perSecond: (): number => (records === 0 ? 0 : (records * 1e6) / (last - first)),
  };
}

function createTimers() {
  let all: { readonly atMicros: number; readonly call: () => void }[] = [];
  return {
    add: (atMicros: number, call: () => void): void => void all.push({ atMicros, call }),
    nextMicros: (): number => all.reduce((least, { atMicros }) => Math.min(least, atMicros), Infinity),
    call: (now: number): void => {
      const due = all.filter(({ atMicros }) => atMicros <= now);
      if (due.length === 0) return;
      all = all.filter(({ atMicros }) => atMicros > now);
      for (const { call } of due) call();
    },
  };
}
