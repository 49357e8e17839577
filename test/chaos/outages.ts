import { setTimeout as delay } from "node:timers/promises";
import type { KafkaServer } from "../servers/kafka.ts";
import { PATIENCE_MS, until } from "../patience.ts";
import type { Arena } from "./arena.ts";
import { allMoved, endsOf } from "./chaos.ts";
import type { FaultProxy } from "./proxy.ts";

/** What is disturbed: a broker and workers that are killed and frozen, and the way from the workers to the store. */
export type OutageDeps = Pick<Arena, "journal" | "fleet" | "documents" | "random"> & {
  readonly broker: Pick<KafkaServer, "kill" | "restart" | "freeze">;
  readonly store: Pick<FaultProxy, "set" | "reset" | "lostBytes">;
};

/** What really happened, so far: an outage that hits nobody proves nothing. */
export type OutageReport = {
  brokerKills: number;
  brokerFreezes: number;
  /** Producers' requests that were under way when each outage began. */
  readonly cutOff: number[];
  workerKills: number;
  /** Workers that slept over a broker's death, until others had moved every partition. */
  overtaken: number;
  /** Faults between the workers and the store, and the bytes that they lost. */
  storeFaults: number;
  storeLostBytes: number;
};

export function newOutageReport(): OutageReport {
  const broker = { brokerKills: 0, brokerFreezes: 0, cutOff: [] };
  return { ...broker, workerKills: 0, overtaken: 0, storeFaults: 0, storeLostBytes: 0 };
}

const SLICE_RECORDS = 500;
/** Offsets that may wait to be decided before the producers pause: records are there to be disturbed, not to be many. */
const BACKLOG_MAX = 5_000n;
/** Most records between the beginning of a round and its outage. */
const AIM_RECORDS = 3_000;
const LOOK_EVERY_MS = 50;
/** How long the broker stands still: less and more than a session of the consumer group lasts. */
const FROZEN_MS = { min: 1_000, max: 5_000 } as const;

type Round = (deps: OutageDeps, report: OutageReport) => Promise<void>;

/** A worker killed and a broker gone: whoever replaces the worker is turned away until the broker is back. */
const brokerKilled: Round = async (deps, report) => {
  const { broker, fleet } = deps;
  await killBroker(deps, report);
  await killWorker(fleet, report);
  const { turnedAway } = fleet;
  const before = turnedAway();
  await until(() => turnedAway() > before);
  await broker.restart();
};

/** A broker that hangs while the store answers nobody, and a worker that is replaced meanwhile. */
const brokerFrozen: Round = async (deps, report) => {
  const { broker, fleet, store, random } = deps;
  store.set({ kind: "lost-replies" });
  broker.freeze(true);
  report.brokerFreezes += 1;
  await killWorker(fleet, report);
  await delay(FROZEN_MS.min + random.below(FROZEN_MS.max - FROZEN_MS.min));
  broker.freeze(false);
  await until(() => store.lostBytes() > report.storeLostBytes);
  heal(store, report);
};

/** Broker and store away at once; either may be the first that is back. */
const bothAway: Round = async (deps, report) => {
  const { broker, fleet, store, random } = deps;
  store.set({ kind: random.chance(0.5) ? "black-hole" : "lost-replies" });
  await until(() => store.lostBytes() > report.storeLostBytes);
  await killBroker(deps, report);
  const storeFirst = random.chance(0.5);
  if (storeFirst) heal(store, report);
  await killWorker(fleet, report);
  await broker.restart();
  if (!storeFirst) heal(store, report);
};

/** A worker that sleeps over the death of the broker, and wakes up when others have gone on without it. */
const sleptThrough: Round = async (deps, report) => {
  const { broker, fleet, documents } = deps;
  await until(async () => {
    const frozen = fleet.freeze();
    if (frozen === null) return false;
    await killBroker(deps, report);
    await broker.restart();
    const before = await documents.tails();
    await pollUntil(async () => allMoved(documents, before));
    frozen.thaw();
    report.overtaken += 1;
    return true;
  });
};

/** The order of a history is drawn; every kind comes before one comes again. */
const ROUNDS: readonly Round[] = [brokerKilled, brokerFrozen, bothAway, sleptThrough];

/**
 * Lets servers and workers fail while records are written and decided, so many times. Each time it waits until producers
 * have requests under way and workers have records to decide, and afterwards until every partition has moved.
 */
export async function runOutages(deps: OutageDeps, rounds: number, report: OutageReport): Promise<void> {
  const { journal, documents, random, fleet } = deps;
  let left: typeof ROUNDS = [];
  for (let round = 0; round < rounds; round += 1) {
    if (left.length === 0) left = ROUNDS;
    const next = random.pick(left);
    left = left.filter((one) => one !== next);
    const writing = startWriting(deps);
    const fault = async (): Promise<void> => {
      const [begun, due] = [await documents.tails(), journal.entries.length + random.below(AIM_RECORDS)];
      await pollUntil(async () => journal.entries.length >= due && (await someMoved(documents, begun)));
      await pollUntil(async () => (await backlog(deps)) > 0n && journal.requests().underWay > 0);
      report.cutOff.push(journal.requests().underWay);
      await next(deps, report);
      const before = await documents.tails();
      await pollUntil(async () => allMoved(documents, before));
    };
    // Whoever fails first says why.
    await Promise.race([fault(), writing.failed]);
    await writing.stop();
  }
  await fleet.listening(AbortSignal.timeout(PATIENCE_MS));
}

/** Writes until it is told to stop; pauses while workers have enough to do. */
function startWriting(deps: OutageDeps): { readonly failed: Promise<never>; readonly stop: () => Promise<void> } {
  const { journal } = deps;
  let stopped = false;
  const run = async (): Promise<void> => {
    while (!stopped) {
      await journal.write(SLICE_RECORDS);
      if ((await backlog(deps)) < BACKLOG_MAX) continue;
      // What is behind an open transaction nobody can decide.
      await journal.settle();
      await pollUntil(async () => stopped || (await backlog(deps)) < BACKLOG_MAX);
    }
  };
  const running = run();
  const failed = running.then(async () => new Promise<never>(() => undefined));
  failed.catch(() => undefined);
  const stop = async (): Promise<void> => {
    stopped = true;
    await running;
  };
  return { failed, stop };
}

/** Offsets that are acknowledged and not decided. */
async function backlog({ journal, documents }: OutageDeps): Promise<bigint> {
  const tails = await documents.tails();
  const waiting = (partition: number, end: bigint): bigint => end - (tails.get(partition) ?? 0n);
  return [...endsOf(journal)].reduce((sum, [partition, end]) => {
    const one = waiting(partition, end);
    return one > 0n ? sum + one : sum;
  }, 0n);
}

async function someMoved(documents: OutageDeps["documents"], before: ReadonlyMap<number, bigint>): Promise<boolean> {
  return [...(await documents.tails())].some(([partition, to]) => to > (before.get(partition) ?? 0n));
}

async function pollUntil(holds: () => Promise<boolean>): Promise<void> {
  await until(async () => {
    if (await holds()) return true;
    await delay(LOOK_EVERY_MS);
    return false;
  });
}

async function killBroker({ broker, journal }: OutageDeps, report: OutageReport): Promise<void> {
  await broker.kill();
  journal.brokerDied();
  report.brokerKills += 1;
}

async function killWorker(fleet: OutageDeps["fleet"], report: OutageReport): Promise<void> {
  await until(() => fleet.kill());
  report.workerKills += 1;
}

function heal(store: OutageDeps["store"], report: OutageReport): void {
  store.set({ kind: "none" });
  store.reset();
  report.storeFaults += 1;
  report.storeLostBytes = store.lostBytes();
}
