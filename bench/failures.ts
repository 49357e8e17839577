import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MongoClient, type Document } from "mongodb";
import { filterOf, NEWEST_FIRST } from "../src/store/mongodb/failure-reads.ts";
import { openMongoStore } from "../src/store/mongodb/store.ts";
import { pageOf } from "../src/store/sqlite/failures.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import type { FailurePageQuery } from "../src/store/failures.ts";
import type { Store } from "../src/store/store.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { oneOf, readArguments, someText, wholeNumber } from "./arguments.ts";
import { measure, say } from "./failure-questions.ts";
import { BENCH_GROUPS, COLLECTIONS, fillStore, streamsIn, timeOf } from "./failure-store.ts";

// node bench/failures.ts [sqlite | mongodb] [failures] [rounds] [where]
// The list of groups and pages of failures in a store of ten million failures, through the use cases and over HTTP.
// Target: 95 of 100 answers within 100 ms. `where`, a file or the URI of a database, is filled when it is empty, and kept.

const [ENGINE, COUNT, ROUNDS, GIVEN] = readArguments(
  oneOf("sqlite", "mongodb"),
  wholeNumber(10_000_000),
  wholeNumber(60),
  someText(""),
);
const WHERE = GIVEN === "" ? null : GIVEN;
const PAGE = 50;
/** Less than the data: pages are read from the file system too. */
const CACHE = ["--wiredTigerCacheSizeGB", "4"];

if (ENGINE === "mongodb") await onMongo();
else await onSqlite();

async function onSqlite(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "sigma-bench-"));
  const path = WHERE ?? join(directory, "store.db");
  const store = openSqliteStore({ path, collections: [...COLLECTIONS], busyTimeoutMs: 1_000 });
  try {
    await fill(store);
    const db = new DatabaseSync(path, { readOnly: true });
    // Of the file's length the pages that are still in its journal are missing.
    const pages = db.prepare("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size").get();
    say(`sqlite, ${grouped(COUNT)} failures: ${(Number(pages?.["bytes"]) / COUNT).toFixed(0)} bytes a failure`);
    await measure(store, COUNT, ROUNDS);
    for (const [name, query] of await plans(store)) {
      const { sql, values } = pageOf("shipments", query);
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
      say(`plan ${name.padEnd(24)} ${plan.map(({ detail }) => String(detail)).join("; ")}`);
    }
    db.close();
  } finally {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function onMongo(): Promise<void> {
  const mongo = WHERE === null ? await startMongo(1, [], CACHE) : null;
  const uri = WHERE ?? mongo?.uri ?? "";
  const client = new MongoClient(uri);
  const options = { uri, collections: [...COLLECTIONS], selectionTimeoutMs: 30_000, socketTimeoutMs: 60_000 };
  const store = await openMongoStore(options);
  try {
    await fill(store);
    const db = client.db(new URL(uri).pathname.slice(1) || "sigma");
    // What is only in memory has no bytes of disk.
    await client.db("admin").command({ fsync: 1 });
    const { storageSize = 0, indexSize = 0 } = await db.stats();
    say(`mongodb, ${grouped(COUNT)} failures: ${((storageSize + indexSize) / COUNT).toFixed(0)} bytes a failure`);
    await measure(store, COUNT, ROUNDS);
    for (const [name, query] of await plans(store)) {
      const find = db.collection("failed_shipments").find(filterOf(query) as Document, { sort: NEWEST_FIRST });
      const { executionStats } = (await find.limit(query.limit).explain("executionStats")) as ExplainAnswer;
      const { totalKeysExamined: keys, totalDocsExamined: documents, executionStages } = executionStats;
      const stages = JSON.stringify(executionStages).match(/(?<="stage":")\w+/g) ?? [];
      say(`plan ${name.padEnd(24)} ${[...new Set(stages)].join(" < ")}; ${keys} keys, ${documents} documents`);
    }
  } finally {
    await store.close();
    await client.close();
    await mongo?.stop();
  }
}

type ExplainAnswer = {
  readonly executionStats: {
    readonly totalKeysExamined: number;
    readonly totalDocsExamined: number;
    readonly executionStages: Document;
  };
};

async function fill(store: Store): Promise<void> {
  if ((await store.reads.groupCounters()).length > 0) return;
  const started = performance.now();
  const seconds = (): string => ((performance.now() - started) / 1_000).toFixed(0);
  await fillStore(store, COUNT, (done) => say(`${grouped(done)} after ${seconds()} s`));
  say(`filled in ${seconds()} s`);
}

/** The queries of a page whose plans are shown. */
async function plans(store: Store): Promise<readonly (readonly [string, FailurePageQuery])[]> {
  const [stream] = await streamsIn(store);
  if (stream === undefined) throw new Error("there is no stream");
  const after = { atMs: timeOf(COUNT / 2, COUNT), stream, offset: BigInt(Math.floor(COUNT / 12)) };
  const query = { fromMs: null, toMs: null, after: null, limit: PAGE, withPayload: false } as const;
  const [{ fingerprint }] = BENCH_GROUPS as readonly [(typeof BENCH_GROUPS)[number]];
  const orders = [
    ["time", { kind: "time" }],
    ["group", { kind: "group", fingerprint }],
    ["code", { kind: "code", code: "rule" }],
  ] as const;
  return orders.flatMap(([name, along]) => [
    [name, { ...query, along }] as const,
    [`${name}, behind a cursor`, { ...query, along, after }] as const,
  ]);
}

function grouped(number: number): string {
  return number.toLocaleString("en");
}
