import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CLOCK } from "../src/app/clock.ts";
import type { CompiledContractSet } from "../src/core/compiled.ts";
import { startRedrive } from "../src/failures/redrive/act.ts";
import { makePlan } from "../src/failures/redrive/make-plan.ts";
import { runRedrive } from "../src/failures/redrive/run.ts";
import { openMongoStore } from "../src/store/mongodb/store.ts";
import { openSqliteStoreInThread } from "../src/store/sqlite/store.ts";
import type { Store } from "../src/store/store.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { oneOf, readArguments, wholeNumber } from "./arguments.ts";
import { shipmentContracts } from "./contracts.ts";
import { shipmentLine } from "./line.ts";
import { median } from "./rounds.ts";
import { openLog, startOn } from "./start.ts";

// node bench/redrive.ts [sqlite | mongodb] [records] [rounds]
// Failures that pass now are planned and redriven, against live ingestion of the same records by the same contract, on the same store (a real
// mongod of its own, a replica set of one), in turns; nothing else runs. Target: the run at half the rate of live ingestion.

const [ENGINE, RECORDS, ROUNDS] = readArguments(oneOf("sqlite", "mongodb"), wholeNumber(60_000), wholeNumber(3));
const BATCH = 1_000;
const TOPIC = "shipments";
const LIVE = shipmentContracts(TOPIC);
/** Every record is too heavy for it. */
const STRICT = shipmentContracts(TOPIC, 0);
const OPERATOR = { actor: "bench", at: "2026-01-01T00:00:00.000Z", reason: "to measure" };
const NEVER = new AbortController().signal;

const mongo = ENGINE === "mongodb" ? await startMongo(1, [], []) : null;
let databases = 0;
const rates: Record<"live" | "plan" | "run", number[]> = { live: [], plan: [], run: [] };
for (let round = 0; round <= ROUNDS; round += 1) {
  const live = await within(async (log, store) => ingest(log, store, LIVE));
  const [plan, run] = await within(async (log, store) => {
    await ingest(log, store, STRICT);
    return redrive(store);
  });
  // The first round warms the compiler.
  if (round === 0) continue;
  rates.live.push(live);
  rates.plan.push(plan);
  rates.run.push(run);
}
const rate = (of: keyof typeof rates): number => RECORDS / median(rates[of]);
await mongo?.stop();
for (const name of ["live", "plan", "run"] as const) {
  const share = ((100 * rate(name)) / rate("live")).toFixed(0);
  process.stdout.write(`${name.padEnd(5)} ${Math.round(rate(name))} records/s, ${share} % of live\n`);
}

async function within<T>(work: (log: ReturnType<typeof openLog>, store: Store) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "sigma-bench-"));
  const log = openLog(join(directory, "log.db"), TOPIC);
  const store = await openStore(directory);
  for (let first = 0; first < RECORDS; first += BATCH) {
    const records = Array.from({ length: Math.min(BATCH, RECORDS - first) }, (_, at) => {
      return { key: null, headers: [], value: Buffer.from(shipmentLine(first + at)), partition: null };
    });
    await log.append(TOPIC, records);
  }
  try {
    return await work(log, store);
  } finally {
    await Promise.all([store.close(), log.close()]);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** An empty store. */
async function openStore(directory: string): Promise<Store> {
  const collections = ["shipments"];
  if (mongo === null)
    return openSqliteStoreInThread({ path: join(directory, "store.db"), collections, busyTimeoutMs: 1_000 });
  databases += 1;
  const uri = mongo.uri.replace("/?", `/redrive_${databases}?`);
  return openMongoStore({ uri, collections, selectionTimeoutMs: 30_000, socketTimeoutMs: 60_000 });
}

/** @returns seconds until every record is settled. */
async function ingest(log: ReturnType<typeof openLog>, store: Store, set: CompiledContractSet): Promise<number> {
  await store.putContractSet(set.digest, set.text);
  const done = Promise.withResolvers<void>();
  let settled = 0;
  const started = performance.now();
  const gateway = await startOn(log, store, set, BATCH, {
    observe: (event) => {
      if (event.kind === "batch-settled") settled += event.count;
      if (settled >= RECORDS) done.resolve();
    },
  });
  await done.promise;
  const seconds = (performance.now() - started) / 1_000;
  await gateway.stop();
  return seconds;
}

/** @returns seconds for the plan with its dry run, and for its run. */
async function redrive(store: Store): Promise<readonly [number, number]> {
  const any = { fingerprint: null, code: null, topic: null, partition: null, from: null, to: null };
  const selection = { kind: "failures", ...any, fromMs: null, toMs: null } as const;
  const began = performance.now();
  const plan = await makePlan(
    { store, contracts: () => LIVE },
    { id: "0123456789ab", selection, toVersion: null, operator: OPERATOR },
    { signal: NEVER },
  );
  if ("code" in plan) throw new Error(plan.message);
  const planned = performance.now();
  await startRedrive(store, plan.id, OPERATOR, { by: "cli", rate: null });
  const end = await runRedrive(
    {
      store,
      contracts: () => LIVE,
      observe: () => undefined,
      now: () => performance.now(),
      sleep: async (ms) => delay(ms),
      clock: CLOCK,
      random: Math.random,
    },
    plan.id,
    { operator: () => OPERATOR, rate: null, signal: NEVER },
  );
  if (end.kind !== "done") throw new Error(`the run ended as ${end.kind}`);
  return [(planned - began) / 1_000, (performance.now() - planned) / 1_000];
}
