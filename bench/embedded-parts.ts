import type { JsonValue } from "../src/json/json.ts";
import { NOTHING_DECLARED } from "../src/schema/number-types.ts";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SourceRecord } from "../src/core/record.ts";
import { openEmbeddedLog } from "../src/source/embedded/log.ts";
import type { NewRecord } from "../src/source/source.ts";
import { bindFact } from "../src/store/sqlite/rows.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import type { StoreWrites, ValidatedRow } from "../src/store/store.ts";
import type { StreamNote } from "../src/store/stream-note.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { insertFact, openBare } from "./bare-sqlite.ts";
import { machineIdOf } from "./ids.ts";
import { median } from "./rounds.ts";

// node bench/embedded-parts.ts [records] [rounds]
// What the embedded log and store cost by themselves, in batches of 1,000, each batch durable before the next, against a
// bare loop over one prepared insert into the same table.

const [RECORDS, ROUNDS] = readArguments(wholeNumber(100_000), wholeNumber(5));
const BATCH = 1_000;
const TOPIC = "shipments";
const STREAM = "GtRNi5UHjBbIUDw3E314_g/99jBVg2FiOtjaYdkPZT9CA/0";

const NOTE: StreamNote = { number: 1, stream: STREAM, topic: TOPIC, partition: 0 };

const values = Array.from({ length: RECORDS }, (_, n) => Buffer.from(line(n)));
const rows = values.map(rowOf);

const parts = {
  "bare insert": bareInserts,
  "store insert": storeInserts,
  "log append": logAppends,
  "log fetch": logFetches,
};
const samples = new Map<string, number[]>(Object.keys(parts).map((name) => [name, []]));
for (let round = 0; round <= ROUNDS; round += 1) {
  // Another order in each round: what the part before left for the disk to do must not always fall on the same one.
  const order = Object.entries(parts);
  for (const [name, run] of [...order.slice(round % order.length), ...order.slice(0, round % order.length)]) {
    const directory = mkdtempSync(join(tmpdir(), "sigma-bench-"));
    try {
      const seconds = await run(directory);
      // The first round warms the compiler.
      if (round > 0) samples.get(name)?.push(seconds);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
}
const base = median(samples.get("bare insert") ?? []);
for (const [name, seconds] of samples) {
  const rate = Math.round(RECORDS / median(seconds)).toLocaleString("en");
  const micros = ((median(seconds) * 1e6) / RECORDS).toFixed(2);
  const share = ((median(seconds) / base) * 100).toFixed(0);
  process.stdout.write(
    `${name.padEnd(14)} ${rate.padStart(10)} /s ${micros.padStart(8)} us ${share.padStart(5)} % of a bare insert\n`,
  );
}

async function bareInserts(directory: string): Promise<number> {
  const db = openBare(join(directory, "bare.db"));
  const insert = insertFact(db);
  // Bound before the clock starts: only inserting is timed.
  const bound = rows.map((row) => bindFact(row, NOTE.number));
  const seconds = await timed(async () => {
    for (const batch of batchesOf(bound)) {
      db.exec("BEGIN IMMEDIATE");
      for (const given of batch) insert.run(...given);
      db.exec("COMMIT");
    }
  });
  db.close();
  return seconds;
}

async function storeInserts(directory: string): Promise<number> {
  const store = openSqliteStore({ path: join(directory, "store.db"), collections: [TOPIC], busyTimeoutMs: 1_000 });
  const seconds = await timed(async () => {
    for (const batch of batchesOf(rows)) await store.unit(async (writes) => insertAll(writes, batch));
  });
  await store.close();
  return seconds;
}

async function logAppends(directory: string): Promise<number> {
  const log = openLog(directory);
  const records = values.map(newRecord);
  const seconds = await timed(async () => {
    for (const batch of batchesOf(records)) await log.append(TOPIC, batch);
  });
  await log.close();
  return seconds;
}

async function logFetches(directory: string): Promise<number> {
  const log = openLog(directory);
  // As a large file is read in: rows of 5,000, fetched 1,000 at a time.
  await log.append(TOPIC, values.map(newRecord));
  const [stream] = await log.streams();
  if (stream === undefined) throw new Error("the log has no stream");
  const limits = { bytesMax: 1_048_576, recordsMax: BATCH, waitMs: 0 };
  let last: SourceRecord | undefined;
  const seconds = await timed(async () => {
    for (let next = 0n; next < RECORDS;) {
      const fetched = await log.fetch(stream, next, limits, new AbortController().signal);
      if (fetched.kind !== "records") throw new Error(`the log is ${fetched.kind} at ${next}`);
      last = fetched.read().at(-1);
      next = fetched.to;
    }
  });
  if (last?.position.offset !== BigInt(RECORDS - 1)) throw new Error("the log ended early");
  await log.close();
  return seconds;
}

function openLog(directory: string): ReturnType<typeof openEmbeddedLog> {
  const path = join(directory, "log.db");
  const topics = [{ name: TOPIC, partitions: 1 }];
  return openEmbeddedLog({ path, topics, now: Date.now, randomBytes, busyTimeoutMs: 1_000 });
}

async function timed(run: () => Promise<void>): Promise<number> {
  const started = process.hrtime.bigint();
  await run();
  return Number(process.hrtime.bigint() - started) / 1e9;
}

function* batchesOf<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < all.length; start += BATCH) yield all.slice(start, start + BATCH);
}

function newRecord(value: Uint8Array): NewRecord {
  return { key: null, headers: [], value, partition: null };
}

function line(n: number): string {
  return `{"shipment_id":"SHIP-${String(n).padStart(8, "0")}","weight_kg":${(n % 900) + 0.5},"destination":"Dublin","priority":2}`;
}

async function insertAll(writes: StoreWrites, batch: readonly ValidatedRow[]): Promise<unknown> {
  const facts = writes.stageFacts(NOTE);
  batch.forEach(facts.add);
  return writes.insertFacts(TOPIC, facts);
}

function rowOf(raw: Uint8Array, n: number): ValidatedRow {
  const id = machineIdOf(raw);
  const position = { stream: STREAM, topic: TOPIC, partition: 0, offset: BigInt(n) };
  const contract = { subject: "shipment", version: 1, digest: "c".repeat(64) };
  const occurrence = { position, timestampMs: 1_700_000_000_000, key: null, headers: [], raw };
  const body = { payload: JSON.parse(String(raw)) as JsonValue, numbers: NOTHING_DECLARED };
  return { kind: "validated", id, ...occurrence, contract, declaredBy: "default", ...body };
}
