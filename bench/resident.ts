import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MongoClient } from "mongodb";
import { createTopic } from "../test/servers/kafka-for-tests.ts";
import { startKafka } from "../test/servers/kafka.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { cpuMicrosOf } from "./cpu.ts";
import { decidedIn } from "./decided.ts";
import { produceShipments } from "./gateway.ts";

// node bench/resident.ts [records]
// Resident memory and CPU of the program itself, in a process of its own, from Kafka to MongoDB at full speed over six partitions
// (Linux). Target: under 300 MB.

const [RECORDS] = readArguments(wholeNumber(1_000_000));
const SIGMA = resolve(import.meta.dirname, "../bin/sigma.js");
const TOPIC = "shipments";

const kafka = await startKafka();
const mongo = await startMongo(1, [], []);
await createTopic(kafka.brokers, TOPIC, 6);
await produceShipments(kafka.brokers, TOPIC, RECORDS);
const uri = mongo.uri.replace("/?", "/resident?");
const env = { KAFKA_BROKERS: kafka.brokers, MONGODB_URI: uri, SIGMA_SOURCES: `${TOPIC}=shipment@1` };
const gateway = spawn(process.execPath, [SIGMA, "start", "--port", "0", "--log-level", "warn", "--json"], {
  env: { ...process.env, ...env },
  stdio: "inherit",
});
const client = new MongoClient(uri);
const started = performance.now();
const samples: number[] = [];
for (let stored = 0, asked = 0; stored < RECORDS;) {
  await delay(100);
  samples.push(residentMb(gateway.pid ?? 0));
  if (performance.now() - asked < 500) continue;
  asked = performance.now();
  stored = await decidedIn(client.db());
}
const seconds = (performance.now() - started) / 1_000;
const cpuMicros = cpuMicrosOf(gateway.pid ?? 0);
gateway.kill("SIGTERM");
await once(gateway, "exit");
await client.close();
await Promise.all([kafka.stop(), mongo.stop()]);
const edge = (part: number): number => Math.floor((part * samples.length) / 10);
const peaks = Array.from({ length: 10 }, (_, part) => Math.max(0, ...samples.slice(edge(part), edge(part + 1))));
process.stdout.write(`${(cpuMicros / RECORDS).toFixed(1)} us of CPU a record\n`);
process.stdout.write(`${RECORDS} records in ${seconds.toFixed(1)} s; at most ${Math.max(...peaks).toFixed(0)} MB\n`);
process.stdout.write(`at most, in each tenth of the time: ${peaks.map((mb) => mb.toFixed(0)).join(" ")}\n`);

function residentMb(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return (Number(kilobytes) * 1_024) / 1e6;
}
