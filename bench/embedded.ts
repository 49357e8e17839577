import { openGroups } from "../src/failures/groups.ts";
import { holdsRedriven } from "../src/failures/redriven.ts";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLookup } from "../src/gateway/lookup.ts";
import { decideRecord } from "../src/gateway/decided.ts";
import { bindFact, bindFailure } from "../src/store/sqlite/rows.ts";
import { openSqliteStoreInThread } from "../src/store/sqlite/store.ts";
import { createHttpServer } from "../src/http/server.ts";
import { createWhatIfRuns } from "../src/rejudge/what-if/runs.ts";
import type { HttpDeps } from "../src/http/deps.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { insertFact, insertFailure, openBare } from "./bare-sqlite.ts";
import { shipmentContracts } from "./contracts.ts";
import { shipmentLine as line } from "./line.ts";
import { median } from "./rounds.ts";
import { openLog, startOn } from "./start.ts";

// node bench/embedded.ts [records] [rounds]
// Records -> log -> decided -> ledger and documents, against bare batched inserts of the same rows into the same two
// tables (an index of SQLite's on ids, same batches, same fsync). Targets: at least 85 % of the bare rate, and 50 % as NDJSON over HTTP.

const [RECORDS, ROUNDS] = readArguments(wholeNumber(200_000), wholeNumber(5));
const BATCH = 1_000;
const TOPIC = "shipments";
const CLIENT = new URL("post.ts", import.meta.url).pathname;

const set = shipmentContracts(TOPIC);
const values = Array.from({ length: RECORDS }, (_, n) => Buffer.from(line(n)));
const pipelines: number[] = [];
const overHttp: number[] = [];
const bares: number[] = [];
for (let round = 0; round <= ROUNDS; round += 1) {
  const pipeline = await inTemporary(async (directory) => runPipeline(directory, append));
  const http = await inTemporary(async (directory) => runPipeline(directory, post));
  const bare = await inTemporary(runBare);
  // The first round warms the compiler.
  if (round === 0) continue;
  pipelines.push(pipeline);
  overHttp.push(http);
  bares.push(bare);
}
const rate = (seconds: number): number => Math.round(RECORDS / seconds);
process.stdout.write(`bare inserts   ${rate(median(bares))} rows/s\n`);
process.stdout.write(`whole gateway  ${rate(median(pipelines))} records/s\n`);
process.stdout.write(`  of bare      ${share(pipelines)} %\n`);
process.stdout.write(`NDJSON on HTTP ${rate(median(overHttp))} records/s\n`);
process.stdout.write(`  of bare      ${share(overHttp)} %\n`);

function share(seconds: readonly number[]): string {
  return ((median(bares) / median(seconds)) * 100).toFixed(0);
}

type Feed = (deps: HttpDeps) => Promise<void>;

async function append({ log }: HttpDeps): Promise<void> {
  for (let start = 0; start < RECORDS; start += BATCH) {
    const records = values
      .slice(start, start + BATCH)
      .map((value) => ({ key: null, headers: [], value, partition: null }));
    await log.append(TOPIC, records);
  }
}

/** One request with every record; its client runs in a process of its own. */
async function post(deps: HttpDeps): Promise<void> {
  const server = await createHttpServer(deps);
  const url = `${await server.listen({ host: "127.0.0.1", port: 0 })}/v1/events/${TOPIC}`;
  const client = spawn(process.execPath, [CLIENT, url, String(RECORDS)], { stdio: ["ignore", "inherit", "inherit"] });
  const [code] = (await once(client, "exit")) as [number | null];
  if (code !== 0) throw new Error("the client failed");
  await server.close();
}

async function runPipeline(directory: string, feed: Feed): Promise<number> {
  const log = openLog(join(directory, "log.db"), TOPIC);
  const store = await openSqliteStoreInThread({
    path: join(directory, "store.db"),
    collections: ["shipments"],
    busyTimeoutMs: 1_000,
  });
  const gateway = await startOn(log, store, set, BATCH);
  const started = process.hrtime.bigint();
  await feed({
    log,
    source: log,
    reads: store.reads,
    lookup: createLookup(store.reads),
    tail: store.tail,
    gateway,
    contracts: () => set,
    about: () => new Map(),
    refusedContracts: () => [],
    failures: { groups: openGroups(store.reads, holdsRedriven), store },
    redrives: { store, newId: () => "" },
    whatIfs: createWhatIfRuns({
      judge: async () => Promise.reject(new Error("unused")),
      newId: () => "",
      now: Date.now,
    }),
    now: Date.now,
    randomBytes,
    logger: false,
    version: "bench",
  });
  const [{ id } = { id: "" }] = await log.streams();
  await gateway.settled(id, BigInt(RECORDS - 1), AbortSignal.timeout(600_000));
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  await gateway.stop();
  await store.close();
  await log.close();
  return seconds;
}

/** The rows are made before the clock starts: only inserting them is timed. */
async function runBare(directory: string): Promise<number> {
  const db = openBare(join(directory, "bare.db"));
  const [validated, failed] = [insertFact(db), insertFailure(db)];
  const position = (offset: number) => ({
    stream: "GtRNi5UHjBbIUDw3E314_g/99jBVg2FiOtjaYdkPZT9CA/0",
    topic: TOPIC,
    partition: 0,
    offset: BigInt(offset),
  });
  const records = values.map((value, offset) => ({
    position: position(offset),
    timestampMs: 1_700_000_000_000,
    key: null,
    headers: [],
    value,
  }));
  const rows = records
    .map((record) => decideRecord(record, set, () => null))
    .map((row) =>
      row.kind === "validated"
        ? { statement: validated, values: bindFact(row, 1) }
        : { statement: failed, values: bindFailure(row, 1) },
    );
  const started = process.hrtime.bigint();
  for (let start = 0; start < RECORDS; start += BATCH) {
    db.exec("BEGIN IMMEDIATE");
    for (const row of rows.slice(start, start + BATCH)) row.statement.run(...row.values);
    db.exec("COMMIT");
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  db.close();
  return seconds;
}

async function inTemporary(run: (directory: string) => Promise<number>): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "sigma-bench-"));
  try {
    return await run(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
