import { randomBytes } from "node:crypto";
import { Consumer, Producer, ProduceAcks } from "@platformatic/kafka";
import { MongoClient } from "mongodb";
import type { CompiledContractSet } from "../src/core/compile.ts";
import { startGateway } from "../src/gateway/gateway.ts";
import { openKafkaSource } from "../src/source/kafka/source.ts";
import { openMongoStore } from "../src/store/mongodb/store.ts";
import { startKafka } from "../test/servers/kafka.ts";
import { createTopic } from "../test/servers/kafka-for-tests.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { shipmentContracts } from "./contracts.ts";
import { median } from "./rounds.ts";

// node bench/pipeline.ts [records] [rounds]
// Kafka -> gateway -> MongoDB against a bare loop in the same language that fetches, JSON.parses and insertManys without any
// contract; the same records (10 % invalid, 5 % duplicates), brokers, servers, partitions, batches and write concern.
// Targets: at least 80 % of the bare rate, CPU of this process per record at most 1.6 times, under 300 MB resident.

const RECORDS = Number(process.argv[2] ?? 200_000);
const ROUNDS = Number(process.argv[3] ?? 3);
const PARTITIONS = 6;
const TOPIC = "shipments";
const BATCH = 1_000;

type Cost = { readonly seconds: number; readonly cpuSeconds: number };

const kafka = await startKafka();
const mongo = await startMongo(1);
try {
  await createTopic(kafka.brokers, TOPIC, PARTITIONS);
  await produce();
  const costs: Record<"bare" | "gateway", Cost[]> = { bare: [], gateway: [] };
  let rssMax = 0;
  const watch = setInterval(() => (rssMax = Math.max(rssMax, process.memoryUsage.rss())), 50);
  for (let round = 0; round <= ROUNDS; round += 1) {
    const bare = await costOf(async () => runBare(`bare_${round}`));
    rssMax = 0;
    const gateway = await costOf(async () => runGateway(`gateway_${round}`));
    // The first round warms compilers and caches.
    if (round === 0) continue;
    costs.bare.push(bare);
    costs.gateway.push(gateway);
  }
  clearInterval(watch);
  report("bare loop", costs.bare);
  report("gateway", costs.gateway);
  const ratio = (of: keyof Cost): number =>
    median(costs.gateway.map((c) => c[of])) / median(costs.bare.map((c) => c[of]));
  process.stdout.write(
    `rate against bare ${(100 / ratio("seconds")).toFixed(0)} %, CPU per record ${ratio("cpuSeconds").toFixed(2)}x\n`,
  );
  process.stdout.write(`resident memory of the last gateway run, at most ${Math.round(rssMax / 1e6)} MB\n`);
} finally {
  await Promise.all([kafka.stop(), mongo.stop()]);
}

function report(name: string, costs: readonly Cost[]): void {
  const rate = Math.round(RECORDS / median(costs.map(({ seconds }) => seconds)));
  const cpu = (median(costs.map(({ cpuSeconds }) => cpuSeconds)) * 1e6) / RECORDS;
  process.stdout.write(`${name.padEnd(10)} ${rate} records/s  ${cpu.toFixed(1)} us of CPU a record\n`);
}

async function costOf(run: () => Promise<void>): Promise<Cost> {
  const cpu = process.cpuUsage();
  const started = process.hrtime.bigint();
  await run();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: Number(process.hrtime.bigint() - started) / 1e9, cpuSeconds: (user + system) / 1e6 };
}

function line(n: number): string {
  // Every twentieth is the fact before it once more, every tenth breaks the schema.
  const fact = n % 20 === 7 ? n - 1 : n;
  const weight = n % 10 === 5 ? -1.5 : (fact % 900) + 0.5;
  return `{"shipment_id":"SHIP-${String(fact).padStart(8, "0")}","weight_kg":${weight},"destination":"Dublin","priority":${(fact % 3) + 1}}`;
}

async function produce(): Promise<void> {
  const producer = new Producer({
    clientId: "bench",
    bootstrapBrokers: [kafka.brokers],
    idempotent: true,
    acks: ProduceAcks.ALL,
  });
  for (let start = 0; start < RECORDS; start += BATCH) {
    const messages = Array.from({ length: Math.min(BATCH, RECORDS - start) }, (_, index) => ({
      topic: TOPIC,
      partition: (start / BATCH) % PARTITIONS,
      value: Buffer.from(line(start + index)),
    }));
    await producer.send({ messages });
  }
  await producer.close();
}

async function runGateway(database: string): Promise<void> {
  const set: CompiledContractSet = shipmentContracts(TOPIC);
  const source = await openKafkaSource({
    connection: { brokers: [kafka.brokers], tls: null, sasl: null },
    topics: [TOPIC],
    group: { groupId: `bench-${randomBytes(4).toString("hex")}`, instanceId: null, sessionTimeoutMs: 30_000 },
    acceptCompacted: [],
    fetchWaitMs: 500,
  });
  const uri = mongo.uri.replace("/?", `/${database}?`);
  const store = await openMongoStore({
    uri,
    collections: ["shipments"],
    selectionTimeoutMs: 5_000,
    socketTimeoutMs: 30_000,
  });
  let settled = 0;
  const done = Promise.withResolvers<void>();
  const gateway = await startGateway({
    source,
    store,
    contracts: () => set,
    limits: { bytesMax: 1_048_576, recordsMax: BATCH, waitMs: 500 },
    observe: (event) => {
      if (event.kind === "batch-settled") settled += event.count;
      if (settled >= RECORDS) done.resolve();
    },
    sleep: async (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    random: Math.random,
  });
  await done.promise;
  await gateway.stop();
  await store.close();
  await source.close();
}

/** What somebody writes in an afternoon: no contract, no identity, no ledger, and every crash a duplicate. */
async function runBare(database: string): Promise<void> {
  const client = new MongoClient(mongo.uri, { writeConcern: { w: "majority", j: true } });
  const collection = client.db(database).collection("shipments");
  const partition = async (number: number): Promise<void> => {
    const consumer = new Consumer({ clientId: "bench", groupId: "bench-bare", bootstrapBrokers: [kafka.brokers] });
    const { topics } = await consumer.metadata({ topics: [TOPIC] });
    consumer.topics.track(TOPIC);
    const { id = "", partitions = [] } = topics.get(TOPIC) ?? {};
    const node = partitions[number]?.leader ?? -1;
    let position = 0n;
    for (;;) {
      const response = await consumer.fetch({
        node,
        topics: [
          {
            topicId: id,
            partitions: [
              {
                partition: number,
                fetchOffset: position,
                partitionMaxBytes: 1_048_576,
                currentLeaderEpoch: -1,
                lastFetchedEpoch: -1,
              },
            ],
          },
        ],
        maxBytes: 1_048_576,
        minBytes: 1,
        maxWaitTime: 200,
      });
      const batches = response.responses[0]?.partitions[0]?.records ?? [];
      if (batches.length === 0) break;
      const documents: Record<string, unknown>[] = [];
      for (const batch of batches) {
        for (const { value } of batch.records) documents.push(JSON.parse(String(value)) as Record<string, unknown>);
        position = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
      }
      for (let at = 0; at < documents.length; at += BATCH) {
        await collection.insertMany(documents.slice(at, at + BATCH), { ordered: false });
      }
    }
    await consumer.close(true);
  };
  await Promise.all(Array.from({ length: PARTITIONS }, async (_, number) => partition(number)));
  await client.close();
}
