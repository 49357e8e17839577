import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { MongoClient } from "mongodb";
import { openLaneLatency, type Percentiles } from "../test/e2e/lane-latency.ts";
import { createTopic } from "../test/servers/kafka-for-tests.ts";
import { startKafka } from "../test/servers/kafka.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { median } from "./rounds.ts";

// node bench/lanes.ts [rounds] [records a round]
// How much a poisoned lane and a slow one delay another: Kafka -> router -> lanes -> workers of each lane -> MongoDB, each in a process of its own. The
// 99th percentile of the time from the send of a healthy record until a majority of the store has it, in rounds that alternate:
// alone, beside a lane whose large records all FAIL, and beside one whose records are large and pass. The first two rounds, in which the runtimes still
// compile, do not count. Target: the median of the rounds moves less than 20 %.

const ROUNDS = Number(process.argv[2] ?? 7);
const COLD_ROUNDS = 2;
const RECORDS = Number(process.argv[3] ?? 300);
const TOPIC = "shipments";
const SIGMA = resolve(import.meta.dirname, "../bin/sigma.js");
/** FAILED by its schema, and 16 kB of it are read, explained and kept. */
const POISON = `{"shipment_id":"","weight_kg":-1,"destination":"","priority":3,"note":"${"x".repeat(16_000)}"}`;

/** Sound, and 128 kB of it are read, packed and stored. The identity differs, so that each one becomes a fact. */
let slow = 0;
function slowOne(): string {
  slow += 1;
  return `{"shipment_id":"slow-${slow}","weight_kg":1,"destination":"Dublin","priority":3,"note":"${"y".repeat(128_000)}"}`;
}

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
  const listening = new Promise<void>((said) => {
    // It is read on: whoever writes into a pipe that nobody reads ends.
    child.stderr.on("data", (chunk) => /listening|moving records/.test(String(chunk)) && said());
  });
  const ended = once(child, "exit").then(() => {
    throw new Error(`sigma ${args.join(" ")} ended`);
  });
  await Promise.race([listening, ended]);
  ended.catch(() => undefined);
}

try {
  for (const topic of [TOPIC, `${TOPIC}.lane.slow`, `${TOPIC}.lane.rest`]) await createTopic(kafka.brokers, topic, 1);
  await begin(["lanes", "route", "--log-format", "json"], {});
  for (const lane of ["slow", "rest"])
    await begin(["start", "--port", "0", "--log-format", "json"], { SIGMA_WORKER_LANES: lane });
  const latency = await openLaneLatency(kafka.brokers, TOPIC, client.db("lanes"), RECORDS);
  const kinds = {
    alone: () => [],
    "beside a poisoned lane": () => [POISON, POISON],
    "beside a slow lane": () => [slowOne(), slowOne()],
  } as const;
  const took = new Map(Object.keys(kinds).map((kind) => [kind, [] as Percentiles[]]));
  for (let round = 0; round < COLD_ROUNDS + ROUNDS; round += 1) {
    for (const [kind, besides] of Object.entries(kinds)) {
      const times = await latency.round(besides);
      if (round >= COLD_ROUNDS) took.get(kind)?.push(times);
      say(
        `round ${round + 1}, ${kind}: half within ${times.p50.toFixed(1)} ms, 99 of 100 within ${times.p99.toFixed(1)} ms`,
      );
    }
  }
  await latency.close();
  for (const part of ["p50", "p99"] as const) {
    const middle = (kind: string): number => median((took.get(kind) ?? []).map((times) => times[part]));
    for (const kind of Object.keys(kinds))
      say(
        `median ${part} ${kind}: ${middle(kind).toFixed(1)} ms, ${(100 * (middle(kind) / middle("alone") - 1)).toFixed(1)} %`,
      );
  }
} finally {
  for (const stop of stopping) stop();
  await client.close();
  await Promise.all([kafka.stop(), mongo.stop()]);
}
