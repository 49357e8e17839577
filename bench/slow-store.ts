import { readArguments, several, someText, wholeNumber } from "./arguments.ts";
import { shipmentContracts } from "./contracts.ts";
import { produceShipments } from "./gateway.ts";
import { startOn } from "./start.ts";
import { openFaultProxy } from "../test/chaos/proxy.ts";
import { createTopic } from "../test/servers/kafka-for-tests.ts";
import { startKafka } from "../test/servers/kafka.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { openKafkaSource } from "../src/source/kafka/source.ts";
import { openMongoStore } from "../src/store/mongodb/store.ts";

// node bench/slow-store.ts [records] [partitions,...] [ms,...] [sizes,...]    (a size as 3000+ follows the store)
// What larger batches are worth where the store is far away: records a second by the delay of each way to it, the number of partitions and the
// most records of a batch. The way is a proxy in this process, which costs CPU of its own in every cell.

const [RECORDS, PARTITIONS, DELAYS_MS, SIZES] = readArguments(
  wholeNumber(120_000),
  several([1, 6], wholeNumber(1)),
  several([0, 5, 25, 100], wholeNumber(1, 0)),
  someText("3000,3000+,12000", /^\d+\+?(,\d+\+?)*$/),
);

const kafka = await startKafka();
const mongo = await startMongo(1, [], []);
const { port } = new URL(mongo.uri.replace("mongodb:", "http:"));
const proxy = await openFaultProxy({ host: "127.0.0.1", port: Number(port) });
const uri = `mongodb://127.0.0.1:${proxy.port}/?directConnection=true`;

/** Settles all records of a topic. @returns how many a second behind the first batch, how many a batch had on average, and its time. */
async function measure(name: string, topic: string, size: string): Promise<string> {
  const recordsMax = Number.parseInt(size, 10);
  const source = await openKafkaSource({
    connection: { brokers: [kafka.brokers], tls: null, sasl: null },
    topics: [topic],
    group: { groupId: name, instanceId: null, sessionTimeoutMs: 30_000 },
    acceptCompacted: [],
    fetchWaitMs: 500,
  });
  const timeouts = { selectionTimeoutMs: 30_000, socketTimeoutMs: 30_000 };
  const store = await openMongoStore({ uri: uri.replace("/?", `/${name}?`), collections: ["shipments"], ...timeouts });
  const done = Promise.withResolvers<void>();
  let [settled, batches, first, ms, counted] = [0, 0, 0, 0, 0];
  const gateway = await startOn(source, store, shipmentContracts(topic), recordsMax, {
    limits: { bytesMax: 8_388_608, recordsMax, waitMs: 500 },
    ...(size.endsWith("+") ? { settleGoalMs: 1_000 } : {}),
    observe: (event) => {
      if (event.kind === "stream-paused") process.stderr.write(`${event.message}\n`);
      if (event.kind !== "batch-settled") return;
      settled += event.count;
      batches += 1;
      // The first batch waits for connections and for the compiler.
      if (batches === 1) [first, counted] = [performance.now(), event.count];
      else ms += event.measures.stagesMs.ledger + event.measures.stagesMs.documents;
      if (settled >= RECORDS) done.resolve();
    },
  });
  await done.promise;
  const seconds = (performance.now() - first) / 1_000;
  await gateway.stop();
  await store.close();
  await source.close();
  const batchMs = Math.round(ms / Math.max(1, batches - 1));
  return `${Math.round((settled - counted) / seconds)} (${Math.round(settled / batches)} in ${batchMs} ms)`;
}

try {
  for (const partitions of PARTITIONS) {
    const topic = `slow-${partitions}`;
    await createTopic(kafka.brokers, topic, partitions);
    await produceShipments(kafka.brokers, topic, RECORDS, { partitions });
    for (const delayMs of DELAYS_MS) {
      proxy.set(delayMs === 0 ? { kind: "none" } : { kind: "latency", delayMs });
      const cells: string[] = [];
      for (const [index, size] of SIZES.split(",").entries())
        cells.push(`${size}: ${await measure(`s${partitions}_${delayMs}_${index}`, topic, size)}`);
      process.stdout.write(
        `${partitions} partitions, ${delayMs} ms each way; records/s (records a batch) ${cells.join("  ")}\n`,
      );
    }
  }
} finally {
  await proxy.close();
  await Promise.all([kafka.stop(), mongo.stop()]);
}
