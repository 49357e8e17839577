import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MongoClient } from "mongodb";
import { countReceipts } from "../src/store/mongodb/receipt-reads.ts";
import { createTopic } from "../test/servers/kafka-for-tests.ts";
import { startKafka } from "../test/servers/kafka.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { cpuMicrosOf, cpuMicrosOfThread, cpuMicrosOfTree, pidOf, residentMegabytesOfTree, treeOf } from "./cpu.ts";
import { decidedIn } from "./decided.ts";
import { produceShipments } from "./gateway.ts";
import type { Shape } from "./records.ts";

// Gateways as their users start them that read a backlog and take turns: those whose turn it is not are frozen, so that they stay warm and
// cost nothing. For bench/workers.ts, bench/capacity.ts and bench/capacity-check.ts.

const ROOT = resolve(import.meta.dirname, "..");
const LOOK_EVERY_MS = 10;
/** A gateway that is stuck ends the run. */
const LONGEST_MS = 600_000;
/** How many turns' worth of records each process decides first: its compilers are at work until then. */
const COLD_TURNS = 2;
/** Workers do not read their partitions at one pace: none may come to the end of its own. */
const SPARE = 1.5;
const COLLECTIONS = {
  fact: "validated_shipments",
  failure: "failed_shipments",
  receipt: "sigma_receipts",
  ledger: "sigma_ledger",
} as const;

/** What a turn took; CPU is in microseconds. */
export type Turn = {
  readonly records: number;
  readonly entries: number;
  readonly own: number;
  /** Of the threads that decide. */
  readonly main: number;
  readonly mongod: number;
  /** What mongod still had to write when the turn was over. */
  readonly later: number;
  readonly broker: number;
  readonly ms: number;
};

export type Collection = { readonly documents: number; readonly bytes: number };

/** What is stored, by what records became; bytes on disk, indexes included. */
export type Stored = Readonly<Record<keyof typeof COLLECTIONS, Collection>>;

export type Runner = {
  readonly workers: number;
  /** What its start and its first records took. */
  readonly cold: Turn;
  readonly takeTurn: (records: number) => Promise<Turn>;
  readonly stored: () => Promise<Stored>;
  readonly residentMegabytes: () => number;
  readonly end: () => Promise<void>;
};

/** How many records a topic needs for so many turns. */
export function backlogFor(turn: number, turns: number, workersMost: number): number {
  return Math.ceil(turn * (turns + COLD_TURNS * workersMost) * SPARE);
}

/** Kafka and MongoDB, and gateways on them. */
export type Bench = {
  /** Makes a topic with so many records. */
  readonly fill: (topic: string, records: number, partitions: number, shape: Shape) => Promise<void>;
  /** Starts a gateway that decides its first records and is frozen then. @param turn records of a turn. */
  readonly begin: (topic: string, workers: number, turn: number, settings?: NodeJS.ProcessEnv) => Promise<Runner>;
  /** Milliseconds that a small durable write takes, of the quicker ones: those that nothing else delayed. */
  readonly writeMs: () => Promise<number>;
  readonly close: () => Promise<void>;
};

/** Starts Kafka and MongoDB. @param flags of mongod. */
export async function openBench(flags: readonly string[] = []): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "sigma-bench-"));
  const kafka = await startKafka();
  const mongo = await startMongo(1, [], flags);
  const client = new MongoClient(mongo.uri);
  const mongod = pidOf(`port ${mongo.ports[0]}`);
  const broker = pidOf(kafka.data.replace(/data$/, "server.properties"));
  let runs = 0;

  const start = (topic: string, workers: number, database: string, settings: NodeJS.ProcessEnv): ChildProcess => {
    const args = ["start", "--port", "0", "--no-demo", "--workers", String(workers)];
    return spawn(process.execPath, [join(ROOT, "bin/sigma.js"), ...args], {
      cwd: folder,
      env: {
        ...process.env,
        KAFKA_BROKERS: kafka.brokers,
        MONGODB_URI: mongo.uri.replace("/?", `/${database}?`),
        SIGMA_KAFKA_GROUP: database,
        SIGMA_SOURCES: `${topic}=shipment@1`,
        SIGMA_CONTRACTS_DIR: join(ROOT, "contracts"),
        ...settings,
      },
      // Its log lines are written, and to a file.
      stdio: ["ignore", "ignore", openSync(join(folder, "gateway.log"), "a")],
    });
  };

  return {
    fill: async (topic, records, partitions, shape) => {
      await createTopic(kafka.brokers, topic, partitions);
      await produceShipments(kafka.brokers, topic, records, { partitions, shape });
    },
    begin: async (topic, workers, turn, settings = {}) => {
      runs += 1;
      const database = `bench${runs}`;
      const child = start(topic, workers, database, settings);
      const pid = child.pid ?? 0;
      const turns = createTurns({ client, child, database, mongod, broker, log: join(folder, "gateway.log") });
      const cold = await turns.take(turn * COLD_TURNS * workers, true);
      return {
        workers,
        cold,
        takeTurn: async (records) => turns.take(records, false),
        stored: async () => storedIn(client, database),
        residentMegabytes: () => residentMegabytesOfTree(pid),
        end: async () => {
          const ended = once(child, "exit");
          for (const one of treeOf(pid).toReversed()) process.kill(one, "SIGKILL");
          await ended;
          await client.db(database).dropDatabase();
        },
      };
    },
    writeMs: async () => {
      const collection = client.db("bench0").collection("writes");
      const times: number[] = [];
      for (let at = 0; at < 200; at += 1) {
        const began = performance.now();
        await collection.insertOne({ at }, { writeConcern: { w: "majority", journal: true } });
        times.push(performance.now() - began);
      }
      return times.toSorted((a, b) => a - b)[times.length / 10] ?? 0;
    },
    close: async () => {
      await client.close();
      await Promise.all([kafka.stop(), mongo.stop()]);
      rmSync(folder, { recursive: true });
    },
  };
}

type Watched = {
  readonly client: MongoClient;
  readonly child: ChildProcess;
  readonly database: string;
  readonly mongod: number;
  readonly broker: number;
  readonly log: string;
};

function createTurns({ client, child, database, mongod, broker, log }: Watched) {
  const pid = child.pid ?? 0;
  const db = client.db(database);
  const countOf = async (name: string): Promise<number> => db.collection(name).estimatedDocumentCount();
  const records = async (): Promise<number> => decidedIn(db);
  const freeze = (frozen: boolean): void => {
    for (const one of treeOf(pid)) process.kill(one, frozen ? "SIGSTOP" : "SIGCONT");
  };
  const reach = async (wanted: number): Promise<void> => {
    const limit = AbortSignal.timeout(LONGEST_MS);
    while ((await records()) < wanted) {
      if (child.exitCode !== null || limit.aborted) {
        process.stderr.write(readFileSync(log, "utf8").slice(-4_000));
        throw new Error(`the gateway of ${database} did not come to ${wanted} records`);
      }
      await delay(LOOK_EVERY_MS);
    }
  };
  const flush = async (): Promise<number> => {
    const before = cpuMicrosOf(mongod);
    await client.db("admin").command({ fsync: 1 });
    return cpuMicrosOf(mongod) - before;
  };
  const stand = async (): Promise<Omit<Turn, "later">> => ({
    records: await records(),
    entries: await countOf(COLLECTIONS.ledger),
    own: cpuMicrosOfTree(pid),
    main: treeOf(pid).reduce((sum, one) => sum + cpuMicrosOfThread(one, one), 0),
    mongod: cpuMicrosOf(mongod),
    broker: cpuMicrosOf(broker),
    ms: performance.now(),
  });
  return {
    /** Lets the gateway run until it stored so many records more. @param isFirst its start counts too. */
    take: async (count: number, isFirst: boolean): Promise<Turn> => {
      // What others left to be written is written first, or this one would pay for it.
      if (!isFirst) await flush();
      const began = await stand();
      if (!isFirst) freeze(false);
      await reach(began.records + count);
      freeze(true);
      const now = await stand();
      return {
        records: now.records - began.records,
        entries: now.entries - began.entries,
        own: now.own - (isFirst ? 0 : began.own),
        main: now.main - (isFirst ? 0 : began.main),
        mongod: now.mongod - began.mongod,
        later: await flush(),
        broker: now.broker - began.broker,
        ms: now.ms - began.ms,
      };
    },
  };
}

async function storedIn(client: MongoClient, database: string): Promise<Stored> {
  const db = client.db(database);
  await client.db("admin").command({ fsync: 1 });
  const of = async (name: string): Promise<Collection> => {
    const { count, storageSize, totalIndexSize } = await db.command({ collStats: name });
    return { documents: Number(count), bytes: Number(storageSize) + Number(totalIndexSize) };
  };
  const { fact, failure, receipt, ledger } = COLLECTIONS;
  // Receipts share documents.
  const receipts = { ...(await of(receipt)), documents: await countReceipts(db) };
  return { fact: await of(fact), failure: await of(failure), receipt: receipts, ledger: await of(ledger) };
}
