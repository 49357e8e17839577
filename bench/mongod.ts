import { BSON, MongoClient, type Binary, type Db, type Document } from "mongodb";
import { decideRecord } from "../src/gateway/decided.ts";
import { createBsonWriter, writtenBytes } from "../src/store/mongodb/bson-writer.ts";
import { WRITE_CONCERN } from "../src/store/mongodb/connect.ts";
import { createFactWriter } from "../src/store/mongodb/fact-document.ts";
import { ensureLayout, layoutOf } from "../src/store/mongodb/layout.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { shipmentContracts } from "./contracts.ts";
import { cpuMicrosOf, pidOf } from "./cpu.ts";
import { shipmentLine } from "./line.ts";
import { median } from "./rounds.ts";

// node bench/mongod.ts [records] [rounds]
// What the server itself needs for a fact, and for which part of it (Linux): the gateway's documents against bare payloads, with
// ids of the server's kind and with random UUIDs, as six writers of a stream each insert them in batches.

const [RECORDS, ROUNDS] = readArguments(wholeNumber(150_000), wholeNumber(6));
const STREAMS = 6;
const BATCH = 3_000;
/** Small, so that pages are written out while more are filled, as in a database that has run for a while. */
const SMALL = ["--wiredTigerCacheSizeGB", "1"];

type Variant = {
  readonly name: string;
  readonly documents: readonly Document[];
  /** @returns the collection to insert into. */
  readonly prepare: (db: Db) => Promise<string>;
};
type Cost = { readonly cpuMicros: number; readonly wallMicros: number };

const facts = factsOf(RECORDS);
const payloads = facts.map((fact) => fact["payload"] as Document);
const bare = async (): Promise<string> => "facts";
const layout = async (db: Db): Promise<string> => {
  await ensureLayout(db, layoutOf(["shipments"]));
  return "validated_shipments";
};
const positions = async (db: Db): Promise<string> => {
  const name = await layout(db);
  await db.collection(name).createIndex({ "source.stream": 1, "source.offset": 1 });
  return name;
};
const fields = layoutOf(["shipments"]).find(({ name }) => name === "validated_shipments")?.fields ?? {};
const properties = Object.fromEntries(Object.entries(fields).map(([name, bsonType]) => [name, { bsonType }]));
const schema = async (db: Db): Promise<string> => {
  const validator = { $jsonSchema: { bsonType: "object", required: Object.keys(fields), properties } };
  await db.createCollection("facts", { validator });
  return "facts";
};
const named = payloads.map((payload, at) => ({ _id: facts[at]?.["_id"] as Binary, ...payload }));
const variants: readonly Variant[] = [
  { name: "bare payloads", documents: payloads, prepare: bare },
  { name: "bare payloads under a UUID", documents: named, prepare: bare },
  { name: "facts, no validator", documents: facts, prepare: bare },
  { name: "facts, the whole layout", documents: facts, prepare: layout },
  { name: "facts, their validator a schema", documents: facts, prepare: schema },
  { name: "facts, with a position index", documents: facts, prepare: positions },
];

const mongo = await startMongo(1, [], SMALL);
const client = new MongoClient(mongo.uri);
try {
  const pid = pidOf(`port ${mongo.ports[0]}`);
  const costs = new Map<Variant, Cost[]>(variants.map((variant) => [variant, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const variant of variants) {
      const cost = await costOf(variant, pid);
      // The first round warms caches.
      if (round > 0) costs.get(variant)?.push(cost);
    }
  }
  for (const [{ name }, all] of costs) {
    const cpu = all.map(({ cpuMicros }) => cpuMicros);
    const least = Math.min(...cpu).toFixed(1);
    const wall = Math.min(...all.map(({ wallMicros }) => wallMicros)).toFixed(1);
    process.stdout.write(
      `${name.padEnd(32)} us of the server's CPU a document: least ${least}, median ${median(cpu).toFixed(1)}; wall, least ${wall}\n`,
    );
  }
} finally {
  await client.close();
  await mongo.stop();
}

async function costOf({ documents, prepare }: Variant, pid: number): Promise<Cost> {
  const db = client.db("bench");
  const collection = await prepare(db);
  const batches = Array.from({ length: Math.ceil(documents.length / BATCH) }, (_, at) =>
    documents.slice(at * BATCH, (at + 1) * BATCH),
  );
  const before = cpuMicrosOf(pid);
  const started = performance.now();
  const write = async (stream: number): Promise<void> => {
    for (let at = stream; at < batches.length; at += STREAMS) {
      // The driver puts an _id into what has none.
      const batch = (batches[at] ?? []).map((document) => ({ ...document }));
      await db.command({ insert: collection, documents: batch, ordered: false, writeConcern: WRITE_CONCERN });
    }
  };
  await Promise.all(Array.from({ length: STREAMS }, async (_, stream) => write(stream)));
  const wallMicros = ((performance.now() - started) * 1_000) / documents.length;
  const cost = { cpuMicros: (cpuMicrosOf(pid) - before) / documents.length, wallMicros };
  await db.dropDatabase();
  return cost;
}

/** Documents as the gateway stores them, each batch of a stream of its own. */
function factsOf(count: number): readonly Document[] {
  const records = Array.from({ length: count }, (_, at) => {
    const partition = Math.floor(at / BATCH) % STREAMS;
    const stream = `AbCdEfGhIjKlMnOpQrStUv/AbCdEfGhIjKlMnOpQrStUv/${partition}`;
    const position = { stream, topic: "shipments", partition, offset: BigInt(at) };
    // No line whose number ends in 0 breaks the schema.
    const value = Buffer.from(shipmentLine(at * 10));
    return { position, timestampMs: 1_700_000_000_000, key: null, headers: [], value };
  });
  const write = createFactWriter();
  const set = shipmentContracts("shipments");
  return records.map((record) => {
    const row = decideRecord(record, set, () => null);
    if (row.kind !== "validated") throw new Error("a shipment of the benchmark is not valid");
    const writer = createBsonWriter(1_024);
    const { stream, topic, partition } = record.position;
    write(writer, { number: partition + 1, stream, topic, partition }, row);
    return BSON.deserialize(writtenBytes(writer), { useBigInt64: true });
  });
}
