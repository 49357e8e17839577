import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Producer, ProduceAcks } from "@platformatic/kafka";
import { MongoClient } from "mongodb";
import { openSqliteStoreInThread } from "../src/store/sqlite/store.ts";
import { createTopic } from "../test/servers/kafka-for-tests.ts";
import { startKafka } from "../test/servers/kafka.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { oneOf, readArguments, wholeNumber } from "./arguments.ts";
import { cpuMicrosOf, pidOf } from "./cpu.ts";
import { shipmentContracts } from "./contracts.ts";
import { runGateway } from "./gateway.ts";
import { openLog, startOn } from "./start.ts";

// node bench/replays.ts [records] [both | mongodb | sqlite]
// Records that are stored, and then the very same sent again: all of them duplicates, each with a receipt.
// Targets: at least 70 % of the rate of the first time, at most 1.5 times its CPU. Printed is that of our process, and of both with mongod's.

const [RECORDS, ENGINE] = readArguments(wholeNumber(300_000), oneOf("both", "mongodb", "sqlite"));
const ENGINES = ENGINE === "both" ? ["mongodb", "sqlite"] : [ENGINE];
const TOPICS = ["warm", "first", "again", "once_more"] as const;
const BATCH = 3_000;
const PARTITIONS = 6;

/** `mongodMicros`: CPU of the server; 0 with SQLite. */
type Pass = { readonly seconds: number; readonly cpuMicros: number; readonly mongodMicros: number };

for (const engine of ENGINES) {
  const [first, ...replays] = engine === "mongodb" ? await overMongo() : await overSqlite();
  if (first === undefined) throw new Error("nothing was measured");
  print(engine, "the first time", first, first);
  for (const replay of replays) print(engine, "sent again", replay, first);
}

function print(engine: string, name: string, { seconds, cpuMicros, mongodMicros }: Pass, first: Pass): void {
  const rate = `${Math.round(RECORDS / seconds)}/s ${((100 * first.seconds) / seconds).toFixed(0)} %`;
  const cpu = `${(cpuMicros / RECORDS).toFixed(1)} us of CPU a record, ${(cpuMicros / first.cpuMicros).toFixed(2)}x`;
  const both = ((cpuMicros + mongodMicros) / (first.cpuMicros + first.mongodMicros)).toFixed(2);
  const mongod = mongodMicros === 0 ? "" : `; mongod ${(mongodMicros / RECORDS).toFixed(1)} us; both ${both}x`;
  process.stdout.write(`${engine.padEnd(8)} ${name.padEnd(15)} ${rate.padStart(16)}   ${cpu}${mongod}\n`);
}

/** Every line passes; `warm` has others, for the compiler. */
function line(topic: string, n: number): Buffer {
  const id = `${topic === "warm" ? "W" : "S"}-${String(n).padStart(8, "0")}`;
  return Buffer.from(
    `{"shipment_id":"${id}","weight_kg":${(n % 900) + 0.5},"destination":"Dublin","priority":${(n % 3) + 1}}`,
  );
}

async function timed(run: () => Promise<unknown>, mongodPid: number | null): Promise<Pass> {
  const mongod = (): number => (mongodPid === null ? 0 : cpuMicrosOf(mongodPid));
  const before = mongod();
  const [cpu, started] = [process.cpuUsage(), process.hrtime.bigint()];
  await run();
  const { user, system } = process.cpuUsage(cpu);
  return {
    seconds: Number(process.hrtime.bigint() - started) / 1e9,
    cpuMicros: user + system,
    mongodMicros: mongod() - before,
  };
}

async function overMongo(): Promise<readonly Pass[]> {
  const kafka = await startKafka();
  const mongo = await startMongo(1, [], []);
  const admin = new MongoClient(mongo.uri);
  const mongod = pidOf(`port ${mongo.ports[0]}`);
  const passes: Pass[] = [];
  try {
    for (const topic of TOPICS) {
      await createTopic(kafka.brokers, topic, PARTITIONS);
      await produce(kafka.brokers, topic);
      await admin.db("admin").command({ fsync: 1 });
      const pass = await timed(async () => runGateway(kafka.brokers, mongo.uri, "replays", topic, RECORDS), mongod);
      if (topic !== "warm") passes.push(pass);
    }
  } finally {
    await admin.close();
    await Promise.all([kafka.stop(), mongo.stop()]);
  }
  return passes;
}

async function produce(brokers: string, topic: string): Promise<void> {
  const settings = { clientId: "bench", bootstrapBrokers: [brokers], idempotent: true, acks: ProduceAcks.ALL };
  const producer = new Producer(settings);
  for (let start = 0; start < RECORDS; start += BATCH) {
    const count = Math.min(BATCH, RECORDS - start);
    const partition = (start / BATCH) % PARTITIONS;
    const messages = Array.from({ length: count }, (_, index) => ({
      topic,
      partition,
      value: line(topic, start + index),
    }));
    await producer.send({ messages });
  }
  await producer.close();
}

/** Appending to the log is part of both. */
async function overSqlite(): Promise<readonly Pass[]> {
  const directory = mkdtempSync(join(tmpdir(), "sigma-bench-"));
  const set = shipmentContracts("first");
  const log = openLog(join(directory, "log.db"), "first", TOPICS.length);
  const store = await openSqliteStoreInThread({
    path: join(directory, "store.db"),
    collections: ["shipments"],
    busyTimeoutMs: 1_000,
  });
  const gateway = await startOn(log, store, set, BATCH);
  const streams = await log.streams();
  const passes: Pass[] = [];
  for (const [partition, topic] of TOPICS.entries()) {
    const pass = await timed(async () => {
      for (let start = 0; start < RECORDS; start += BATCH) {
        const count = Math.min(BATCH, RECORDS - start);
        const values = Array.from({ length: count }, (_, index) => line(topic, start + index));
        await log.append(
          "first",
          values.map((value) => ({ key: null, headers: [], value, partition })),
        );
      }
      const id = streams.find((stream) => stream.partition === partition)?.id ?? "";
      await gateway.settled(id, BigInt(RECORDS - 1), AbortSignal.timeout(600_000));
    }, null);
    if (topic !== "warm") passes.push(pass);
  }
  await gateway.stop();
  await store.close();
  await log.close();
  rmSync(directory, { recursive: true, force: true });
  return passes;
}
