import { MongoClient } from "mongodb";
import { startKafka } from "../test/servers/kafka.ts";
import { createTopic } from "../test/servers/kafka-for-tests.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { bareInsert, evidenceInsert, runLoops } from "./bare.ts";
import { produceShipments, runGateway } from "./gateway.ts";
import { median } from "./rounds.ts";

// node bench/pipeline.ts [records] [rounds]
// Kafka -> gateway -> MongoDB against a bare loop in the same language that fetches, JSON.parses and insertManys without any
// contract; the same records (10 % invalid, 5 % duplicates), brokers, servers, partitions, batches and write concern.
// Targets: at least 80 % of the rate of one bare loop, CPU of this process per record at most 1.6 times.

const RECORDS = Number(process.argv[2] ?? 200_000);
const ROUNDS = Number(process.argv[3] ?? 3);
const TOPIC = "shipments";

type Cost = { readonly seconds: number; readonly cpuSeconds: number };

const kafka = await startKafka();
const mongo = await startMongo(1, [], []);
const admin = new MongoClient(mongo.uri);
try {
  await createTopic(kafka.brokers, TOPIC, 6);
  await produceShipments(kafka.brokers, TOPIC, RECORDS);
  const servers = { brokers: kafka.brokers, mongodb: mongo.uri, topic: TOPIC };
  const gateway = (ledger: boolean) => async (database: string) =>
    void (await runGateway(kafka.brokers, mongo.uri, database, TOPIC, RECORDS, ledger));
  const variants = {
    "one bare loop": async (database: string) => runLoops(servers, database, 1, bareInsert),
    "a bare loop for each partition": async (database: string) => runLoops(servers, database, 6, bareInsert),
    "one loop, the gateway's documents": async (database: string) => runLoops(servers, database, 1, evidenceInsert),
    "the gateway without its ledger": gateway(false),
    "the gateway": gateway(true),
  };
  const costs = new Map<string, Cost[]>(Object.keys(variants).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, run] of Object.entries(variants)) {
      const cost = await costOf(run);
      // The first round warms compilers and caches.
      if (round > 0) costs.get(name)?.push(cost);
    }
  }
  const middle = (name: string, of: keyof Cost): number => median((costs.get(name) ?? []).map((cost) => cost[of]));
  for (const name of costs.keys()) {
    const rate = Math.round(RECORDS / middle(name, "seconds"));
    const cpu = (middle(name, "cpuSeconds") * 1e6) / RECORDS;
    process.stdout.write(`${name.padEnd(34)} ${rate} records/s  ${cpu.toFixed(1)} us of CPU a record\n`);
  }
  for (const name of costs.keys()) {
    const rate = ((100 * middle(name, "seconds")) / middle("the gateway", "seconds")).toFixed(0);
    const cpu = (middle("the gateway", "cpuSeconds") / middle(name, "cpuSeconds")).toFixed(2);
    process.stdout.write(`the gateway against ${name}: rate ${rate} %, CPU per record ${cpu}x\n`);
  }
} finally {
  await admin.close();
  await Promise.all([kafka.stop(), mongo.stop()]);
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
