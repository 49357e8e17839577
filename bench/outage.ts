import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Producer, ProduceAcks } from "@platformatic/kafka";
import { MongoClient } from "mongodb";
import { createTopic, withAdmin } from "../test/servers/kafka-for-tests.ts";
import { startKafka } from "../test/servers/kafka.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { amount, readArguments, wholeNumber } from "./arguments.ts";

// node bench/outage.ts [seconds of outage] [records a second]
// An outage of the store at full ingest, scaled down: Kafka takes records all the time, mongod hangs (SIGSTOP) for some seconds and goes on.
// Prints every few seconds what waits in Kafka, what was settled a second since, and the memory of the gateway; at the end how long it took to
// work the backlog off while more arrived, and what is stored of what was sent.
// Target: memory as before the outage, nothing lost, everything caught up.

const [OUTAGE_S, RATE] = readArguments(amount(30), wholeNumber(10_000));
const PARTITIONS = 6;
const TOPIC = "shipments";
const SIGMA = resolve(import.meta.dirname, "../bin/sigma.js");
const EVERY_MS = 100;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const kafka = await startKafka();
const mongo = await startMongo(1, [], []);
const client = new MongoClient(mongo.uri);
const db = client.db("outage");
await createTopic(kafka.brokers, TOPIC, PARTITIONS);
const env = {
  ...process.env,
  KAFKA_BROKERS: kafka.brokers,
  MONGODB_URI: mongo.uri.replace("/?", "/outage?"),
  SIGMA_SOURCES: `${TOPIC}=shipment@1`,
};
const gateway = spawn(process.execPath, [SIGMA, "start", "--port", "0", "--log-level", "error", "--json"], {
  env,
  stdio: ["ignore", "pipe", "inherit"],
});
await once(gateway.stdout, "data");
const producer = new Producer({ clientId: "bench", bootstrapBrokers: [kafka.brokers], acks: ProduceAcks.ALL });

let sent = 0;
let sending = true;
async function send(): Promise<void> {
  for (let due = performance.now(); sending; due += EVERY_MS) {
    const count = (RATE * EVERY_MS) / 1_000;
    const messages = Array.from({ length: count }, (_, index) => ({
      topic: TOPIC,
      partition: (sent + index) % PARTITIONS,
      value: Buffer.from(`{"shipment_id":"S-${sent + index}","weight_kg":15.2,"destination":"Dublin","priority":2}`),
    }));
    await producer.send({ messages });
    sent += count;
    await delay(Math.max(0, due + EVERY_MS - performance.now()));
  }
}

/** Resident memory of the gateway in MiB. */
function residentMib(): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${gateway.pid}/status`, "utf8"));
  return Math.round(Number(line?.[1] ?? 0) / 1_024);
}

/** Records that the group has settled, by its hints. */
async function settled(): Promise<number> {
  const partitionIndexes = Array.from({ length: PARTITIONS }, (_, index) => index);
  const groups = [{ groupId: "sigma-aetl", topics: [{ name: TOPIC, partitionIndexes }] }];
  return withAdmin(kafka.brokers, async (admin) => {
    const [group] = await admin.listConsumerGroupOffsets({ groups });
    const offsets =
      group?.topics[0]?.partitions.map(({ committedOffset }) => Math.max(0, Number(committedOffset))) ?? [];
    return offsets.reduce((sum, offset) => sum + offset, 0);
  });
}

const began = performance.now();
let last = { atS: 0, done: 0 };
async function report(phase: string): Promise<number> {
  const done = await settled();
  const waiting = sent - done;
  const atS = (performance.now() - began) / 1_000;
  const rate = Math.round((done - last.done) / (atS - last.atS));
  last = { atS, done };
  const columns = [`waiting ${String(waiting).padStart(9)}`, `settled ${String(rate).padStart(6)}/s`];
  say(`${atS.toFixed(0).padStart(4)} s  ${phase.padEnd(8)} ${columns.join("  ")}  memory ${residentMib()} MiB`);
  return waiting;
}

/** Watches until no more waits than before the outage, while as many records arrive. */
async function recover(usual: number): Promise<void> {
  const from = performance.now();
  let waiting = sent - (await settled());
  const backlog = waiting;
  while (waiting > usual) {
    await delay(5_000);
    waiting = await report("after");
  }
  const seconds = (performance.now() - from) / 1_000;
  say(`recovered in ${seconds.toFixed(0)} s: a backlog of ${backlog}, while ${RATE} a second arrived`);
}

/** @returns the most that waited. */
async function watch(phase: string, seconds: number): Promise<number> {
  let most = 0;
  for (let at = 0; at < seconds; at += 5) {
    await delay(5_000);
    most = Math.max(most, await report(phase));
  }
  return most;
}

try {
  const producing = send();
  // Hints are committed every two seconds: so many records wait at least.
  const usual = Math.max(await watch("before", 15), 3 * RATE);
  mongo.freeze(0, true);
  await watch("outage", OUTAGE_S);
  mongo.freeze(0, false);
  await recover(usual);
  sending = false;
  await producing;
  while ((await report("draining")) > 0) await delay(2_000);
  const stored = await db.collection("validated_shipments").countDocuments();
  say(`sent ${sent}, stored ${stored}, lost ${sent - stored}`);
} finally {
  gateway.kill("SIGKILL");
  await Promise.all([producer.close(true), client.close()]);
  await Promise.all([kafka.stop(), mongo.stop()]);
}
