import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { MongoClient } from "mongodb";
import { HEAP_FLAGS, YOUNG_FLAGS } from "../bin/heap.js";
import { createTopic } from "../test/servers/kafka-for-tests.ts";
import { startKafka } from "../test/servers/kafka.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { fraction, readOptions, someText, wholeNumber } from "./arguments.ts";
import { cpuMicrosOf, pidOf } from "./cpu.ts";
import { produceShipments } from "./gateway.ts";
import type { Cost, Task } from "./pipeline-worker.ts";
import { USUAL } from "./records.ts";
import { median } from "./rounds.ts";

// node bench/pipeline.ts [records] [rounds] [pattern of the variants' names] [--bytes 85] [--failing 0.1] [--partitions 6]
//   [--before another-checkout]     the gateway of another checkout of this repository, in turn with this one
// Kafka -> gateway -> MongoDB against a bare loop in the same language that fetches, JSON.parses and insertManys under a random UUID
// without any contract; the same records (10 % invalid, 5 % duplicates), brokers, servers, partitions, batches and write concern. Each in a
// process of its own, as they would run, kept warm and asked in turn; the gateway's with the flags that bin/sigma.js gives it.
// Targets: at least 90 % of the rate of one bare loop, CPU of its process per record at most 1.45 times.

const values = readOptions(
  { bytes: wholeNumber(85), failing: fraction(0.1), partitions: wholeNumber(6), before: someText("") },
  wholeNumber(200_000),
  wholeNumber(3),
  someText(""),
);
const [RECORDS, ROUNDS, PATTERN] = values.placed;
const PARTITIONS = values.partitions;
const SHAPE = { ...USUAL, bytes: values.bytes, failing: values.failing };
const TOPIC = "shipments";
const WORKER = resolve(import.meta.dirname, "pipeline-worker.ts");
const BEFORE = "the gateway before";
const OWN_FLAGS = [...HEAP_FLAGS, ...YOUNG_FLAGS];
const ALL: Readonly<Record<string, Task["variant"]>> = {
  "one bare loop": "loop",
  "a bare loop for each partition": "loops",
  "one loop, the gateway's documents": "evidence",
  "the gateway without its ledger": "no-ledger",
  "the gateway without counters": "no-counters",
  "the gateway": "gateway",
};

// A third argument runs only the variants whose names match it.
const VARIANTS = Object.fromEntries(
  Object.entries({ ...ALL, ...(values.before === "" ? {} : { [BEFORE]: "gateway" as const }) }).filter(([name]) =>
    new RegExp(PATTERN).test(name),
  ),
);

const kafka = await startKafka();
const mongo = await startMongo(1, [], []);
const admin = new MongoClient(mongo.uri);
const mongod = pidOf(`port ${mongo.ports[0]}`);
const workers = new Map<string, ChildProcess>();
try {
  await createTopic(kafka.brokers, TOPIC, PARTITIONS);
  await produceShipments(kafka.brokers, TOPIC, RECORDS, { partitions: PARTITIONS, shape: SHAPE });
  const costs = new Map<string, Spent[]>();
  for (const [name, variant] of Object.entries(VARIANTS)) {
    const execArgv = ["gateway", "no-ledger", "no-counters"].includes(variant) ? OWN_FLAGS : [];
    const worker = name === BEFORE ? resolve(values.before, "bench/pipeline-worker.ts") : WORKER;
    workers.set(name, fork(worker, { execArgv }));
    costs.set(name, []);
  }
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, variant] of Object.entries(VARIANTS)) {
      const cost = await costOf(name, variant);
      // The first round warms compilers and caches.
      if (round > 0) costs.get(name)?.push(cost);
    }
  }
  const middle = (name: string, of: keyof Spent): number => median((costs.get(name) ?? []).map((cost) => cost[of]));
  const least = (name: string, of: keyof Spent): number => Math.min(...(costs.get(name) ?? []).map((cost) => cost[of]));
  const us = (seconds: number): string => ((seconds * 1e6) / RECORDS).toFixed(1);
  for (const name of costs.keys()) {
    const rate = Math.round(RECORDS / middle(name, "seconds"));
    const cpu = (middle(name, "cpuSeconds") * 1e6) / RECORDS;
    process.stdout.write(`${name.padEnd(34)} ${rate} records/s  ${cpu.toFixed(1)} us of CPU a record`);
    process.stdout.write(`, least ${us(least(name, "cpuSeconds"))}; mongod ${us(least(name, "mongodSeconds"))}\n`);
  }
  for (const name of costs.keys()) {
    const rate = ((100 * middle(name, "seconds")) / middle("the gateway", "seconds")).toFixed(0);
    const cpu = (middle("the gateway", "cpuSeconds") / middle(name, "cpuSeconds")).toFixed(2);
    process.stdout.write(`the gateway against ${name}: rate ${rate} %, CPU per record ${cpu}x\n`);
  }
} finally {
  for (const worker of workers.values()) worker.kill();
  await admin.close();
  await Promise.all([kafka.stop(), mongo.stop()]);
}

type Spent = Cost & { readonly mongodSeconds: number };

/** Into a database of its own. What the run before left to be written is written first, or this one would pay for it. */
async function costOf(name: string, variant: Task["variant"]): Promise<Spent> {
  const worker = workers.get(name);
  if (worker === undefined) throw new Error(`No process runs ${name}`);
  await admin.db("admin").command({ fsync: 1 });
  const task: Task = {
    variant,
    brokers: kafka.brokers,
    mongodb: mongo.uri,
    topic: TOPIC,
    records: RECORDS,
    partitions: PARTITIONS,
  };
  const before = cpuMicrosOf(mongod);
  worker.send(task);
  const answer = once(worker, "message") as Promise<[Cost]>;
  const [cost] = await Promise.race([
    answer,
    once(worker, "exit").then(() => Promise.reject(new Error(`${name} ended`))),
  ]);
  const mongodSeconds = (cpuMicrosOf(mongod) - before) / 1e6;
  await admin.db("bench").dropDatabase();
  return { ...cost, mongodSeconds };
}
