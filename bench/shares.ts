import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { MongoClient } from "mongodb";
import { HEAP_FLAGS, YOUNG_FLAGS } from "../bin/heap.js";
import { createTopic } from "../test/servers/kafka-for-tests.ts";
import { startKafka } from "../test/servers/kafka.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { cpuMicrosOf } from "./cpu.ts";
import { produceShipments } from "./gateway.ts";
import type { Cost, Task } from "./pipeline-worker.ts";
import { median } from "./rounds.ts";

// node bench/shares.ts [records] [rounds]
// What parts of the gateway cost from Kafka to MongoDB, 10 % of the records failing: counting failures by group; metrics and the log at their
// defaults. Each side in a process of its own, kept warm, asked in turn, forwards and back. CPU of our process and of mongod is compared,
// which other work on the machine disturbs less than the rate. Targets: groups at most 3 %; metrics and log at most 2 % and 0.1 us of
// CPU a record.

const [RECORDS, ROUNDS] = readArguments(wholeNumber(200_000), wholeNumber(6));
const TOPIC = "shipments";
const SIDES = {
  "the gateway": "gateway",
  "without groups": "no-groups",
  "with metrics and log": "watched",
} as const satisfies Readonly<Record<string, Task["variant"]>>;
type Side = keyof typeof SIDES;
type Costs = { readonly own: number; readonly server: number; readonly seconds: number };

const kafka = await startKafka();
const mongo = await startMongo(1, [], []);
const admin = new MongoClient(mongo.uri);
const workers = new Map<Side, ChildProcess>();
try {
  await createTopic(kafka.brokers, TOPIC, 6);
  await produceShipments(kafka.brokers, TOPIC, RECORDS);
  const server = Number((await admin.db("admin").command({ serverStatus: 1 }))["pid"]);
  const sides = Object.keys(SIDES) as Side[];
  const costs: Record<Side, Costs[]> = { "the gateway": [], "without groups": [], "with metrics and log": [] };
  for (const side of sides)
    workers.set(
      side,
      fork(resolve(import.meta.dirname, "pipeline-worker.ts"), { execArgv: [...HEAP_FLAGS, ...YOUNG_FLAGS] }),
    );
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      const cost = await costOf(side, server);
      // The first round warms compilers and caches.
      if (round > 0) costs[side].push(cost);
    }
  }
  for (const side of sides) say(side, costs[side]);
  compare("counting by group", costs["the gateway"], costs["without groups"]);
  compare("metrics and log", costs["with metrics and log"], costs["the gateway"]);
} finally {
  for (const worker of workers.values()) worker.kill();
  await admin.close();
  await Promise.all([kafka.stop(), mongo.stop()]);
}

async function costOf(side: Side, server: number): Promise<Costs> {
  const worker = workers.get(side);
  if (worker === undefined) throw new Error(`No process runs ${side}`);
  await admin.db("admin").command({ fsync: 1 });
  const before = cpuMicrosOf(server);
  const task: Task = {
    variant: SIDES[side],
    brokers: kafka.brokers,
    mongodb: mongo.uri,
    topic: TOPIC,
    partitions: 6,
    records: RECORDS,
  };
  worker.send(task);
  const [{ cpuSeconds, seconds }] = (await once(worker, "message")) as [Cost];
  const used = cpuMicrosOf(server) - before;
  await admin.db("bench").dropDatabase();
  return { own: (cpuSeconds * 1e6) / RECORDS, server: used / RECORDS, seconds };
}

function say(name: string, costs: readonly Costs[]): void {
  const shown = (of: keyof Costs): string => {
    const all = costs.map((one) => one[of]);
    return `least ${Math.min(...all).toFixed(2)}, median ${median(all).toFixed(2)}`;
  };
  process.stdout.write(
    `${name.padEnd(22)} own CPU us a record: ${shown("own")}; mongod's: ${shown("server")}; s: ${shown("seconds")}\n`,
  );
}

/** What `whole` takes more than `less`, round by round; the median of the rounds, and the difference of the least. */
function compare(name: string, whole: readonly Costs[], less: readonly Costs[]): void {
  for (const part of ["own", "server", "seconds"] as const) {
    const more = whole.map((one, round) => one[part] - (less[round]?.[part] ?? Number.NaN));
    const base = median(less.map((one) => one[part]));
    const least = Math.min(...whole.map((one) => one[part])) - Math.min(...less.map((one) => one[part]));
    const unit =
      part === "seconds" ? "s of wall clock" : `us of CPU a record (${part === "own" ? "our process" : "mongod"})`;
    const share = (difference: number): string => `${((100 * difference) / base).toFixed(1)} %`;
    process.stdout.write(
      `${name}: ${median(more).toFixed(2)} ${unit}, ${share(median(more))} (median of rounds); ${least.toFixed(2)}, ${share(least)} (least of each)\n`,
    );
  }
}
