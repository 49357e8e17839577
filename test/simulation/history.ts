import { audit } from "../../src/audit/audit.ts";
import type { AuditOptions } from "../../src/audit/report.ts";
import type { CompiledContractSet } from "../../src/core/compiled.ts";
import type { SourceRecord } from "../../src/core/record.ts";
import type { GatewayEvent } from "../../src/gateway/event.ts";
import { ingestStream } from "../../src/gateway/ingest.ts";
import { redriveOf } from "../../src/ledger/redrive-stream.ts";
import { followFloors } from "../../src/operator/floors.ts";
import type { Stream } from "../../src/source/source.ts";
import { seeded, type Random } from "./random.ts";
import { simulatedContracts, TOPIC } from "./sim-contracts.ts";
import { createRedrivers, type Redrivers } from "./sim-redrives.ts";
import { wrongHours } from "./sim-hours.ts";
import { createSimSource, type SimSource } from "./sim-source.ts";
import { createOperators, sentMs, type Operators } from "./sim-operators.ts";
import { createSimStore, type SimStore } from "./sim-store.ts";
import { createWorld, type Incarnation, type World } from "./world.ts";

/** What one history came to. No violations is the expected result. */
export type HistoryResult = { readonly seed: number; readonly violations: readonly string[]; readonly steps: number };

const CONTRACTS = simulatedContracts();
const WORKERS = 3;
/** A history that needs more steps than this after its faults have stopped makes no progress. */
const QUIET_STEPS_MAX = 6_000;
/** Why a worker lets go of a stream. Without a reason each would be an error with a stack. */
const MOVED = "moved";
/** How often the primary fails at a step of a storm. */
const STORM = 0.05;

type Worker = {
  readonly index: number;
  incarnation: Incarnation;
  contracts: CompiledContractSet;
  /** Which streams the worker believes it owns, with the switch that stops each. */
  readonly running: Map<string, AbortController>;
};

type Simulation = {
  readonly random: Random;
  readonly world: World;
  readonly store: SimStore;
  readonly source: SimSource;
  /** When a record of the log was sent, in milliseconds. */
  readonly timeOf: (stream: string, offset: bigint) => number;
  readonly streams: readonly Stream[];
  readonly workers: readonly Worker[];
  /** Which worker the group gives each stream to. */
  readonly owner: Map<string, number>;
  /** Batches some worker was told are settled: nothing may ever take them back. */
  readonly acknowledged: Map<string, string>;
  readonly halts: string[];
  readonly atomicUnits: boolean;
  /** Whether entries lose their evidence once the next one is applied. */
  readonly evidence: "keep" | "drop";
  readonly operators: Operators;
  readonly redrivers: Redrivers;
};

/**
 * Runs one history: faults for a while, then quiet, then the checker. The same seed gives the same history.
 * @param storms whether a primary fails often, as in a set whose members come and go: what a failover takes back too late is rare.
 */
export async function runHistory(seed: number, storms = false): Promise<HistoryResult> {
  const simulation = prepare(seed);
  const { random } = simulation;
  const faulty = 150 + random.below(250);
  let steps = 0;
  for (; steps < faulty; steps += 1) {
    if (storms && !simulation.atomicUnits && random.chance(STORM)) simulation.store.failover();
    disturb(simulation);
    simulation.world.step(true);
    if (simulation.atomicUnits) simulation.store.replicate(true);
    await simulation.world.drain();
  }
  const quiet = await calmDown(simulation);
  const violations = quiet < QUIET_STEPS_MAX ? [] : ["LIVENESS: faults stopped, the streams did not catch up"];
  violations.push(...(await check(simulation)));
  for (const worker of simulation.workers) simulation.world.crash(worker.incarnation);
  return { seed, violations: [...new Set(violations)], steps: steps + quiet };
}

function prepare(seed: number): Simulation {
  const random = seeded(seed);
  const world = createWorld(random);
  const atomicUnits = random.chance(0.25);
  const streams = Array.from({ length: 1 + random.below(2) }, (_, partition) => ({
    id: `sim/topic/${partition}`,
    topic: TOPIC,
    partition,
  }));
  const records = new Map(streams.map((stream) => [stream.id, makeRecords(random, stream)]));
  const timeOf = (stream: string, offset: bigint): number =>
    Number(records.get(stream)?.find(({ position }) => position.offset === offset)?.timestampMs);
  const source = createSimSource(world, random, streams, records);
  source.grow(false);
  const store = createSimStore(world, random, atomicUnits);
  const evidence = random.chance(0.1) ? "drop" : "keep";
  const simulation: Simulation = {
    random,
    world,
    store,
    operators: createOperators(world, random, store, evidence === "keep"),
    redrivers: createRedrivers(world, random, store, CONTRACTS),
    source,
    timeOf,
    streams,
    workers: Array.from({ length: WORKERS }, (_, index) => newWorker(index, random)),
    owner: new Map(streams.map((stream) => [stream.id, 0])),
    acknowledged: new Map(),
    halts: [],
    atomicUnits,
    evidence,
  };
  for (const stream of streams) begin(simulation, 0, stream);
  return simulation;
}

/** Few identities and few contents, so that duplicates and conflicts are common; some holes; some that are not JSON. */
function makeRecords(random: Random, stream: Stream): readonly SourceRecord[] {
  const count = 6 + random.below(10);
  const records: SourceRecord[] = [];
  let offset = BigInt(random.below(2));
  for (let made = 0; made < count; made += 1) {
    const id = `k${random.below(8)}`;
    const n = random.pick([1, 4, 7, 20]);
    const text = random.chance(0.1)
      ? "{broken"
      : random.chance(0.2)
        ? `{"n":${n},"id":"${id}"}`
        : `{"id":"${id}","n":${n}}`;
    records.push({
      position: { stream: stream.id, topic: stream.topic, partition: stream.partition, offset },
      timestampMs: sentMs(made),
      key: random.chance(0.3) ? Buffer.from(id) : null,
      headers: [],
      value: random.chance(0.03) ? null : Buffer.from(text),
    });
    offset += random.chance(0.15) ? BigInt(2 + random.below(2)) : 1n;
  }
  return records;
}

function newWorker(index: number, random: Random): Worker {
  return { index, incarnation: { dead: false }, contracts: random.pick(CONTRACTS), running: new Map() };
}

/** One random misfortune, or none. */
function disturb(simulation: Simulation): void {
  const { random, store, source, streams, workers, owner } = simulation;
  const roll = random.next();
  const worker = random.pick(workers);
  const stream = random.pick(streams);
  if (roll < 0.02) restart(simulation, worker);
  else if (roll < 0.05) {
    // A rebalance: the new owner starts, the old one has not heard of it.
    owner.set(stream.id, worker.index);
    begin(simulation, worker.index, stream);
  } else if (roll < 0.08) tellTruth(simulation, worker);
  else if (roll < 0.1) worker.contracts = random.pick(CONTRACTS);
  else if (roll < 0.115 && !simulation.atomicUnits) store.failover();
  else if (roll < 0.16) source.grow(false);
  else if (roll < 0.45) store.replicate(false);
  // Of an entry whose evidence is gone nothing can be erased.
  else if (roll < 0.465 && simulation.evidence === "keep") simulation.operators.erase(stream.id);
  else if (roll < 0.47 && simulation.evidence === "keep") simulation.operators.repair();
  else if (roll < 0.48) simulation.operators.crash();
  else if (roll < 0.495) simulation.operators.retain();
  else if (roll < 0.51) simulation.redrivers.plan();
  else if (roll < 0.53) simulation.redrivers.run();
  else if (roll < 0.54) simulation.redrivers.disturb();
}

function restart(simulation: Simulation, worker: Worker): void {
  simulation.world.crash(worker.incarnation);
  worker.incarnation = { dead: false };
  worker.contracts = simulation.random.pick(CONTRACTS);
  worker.running.clear();
  for (const stream of simulation.streams) {
    if (simulation.owner.get(stream.id) === worker.index) begin(simulation, worker.index, stream);
  }
}

/** A heartbeat: the worker learns what it no longer owns. */
function tellTruth(simulation: Simulation, worker: Worker): void {
  for (const [id, controller] of worker.running) {
    if (simulation.owner.get(id) === worker.index) continue;
    controller.abort(MOVED);
    worker.running.delete(id);
  }
}

function begin(simulation: Simulation, index: number, stream: Stream): void {
  const worker = simulation.workers[index];
  if (worker === undefined || worker.running.has(stream.id)) return;
  const { incarnation } = worker;
  const controller = new AbortController();
  worker.running.set(stream.id, controller);
  const { world, store, source, random } = simulation;
  const decidesAhead = random.chance(0.5);
  const loop = ingestStream(
    {
      source: source.connect(incarnation),
      store: store.connect(incarnation),
      contracts: () => worker.contracts,
      limits: { bytesMax: 1_000_000, recordsMax: 1_000, waitMs: 0 },
      evidence: simulation.evidence,
      decidesAhead: () => decidesAhead,
      observe: (event) => notice(simulation, event),
      // A pause ends whenever the scheduler says so; it is not an operation that can fail.
      sleep: async () => world.call(incarnation, { execute: () => undefined }).catch(() => undefined),
      clock: { monotonicMs: () => 0, nowMs: () => 0 },
      random: random.next,
    },
    stream,
    controller.signal,
  );
  loop.catch((error: unknown) => simulation.halts.push(`BUG: ${String(error)}`));
}

function notice(simulation: Simulation, event: GatewayEvent): void {
  if (event.kind === "batch-settled") {
    const hash = simulation.store.entryHash(event.stream.id, event.seq);
    if (hash !== null) simulation.acknowledged.set(`${event.stream.id}|${event.seq}`, hash);
    else simulation.halts.push("LOST: a batch was called settled and its ledger entry is not there");
  }
  if (event.kind === "stream-halted") simulation.halts.push(`HALT ${event.halt.code}: ${event.halt.message}`);
}

/** No more faults: a fresh owner catches up, then every zombie runs on for a while. */
async function calmDown(simulation: Simulation): Promise<number> {
  const { world, store, source, streams, workers, owner } = simulation;
  source.grow(true);
  const [first] = workers;
  if (first === undefined) return 0;
  for (const stream of streams) owner.set(stream.id, first.index);
  restart(simulation, first);
  let steps = 0;
  const run = async (): Promise<void> => {
    world.step(false);
    store.replicate(true);
    await world.drain();
    steps += 1;
  };
  const settle = async (most: number): Promise<boolean> => {
    // Whether it is caught up changes with a write only: the source has all there is.
    for (let seen = -1; steps < most; await run()) {
      if (store.log().length === seen) continue;
      seen = store.log().length;
      if (await caughtUp(store, source, streams)) return true;
    }
    return false;
  };
  // A runner that is gone may leave an entry of its plan that is counted and has no documents yet: whoever runs the plan on writes them.
  if (!(await settle(QUIET_STEPS_MAX / 2))) await simulation.redrivers.complete(run);
  await settle(QUIET_STEPS_MAX);
  for (const worker of workers) tellTruth(simulation, worker);
  for (const controller of first.running.values()) controller.abort(MOVED);
  for (let after = 0; after < 150; after += 1) await run();
  await simulation.redrivers.complete(run);
  await simulation.operators.complete(run);
  return steps;
}

async function caughtUp(store: SimStore, source: SimSource, streams: readonly Stream[]): Promise<boolean> {
  let decided = 0;
  for (const stream of streams) {
    const entries = await store.reads.ledger(stream.id, 0, 1_000);
    const tail = entries.at(-1);
    if (tail === undefined || tail.to < source.end(stream)) return false;
    for (const { count } of entries) decided += count;
  }
  // Each record has one document, sooner or later, unless retention took it.
  const { validated, failed, receipts } = await store.reads.tally();
  const counted = (await store.reads.groupCounters()).reduce((sum, { count }) => sum + count, 0);
  const documents = (await followFloors(store.reads)())
    .all()
    .filter(({ kind }) => kind === "failed" || kind === "receipts");
  const gone = documents.reduce((sum, { removed }) => sum + removed, 0);
  const volume = { passed: 0, failed: 0, duplicate: 0, redelivery: 0, conflict: 0 };
  for (const { number } of await store.reads.streamNotes())
    for (const { kind, count } of await store.reads.volumeCounters(number)) volume[kind] += count;
  const taken = volume.duplicate + volume.redelivery + volume.conflict;
  const isCounted = volume.passed + volume.failed >= decided && volume.passed - taken <= validated;
  const isThere = validated + failed + receipts + gone >= decided && counted >= failed && isCounted;
  return isThere && !(await lackDocuments(store));
}

/** Documents of redrives stand for none of the streams': where there are some, the audit says what an entry lacks. */
async function lackDocuments({ reads }: SimStore): Promise<boolean> {
  const live = (await reads.streams()).filter((stream) => redriveOf(stream) === null);
  if (live.length === (await reads.streams()).length) return false;
  const { findings } = await audit({ ...reads, streams: async () => live }, auditOptions());
  return findings.some(({ code }) => code === "ROW_MISSING");
}

function auditOptions(): AuditOptions {
  return { tailMayBeIncomplete: false, findingsMax: 20, signal: new AbortController().signal };
}

/** The audit of the product itself, and what only the simulation can know: what was promised must still be there. */
async function check(simulation: Simulation): Promise<readonly string[]> {
  const { store, source, acknowledged, halts } = simulation;
  const violations = [...halts];
  for (const [key, hash] of acknowledged) {
    const [stream = "", seq = ""] = key.split("|");
    if (store.entryHash(stream, Number(seq)) !== hash)
      violations.push("LOST: a settled batch is no longer in the ledger");
  }
  violations.push(...(await simulation.operators.violations()), ...(await simulation.redrivers.violations()));
  violations.push(...(await wrongHours(store, simulation.timeOf)));
  const report = await audit(store.reads, { ...auditOptions(), source: source.direct });
  return [...violations, ...report.findings.map((finding) => `${finding.code}: ${finding.message}`)];
}
