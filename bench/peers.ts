import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MongoClient, type Db } from "mongodb";
import { createTopic } from "../test/servers/kafka-for-tests.ts";
import { startKafka } from "../test/servers/kafka.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { fraction, oneOf, readOptions, several, someText, wholeNumber } from "./arguments.ts";
import { shipmentContracts } from "./contracts.ts";
import { cpuMicrosOf, cpuMicrosOfTree, pidOf, residentMegabytesOfTree } from "./cpu.ts";
import { evictionFlags } from "./eviction.ts";
import { produceShipments } from "./gateway.ts";
import { SHIPMENT_VALIDATOR, startConnect } from "./peers/connect.ts";
import { startBenthos } from "./peers/benthos.ts";
import { takeMemory } from "./peers/memory.ts";
import { goCommand, nodeLibraries, pythonLibraries } from "./peers/brought.ts";
import { recordOf, type Shape } from "./records.ts";
import { median } from "./rounds.ts";
import { decide } from "../src/core/decide.ts";

// node bench/peers.ts [--records 200000] [--rounds 3] [--bytes 85,1024,16384] [--failing 0,0.1,0.5] [--partitions 6,1] [--only gateway|Python] [--eviction default] [--out FILE]
// The gateway, as its users start it, against the loops that engineers write in Python and Node, Kafka Connect and Benthos: the same records, broker, server, write concern.
// Each program runs alone. What is measured begins with a quarter of its facts and ends with the last: neither its start nor its compilers count.
// Who begins changes from round to round. Before the rounds the Node loop runs unmeasured, after mongod took the memory that all runs need.

const values = readOptions({
  records: wholeNumber(200_000),
  rounds: wholeNumber(3),
  bytes: several([85], wholeNumber(1)),
  failing: several([0.1], fraction(0)),
  partitions: several([6], wholeNumber(1)),
  out: someText(""),
  only: someText(""),
  eviction: oneOf("default", "late"),
});
const ROOT = resolve(import.meta.dirname, "..");
const LOOK_EVERY_MS = 10;
/** How often MongoDB keeps what a program writes: the gateway's document and evidence, and the oplog's of both. */
const COPIES = 4;
/** About so many bytes of a document, and of its index entries, are no payload. */
const BESIDE_PAYLOAD = 400;
/** A peer that is stuck ends the run. */
const LONGEST_MS = 600_000;

type Run = {
  readonly topic: string;
  readonly partitions: number;
  readonly database: string;
  readonly brokers: string;
  readonly mongodb: string;
};
type Read = Pick<Run, "topic" | "partitions">;
type Spent = {
  readonly perSecond: number;
  readonly clientMicros: number;
  readonly mongodMicros: number;
  readonly residentMegabytes: number;
  /** What mongod took from the system meanwhile: it should have had enough. */
  readonly takenMegabytes: number;
};
type Peer = { readonly name: string; readonly start: (run: Run) => ChildProcess };

const uriOf = ({ mongodb, database }: Run): string => mongodb.replace("/?", `/${database}?`);

const go = goCommand();
const GATEWAY: Peer = { name: "the gateway", start: startGateway };
const NODE: Peer = {
  name: "Node: kafkajs, ajv, mongodb",
  start: ({ brokers, topic, mongodb, database }) =>
    spawn(process.execPath, [join(ROOT, "bench/peers/loop.mjs"), brokers, topic, mongodb, database], {
      // kafkajs 2 waits for a time that is past, of which a newer Node warns.
      env: { ...process.env, PEER_MODULES: nodeLibraries(), NODE_NO_WARNINGS: "1" },
      stdio: ["ignore", "inherit", "inherit"],
    }),
};
const ALL: readonly Peer[] = [
  GATEWAY,
  {
    name: "Python: librdkafka, Pydantic, pymongo",
    start: ({ brokers, topic, mongodb, database }) =>
      spawn("python3", [join(ROOT, "bench/peers/loop.py"), brokers, topic, mongodb, database], {
        env: { ...process.env, PYTHONPATH: pythonLibraries() },
        stdio: ["ignore", "inherit", "inherit"],
      }),
  },
  NODE,
  { name: "Kafka Connect, $jsonSchema", start: (run) => startConnect(folder, run) },
  ...(go === null ? [] : [{ name: "Benthos core, json_schema", start: (run: Run) => startBenthos(go, folder, run) }]),
];
const PEERS = ALL.filter(({ name }) => new RegExp(values.only).test(name));
if (go === null) process.stderr.write("SKIPPED: Benthos needs go\n");

/** `sigma start` with its defaults: metrics, counters and log lines included. */
function startGateway(run: Run): ChildProcess {
  return spawn(process.execPath, [join(ROOT, "bin/sigma.js"), "start", "--port", "0", "--no-demo"], {
    cwd: folder,
    env: {
      ...process.env,
      KAFKA_BROKERS: run.brokers,
      MONGODB_URI: uriOf(run),
      SIGMA_KAFKA_GROUP: run.database,
      SIGMA_SOURCES: `${run.topic}=shipment@1`,
      SIGMA_CONTRACTS_DIR: join(ROOT, "contracts"),
    },
    // Its log lines are written, and to a file.
    stdio: ["ignore", "ignore", openSync(join(folder, "gateway.log"), "a")],
  });
}

const folder = mkdtempSync(join(tmpdir(), "sigma-bench-"));
const kafka = await startKafka();
const mongo = await startMongo(1, [], evictionFlags(values.eviction));
const admin = new MongoClient(mongo.uri);
const mongod = pidOf(`port ${mongo.ports[0]}`);
const ROUNDS = values.rounds;
const results: unknown[] = [];
try {
  for (const bytes of values.bytes)
    for (const failing of values.failing)
      for (const partitions of values.partitions) await compareOn({ bytes, failing, repeated: 0.05 }, partitions);
  if (values.out !== "") writeFileSync(values.out, `${JSON.stringify(results, null, 2)}\n`);
} finally {
  await admin.close();
  await Promise.all([kafka.stop(), mongo.stop()]);
  rmSync(folder, { recursive: true });
}

/** Large records are fewer: about as many bytes. */
function recordsOf({ bytes }: Shape): number {
  return Math.round(values.records / Math.max(1, Math.sqrt(bytes / 85)));
}

async function compareOn(shape: Shape, partitions: number): Promise<void> {
  const records = recordsOf(shape);
  const topic = `shipments-${results.length}`;
  await createTopic(kafka.brokers, topic, partitions);
  await produceShipments(kafka.brokers, topic, records, { partitions, shape });
  const facts = factsAmong(records, shape);
  await warmUp(shape, { topic, partitions }, records, facts);
  const spent = new Map<string, Spent[]>(PEERS.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    const from = round % PEERS.length;
    for (const peer of [...PEERS.slice(from), ...PEERS.slice(0, from)]) {
      await flush();
      spent.get(peer.name)?.push(await measure(peer, { topic, partitions }, records, facts));
    }
  }
  say(`\n${shape.bytes} bytes, ${shape.failing * 100} % failing, ${partitions} partitions, ${records} records`);
  say(`${NODE.name} ran first, unmeasured; then ${ROUNDS} round(s), each begun by the next program`);
  const ours = PEERS.includes(GATEWAY) ? of(GATEWAY.name, spent) : null;
  for (const { name } of PEERS) {
    const one = of(name, spent);
    results.push({ ...shape, partitions, records, name, warmedBy: NODE.name, ...one });
    const [client, store] = [one.clientMicros.toFixed(1), one.mongodMicros.toFixed(1)];
    const resident = `${Math.round(one.residentMegabytes)} MB`;
    const cells = `${Math.round(one.perSecond)}/s  client ${client} us, mongod ${store} us, ${resident}`;
    const taken = `, mongod took ${Math.round(one.takenMegabytes)} MB more`;
    say(`${name.padEnd(38)} ${cells}${taken}${ours === null ? "" : `; ours: ${against(ours, one)}`}`);
  }
}

function against(ours: Spent, one: Spent): string {
  const rate = (ours.perSecond / one.perSecond).toFixed(2);
  const cpu = ((ours.clientMicros + ours.mongodMicros) / (one.clientMicros + one.mongodMicros)).toFixed(2);
  return `rate ${rate}x, CPU of both ${cpu}x`;
}

/**
 * Whoever runs while MongoDB takes memory from the system pays for it: of mongod's CPU a seventh at 16 kB. MongoDB keeps what it took, but the
 * pages of the oplog and of dropped databases are in use for minutes, so that each program would take more. Therefore as much is taken
 * before as all of them write. Then a loop that is not the gateway reads the topic once: it pays for what the servers do once.
 */
async function warmUp(shape: Shape, read: Read, records: number, facts: number): Promise<void> {
  const written = records * (shape.bytes + BESIDE_PAYLOAD) * COPIES;
  await takeMemory(admin, written * (1 + PEERS.length * ROUNDS));
  await flush();
  await measure(NODE, read, records, facts);
}

/** What others left to be written is written first, or the next program would pay for it: the topic's records, and the documents of the one before. */
async function flush(): Promise<void> {
  await admin.db("admin").command({ fsync: 1 });
  execFileSync("sync");
}

function of(name: string, spent: ReadonlyMap<string, readonly Spent[]>): Spent {
  const all = spent.get(name) ?? [];
  const middle = (key: keyof Spent): number => median(all.map((one) => one[key]));
  return {
    perSecond: middle("perSecond"),
    clientMicros: middle("clientMicros"),
    mongodMicros: middle("mongodMicros"),
    residentMegabytes: middle("residentMegabytes"),
    takenMegabytes: middle("takenMegabytes"),
  };
}

/** How many facts the records make: each peer must come to as many. */
function factsAmong(records: number, shape: Shape): number {
  const set = shipmentContracts("shipments");
  const ids = new Set<string>();
  for (let n = 0; n < records; n += 1) {
    const value = recordOf(n, shape);
    // A repeat has the bytes of its first.
    if (decide({ topic: "shipments", headers: [], value }, set).status === "PASSED") ids.add(value.toString("latin1"));
  }
  return ids.size;
}

async function measure(peer: Peer, read: Read, records: number, facts: number): Promise<Spent> {
  const run: Run = { ...read, database: `peer${Date.now()}`, brokers: kafka.brokers, mongodb: mongo.uri };
  // What the run before left to be written is written first, or this one would pay for it.
  await admin.db("admin").command({ fsync: 1 });
  if (peer.name.includes("$jsonSchema")) {
    await admin.db(run.database).createCollection("validated_shipments", { validator: SHIPMENT_VALIDATOR });
  }
  const child = peer.start(run);
  const pid = child.pid ?? 0;
  const ended = once(child, "exit");
  try {
    const db = admin.db(run.database);
    const first = await counted(db, Math.ceil(facts / 4), child);
    const taken = residentMegabytesOfTree(mongod);
    const began = { at: process.hrtime.bigint(), client: cpuMicrosOfTree(pid), mongod: cpuMicrosOf(mongod) };
    await counted(db, facts, child);
    const seconds = Number(process.hrtime.bigint() - began.at) / 1e9;
    const share = records * (1 - first / facts);
    return {
      perSecond: share / seconds,
      clientMicros: (cpuMicrosOfTree(pid) - began.client) / share,
      mongodMicros: (cpuMicrosOf(mongod) - began.mongod) / share,
      residentMegabytes: residentMegabytesOfTree(pid),
      takenMegabytes: residentMegabytesOfTree(mongod) - taken,
    };
  } finally {
    child.kill("SIGKILL");
    await ended;
    await admin.db(run.database).dropDatabase();
  }
}

/** Waits until so many facts are stored. @returns how many there are then. */
async function counted(db: Db, facts: number, child: ChildProcess): Promise<number> {
  const limit = AbortSignal.timeout(LONGEST_MS);
  for (;;) {
    const count = await db.collection("validated_shipments").estimatedDocumentCount();
    if (count >= facts) return count;
    if (child.exitCode !== null || limit.aborted) throw new Error(`a peer stopped at ${count} of ${facts} facts`);
    await delay(LOOK_EVERY_MS);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
