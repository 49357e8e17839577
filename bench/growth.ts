import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Producer, ProduceAcks } from "@platformatic/kafka";
import { MongoClient } from "mongodb";
import { openSqliteStoreInThread } from "../src/store/sqlite/store.ts";
import { createTopic } from "../test/servers/kafka-for-tests.ts";
import { startKafka } from "../test/servers/kafka.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { oneOf, readArguments, wholeNumber } from "./arguments.ts";
import { shipmentContracts } from "./contracts.ts";
import { evictionFlags } from "./eviction.ts";
import { openGateway } from "./gateway.ts";
import { openLog, startOn } from "./start.ts";

// node bench/growth.ts [mongodb | sqlite] [records] [windows] [default | late]
// The rate in windows as a store grows, and the bytes that a record takes, with records of realistic entropy.
// Targets: the last window at least 80 % of the first (3,000,000 records on MongoDB), at least 70 % (5,000,000 on SQLite).
// The last argument is when MongoDB writes what changed in its cache.

const [ENGINE, RECORDS, WINDOWS, EVICTION] = readArguments(
  oneOf("sqlite", "mongodb"),
  wholeNumber(1_000_000),
  wholeNumber(10),
  oneOf("default", "late"),
);
const BATCH = 3_000;
const TOPIC = "shipments";
const PARTITIONS = 6;
const CACHE = ["--wiredTigerCacheSizeGB", "2"];

/** Names and weights that do not repeat, as real ones do not. */
function line(n: number): Buffer {
  const digits = createHash("sha1").update(String(n)).digest("hex");
  const weight = (Number.parseInt(digits.slice(0, 6), 16) % 99_999) / 100 + 0.01;
  const text = `{"shipment_id":"SHIP-${digits.slice(0, 12)}","weight_kg":${weight},"destination":"${digits.slice(12, 24)}","priority":${(n % 3) + 1}}`;
  return Buffer.from(text);
}

/** Notes when each window is over. */
function windows(): {
  readonly settled: (count: number) => void;
  readonly done: Promise<void>;
  readonly print: () => void;
} {
  const rates: number[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let settled = 0;
  let started = process.hrtime.bigint();
  return {
    settled: (count) => {
      settled += count;
      if (settled >= ((rates.length + 1) * RECORDS) / WINDOWS) {
        const now = process.hrtime.bigint();
        rates.push(RECORDS / WINDOWS / (Number(now - started) / 1e9));
        started = now;
      }
      if (settled >= RECORDS) resolve();
    },
    done,
    print: () => {
      const shown = rates.map((rate) => (rate / 1_000).toFixed(0)).join(" ");
      const last = ((100 * (rates.at(-1) ?? 0)) / (rates[0] ?? 1)).toFixed(0);
      process.stdout.write(
        `${ENGINE}, ${RECORDS} records: ${shown} thousand records/s; the last is ${last} % of the first\n`,
      );
    },
  };
}

if (ENGINE === "mongodb") await onMongo();
else await onSqlite();

async function onMongo(): Promise<void> {
  const [kafka, mongo] = [await startKafka(), await startMongo(1, [], [...CACHE, ...evictionFlags(EVICTION)])];
  const admin = new MongoClient(mongo.uri);
  try {
    await createTopic(kafka.brokers, TOPIC, PARTITIONS);
    await produce(kafka.brokers);
    const seen = windows();
    const stop = await openGateway(kafka.brokers, mongo.uri, "growth", TOPIC, (event) => {
      if (event.kind === "batch-settled") seen.settled(event.count);
    });
    await seen.done;
    await stop();
    seen.print();
    // What is only in memory has no bytes of disk.
    await admin.db("admin").command({ fsync: 1 });
    const { storageSize = 0, indexSize = 0 } = await admin.db("growth").stats();
    process.stdout.write(
      `${((storageSize + indexSize) / RECORDS).toFixed(0)} bytes of disk a record, indexes included\n`,
    );
  } finally {
    await admin.close();
    await Promise.all([kafka.stop(), mongo.stop()]);
  }
}

async function produce(brokers: string): Promise<void> {
  const settings = { clientId: "bench", bootstrapBrokers: [brokers], idempotent: true, acks: ProduceAcks.ALL };
  const producer = new Producer(settings);
  for (let start = 0; start < RECORDS; start += BATCH) {
    const partition = (start / BATCH) % PARTITIONS;
    const count = Math.min(BATCH, RECORDS - start);
    const messages = Array.from({ length: count }, (_, at) => ({ topic: TOPIC, partition, value: line(start + at) }));
    await producer.send({ messages });
  }
  await producer.close();
}

async function onSqlite(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "sigma-bench-"));
  const path = join(directory, "store.db");
  const log = openLog(join(directory, "log.db"), TOPIC);
  const store = await openSqliteStoreInThread({ path, collections: [TOPIC], busyTimeoutMs: 1_000 });
  const seen = windows();
  let settled = 0;
  const set = shipmentContracts(TOPIC);
  const gateway = await startOn(log, store, set, BATCH, {
    observe: (event) => {
      if (event.kind !== "batch-settled") return;
      settled += event.count;
      seen.settled(event.count);
    },
  });
  for (let start = 0; start < RECORDS; start += BATCH) {
    const count = Math.min(BATCH, RECORDS - start);
    const values = Array.from({ length: count }, (_, at) => line(start + at));
    await log.append(
      TOPIC,
      values.map((value) => ({ key: null, headers: [], value, partition: null })),
    );
    // As many as a producer that waits for its answers would have under way.
    while (start + count - settled > BATCH * 10) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await seen.done;
  await gateway.stop();
  await store.close();
  await log.close();
  seen.print();
  process.stdout.write(`${(statSync(path).size / RECORDS).toFixed(0)} bytes of store a record\n`);
  rmSync(directory, { recursive: true, force: true });
}
