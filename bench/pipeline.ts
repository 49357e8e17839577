import { Consumer } from "@platformatic/kafka";
import { MongoClient } from "mongodb";
import { startKafka } from "../test/servers/kafka.ts";
import { createTopic } from "../test/servers/kafka-for-tests.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { produceShipments, runGateway } from "./gateway.ts";
import { median } from "./rounds.ts";

// node bench/pipeline.ts [records] [rounds]
// Kafka -> gateway -> MongoDB against a bare loop in the same language that fetches, JSON.parses and insertManys without any
// contract; the same records (10 % invalid, 5 % duplicates), brokers, servers, partitions, batches and write concern.
// Targets: at least 80 % of the bare rate, CPU of this process per record at most 1.6 times, under 300 MB resident.

const RECORDS = Number(process.argv[2] ?? 200_000);
const ROUNDS = Number(process.argv[3] ?? 3);
const PARTITIONS = 6;
const TOPIC = "shipments";
const BATCH = 3_000;

type Cost = { readonly seconds: number; readonly cpuSeconds: number };

const kafka = await startKafka();
const mongo = await startMongo(1, [], 4);
const admin = new MongoClient(mongo.uri);
try {
  await createTopic(kafka.brokers, TOPIC, PARTITIONS);
  await produceShipments(kafka.brokers, TOPIC, RECORDS);
  const costs: Record<"one" | "bare" | "free" | "gateway", Cost[]> = { one: [], bare: [], free: [], gateway: [] };
  let rssMax = 0;
  const watch = setInterval(() => (rssMax = Math.max(rssMax, process.memoryUsage.rss())), 50);
  for (let round = 0; round <= ROUNDS; round += 1) {
    const one = await costOf(async (database) => runBare(database, 1));
    const bare = await costOf(async (database) => runBare(database, PARTITIONS));
    const free = await costOf(
      async (database) => void (await runGateway(kafka.brokers, mongo.uri, database, TOPIC, RECORDS, false)),
    );
    rssMax = 0;
    const gateway = await costOf(
      async (database) => void (await runGateway(kafka.brokers, mongo.uri, database, TOPIC, RECORDS)),
    );
    // The first round warms compilers and caches.
    if (round === 0) continue;
    costs.one.push(one);
    costs.bare.push(bare);
    costs.free.push(free);
    costs.gateway.push(gateway);
  }
  clearInterval(watch);
  report("one bare loop", costs.one);
  report("bare loop per partition", costs.bare);
  report("gateway without ledger", costs.free);
  report("gateway", costs.gateway);
  for (const [name, against] of [
    ["one bare loop", costs.one],
    ["a bare loop per partition", costs.bare],
    ["no ledger", costs.free],
  ] as const) {
    const ratio = (of: keyof Cost): number =>
      median(costs.gateway.map((c) => c[of])) / median(against.map((c) => c[of]));
    const rate = (100 / ratio("seconds")).toFixed(0);
    process.stdout.write(`against ${name}: rate ${rate} %, CPU per record ${ratio("cpuSeconds").toFixed(2)}x\n`);
  }
  process.stdout.write(`resident memory of the last gateway run, at most ${Math.round(rssMax / 1e6)} MB\n`);
} finally {
  await admin.close();
  await Promise.all([kafka.stop(), mongo.stop()]);
}

function report(name: string, costs: readonly Cost[]): void {
  const rate = Math.round(RECORDS / median(costs.map(({ seconds }) => seconds)));
  const cpu = (median(costs.map(({ cpuSeconds }) => cpuSeconds)) * 1e6) / RECORDS;
  process.stdout.write(`${name.padEnd(24)} ${rate} records/s  ${cpu.toFixed(1)} us of CPU a record\n`);
}

/** Into a database of its own. What the run before left to be written is written first, or this one would pay for it. */
async function costOf(run: (database: string) => Promise<void>): Promise<Cost> {
  await admin.db("admin").command({ fsync: 1 });
  const cpu = process.cpuUsage();
  const started = process.hrtime.bigint();
  await run("bench");
  const { user, system } = process.cpuUsage(cpu);
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  await admin.db("bench").dropDatabase();
  return { seconds, cpuSeconds: (user + system) / 1e6 };
}

/** What somebody writes in an afternoon: no contract, no identity, no ledger, and every crash a duplicate. */
async function runBare(database: string, loops: number): Promise<void> {
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
  const all = Array.from({ length: PARTITIONS }, (_, number) => number);
  const loop = async (first: number): Promise<void> => {
    for (const number of all.filter((one) => one % loops === first)) await partition(number);
  };
  await Promise.all(Array.from({ length: loops }, async (_, first) => loop(first)));
  await client.close();
}
