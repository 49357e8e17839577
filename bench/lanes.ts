import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { MongoClient } from "mongodb";
import { openLaneLatency } from "../test/e2e/lane-latency.ts";
import { createTopic } from "../test/servers/kafka-for-tests.ts";
import { startKafka } from "../test/servers/kafka.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { median } from "./rounds.ts";

// node bench/lanes.ts [rounds] [records a round]
// How much a poisoned lane delays another: Kafka -> router -> lanes -> workers of each lane -> MongoDB, each in a process of its own. The
// 99th percentile of the time from the send of a healthy record until a majority of the store has it, in rounds that alternate:
// quiet, and beside a lane whose large records all FAIL. Target: the median of the rounds moves less than 20 %.

const ROUNDS = Number(process.argv[2] ?? 5);
const RECORDS = Number(process.argv[3] ?? 300);
const TOPIC = "shipments";
const SIGMA = resolve(import.meta.dirname, "../bin/sigma.js");
/** FAILED by its schema, and 16 kB of it are read, explained and kept. */
const POISON = `{"shipment_id":"","weight_kg":-1,"destination":"","priority":3,"note":"${"x".repeat(16_000)}"}`;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const kafka = await startKafka();
const mongo = await startMongo(1, [], []);
const client = new MongoClient(mongo.uri);
const stopping: (() => void)[] = [];

/** Starts a command of the program, and waits until it says it is there. */
async function begin(args: readonly string[], more: Readonly<Record<string, string>>): Promise<void> {
  const env = {
    ...process.env,
    KAFKA_BROKERS: kafka.brokers,
    MONGODB_URI: mongo.uri.replace("/?", "/lanes?"),
    SIGMA_SOURCES: `${TOPIC}=shipment@1`,
    SIGMA_LANES: "slow?priority=3&priority_field=/priority&in_flight=50,rest",
    ...more,
  };
  const child = spawn(process.execPath, [SIGMA, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  stopping.push(() => void child.kill("SIGKILL"));
  for await (const chunk of child.stderr) if (/listening|moving records/.test(String(chunk))) return;
  await once(child, "exit");
  throw new Error(`sigma ${args.join(" ")} ended`);
}

try {
  for (const topic of [TOPIC, `${TOPIC}.lane.slow`, `${TOPIC}.lane.rest`]) await createTopic(kafka.brokers, topic, 1);
  await begin(["lanes", "route", "--log-format", "json"], {});
  for (const lane of ["slow", "rest"])
    await begin(["start", "--port", "0", "--log-format", "json"], { SIGMA_WORKER_LANES: lane });
  const latency = await openLaneLatency(kafka.brokers, TOPIC, client.db("lanes"), RECORDS);
  const [quiet, poisoned]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    quiet.push(await latency.round([]));
    poisoned.push(await latency.round([POISON, POISON]));
    say(`round ${round + 1}: p99 ${quiet.at(-1)?.toFixed(1)} ms quiet, ${poisoned.at(-1)?.toFixed(1)} ms poisoned`);
  }
  await latency.close();
  const [before, beside] = [median(quiet), median(poisoned)];
  const moved = (100 * (beside / before - 1)).toFixed(1);
  say(`median p99 ${before.toFixed(1)} ms quiet, ${beside.toFixed(1)} ms beside a poisoned lane: ${moved} %`);
} finally {
  for (const stop of stopping) stop();
  await client.close();
  await Promise.all([kafka.stop(), mongo.stop()]);
}
