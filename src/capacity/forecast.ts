import { costOf, averageOf, batchRecordsMax, type Plan } from "./plan.ts";
import type { Coefficients } from "./coefficients.ts";
import { simulate, type Simulated } from "./simulate.ts";

/** What a deployment will do. */
export type Forecast = {
  /** Records settled in a second. */
  readonly recordsPerSecond: number;
  /** How many more records wait each second; 0 where what arrives is settled. */
  readonly fallsBehind: number;
  /** Records that wait on average while nothing falls behind; null where all are there already, or where it falls behind. */
  readonly waiting: number | null;
  /** From arrival to durable, in milliseconds; null as `waiting`. */
  readonly latencyMs: { readonly p50: number; readonly p99: number } | null;
  /** Cores that are busy: of our processes, of MongoDB, of Kafka. */
  readonly cores: { readonly own: number; readonly store: number; readonly broker: number };
  /** Of our processes, the one that watches over several workers among them. */
  readonly memoryMegabytes: number;
  /** What a day adds in MongoDB, with indexes, in bytes; and in Kafka, of values alone. */
  readonly diskBytesPerDay: { readonly store: number; readonly log: number };
  readonly limitedBy: Limit;
};

/**
 * What keeps it from more: the threads that decide (more workers, as long as there are partitions), the cores of the machine or of the
 * store, the store's time to write (more partitions, larger batches); "arrival" where it settles all that arrives.
 */
export type Limit = "arrival" | "workers" | "cores" | "store cores" | "store latency";

const DAY_SECONDS = 86_400;
/** Where a larger part of what arrives stays, and more than a few records of each partition, it falls behind: a run ends within a batch. */
const LEFT = 0.01;
/** What is busy for so much of the time is full. */
const FULL = 0.95;
/** Batches of a process in memory: four that are settled, and one page for each stream that waits. */
const BATCHES_AT_ONCE = 4;

/** Predicts what a plan comes to, by {@link simulate}. */
export function forecast(coefficients: Coefficients, plan: Plan): Forecast {
  const run = simulate(coefficients, plan);
  const { rate } = plan;
  const recordsPerSecond = Math.min(run.recordsPerSecond, rate ?? Infinity);
  const behind = rate !== null && run.waitingMore > rate * LEFT && run.waiting > plan.partitions;
  const calm = rate !== null && !behind;
  return {
    recordsPerSecond: calm ? rate : recordsPerSecond,
    fallsBehind: behind ? rate - recordsPerSecond : 0,
    waiting: calm ? run.waiting : null,
    latencyMs: calm ? run.latencyMs : null,
    cores: coresOf(plan, run),
    memoryMegabytes: memoryOf(coefficients, plan),
    diskBytesPerDay: diskOf(coefficients, plan, calm ? rate : recordsPerSecond),
    limitedBy: limitOf(plan, run, calm),
  };
}

/** What was asked for is not more than what there was; a batch asks before it gets. */
function coresOf({ storeCores }: Plan, { asked, busyCores, busyStoreCores }: Simulated): Forecast["cores"] {
  const { own, store, broker } = asked;
  const got = (busy: number, all: number): number => (all === 0 ? 0 : busy / all);
  const ours = storeCores === null ? got(busyCores, own + store + broker) : got(busyCores, own);
  const theirs = storeCores === null ? ours : got(busyStoreCores, store + broker);
  return { own: own * ours, store: store * theirs, broker: broker * theirs };
}

function memoryOf({ memory }: Coefficients, plan: Plan): number {
  const { workers, partitions, recordBytes } = plan;
  const batch = (batchRecordsMax(plan) * recordBytes) / 1e6;
  const batches = workers * BATCHES_AT_ONCE + partitions;
  return (workers > 1 ? memory.watching : 0) + workers * memory.worker + batches * batch * memory.perMegabyte;
}

function diskOf({ disk }: Coefficients, plan: Plan, perSecond: number): Forecast["diskBytesPerDay"] {
  const { recordBytes } = plan;
  const record = averageOf(disk, plan) + costOf(disk.ledger, recordBytes);
  return { store: record * perSecond * DAY_SECONDS, log: recordBytes * perSecond * DAY_SECONDS };
}

function limitOf({ cores, storeCores }: Plan, run: Simulated, calm: boolean): Limit {
  if (calm) return "arrival";
  if (run.busiestWorker >= FULL) return "workers";
  if (run.busyCores >= cores * FULL) return "cores";
  return storeCores !== null && run.busyStoreCores >= storeCores * FULL ? "store cores" : "store latency";
}
