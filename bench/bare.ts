import { Consumer } from "@platformatic/kafka";
import { MongoClient, UUID, type Db, type Document } from "mongodb";
import type { JsonValue } from "../src/json/json.ts";
import { NOTHING_DECLARED } from "../src/schema/number-types.ts";
import type { ValidatedRow } from "../src/store/store.ts";
import type { StreamNote } from "../src/store/stream-note.ts";
import { createBsonWriter } from "../src/store/mongodb/bson-writer.ts";
import { WRITE_CONCERN } from "../src/store/mongodb/connect.ts";
import { createFactWriter } from "../src/store/mongodb/fact-document.ts";
import { beginSequence, endSequence } from "../src/store/mongodb/document-sequence.ts";
import { machineIdOf } from "./ids.ts";

const BATCH = 3_000;
const COLLECTION = "shipments";

export type Servers = { readonly brokers: string; readonly mongodb: string; readonly topic: string };

type Fetched = { readonly value: Buffer; readonly partition: number; readonly offset: bigint };

/** Stores the records of one page; made once for each loop. */
type Insert = (records: readonly Fetched[]) => Promise<void>;

/** What somebody writes in an afternoon: no contract, no ledger, and under an id of its own, without which no sink is idempotent. */
export function bareInsert(db: Db): Insert {
  const collection = db.collection<Document & { _id: UUID }>(COLLECTION);
  return async (records) => {
    const documents = records.flatMap(({ value }) => {
      const document = parsed(value) as (Document & { _id: UUID }) | null;
      if (document === null) return [];
      document._id = new UUID();
      return [document];
    });
    for (let at = 0; at < documents.length; at += BATCH) {
      await collection.insertMany(documents.slice(at, at + BATCH), { ordered: false });
    }
  };
}

/**
 * The same with the gateway's documents, written as the gateway writes them, and one SHA-256 for each: still no contract and no
 * ledger. What the gateway cannot go below.
 */
export function evidenceInsert(db: Db): Insert {
  const writer = createBsonWriter(4_194_304);
  const write = createFactWriter();
  const notes = new Map<string, StreamNote>();
  const noteOf = ({ position: { stream, topic, partition } }: ValidatedRow): StreamNote => {
    const known = notes.get(stream) ?? { number: partition + 1, stream, topic, partition };
    notes.set(stream, known);
    return known;
  };
  return async (records) => {
    const rows = records.map(rowOf);
    for (let at = 0; at < rows.length; at += BATCH) {
      beginSequence(writer);
      for (const row of rows.slice(at, at + BATCH)) write(writer, noteOf(row), row);
      const documents = endSequence(writer);
      await db.command({ insert: COLLECTION, documents, ordered: false, writeConcern: WRITE_CONCERN });
    }
  };
}

const CONTRACT = { subject: "shipment", version: 1, digest: `sha256:${"0".repeat(64)}` };

/** Under an id of its position: one that is taken costs the server more than any other. */
function rowOf({ value, partition, offset }: Fetched): ValidatedRow {
  const stream = `AbCdEfGhIjKlMnOpQrStUv/AbCdEfGhIjKlMnOpQrStUv/${partition}`;
  return {
    kind: "validated",
    id: machineIdOf(`${partition}@${offset}`),
    position: { stream, topic: COLLECTION, partition, offset },
    timestampMs: 1_700_000_000_000,
    key: null,
    headers: [],
    raw: value,
    contract: CONTRACT,
    declaredBy: "default",
    payload: parsed(value),
    numbers: NOTHING_DECLARED,
  };
}

/** Null where the bytes are no JSON, which some of the records are not. */
function parsed(value: Buffer): JsonValue {
  try {
    return JSON.parse(value.toString("latin1")) as JsonValue;
  } catch {
    return null;
  }
}

/** Reads every partition to its end, in so many loops side by side, into a database of its own. */
export async function runLoops(
  { brokers, mongodb, topic }: Servers,
  database: string,
  loops: number,
  partitions: number,
  insertInto: (db: Db) => Insert,
): Promise<void> {
  const client = new MongoClient(mongodb, { writeConcern: WRITE_CONCERN });
  const loop = async (first: number): Promise<void> => {
    const insert = insertInto(client.db(database));
    for (let partition = first; partition < partitions; partition += loops) {
      await readPartition(brokers, topic, partition, insert);
    }
  };
  await Promise.all(Array.from({ length: loops }, async (_, first) => loop(first)));
  await client.close();
}

async function readPartition(brokers: string, topic: string, partition: number, insert: Insert): Promise<void> {
  const consumer = new Consumer({ clientId: "bench", groupId: "bench-bare", bootstrapBrokers: [brokers] });
  const { topics } = await consumer.metadata({ topics: [topic] });
  consumer.topics.track(topic);
  const { id = "", partitions = [] } = topics.get(topic) ?? {};
  const node = partitions[partition]?.leader ?? -1;
  const limits = { partitionMaxBytes: 1_048_576, currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
  let position = 0n;
  for (;;) {
    const response = await consumer.fetch({
      node,
      topics: [{ topicId: id, partitions: [{ partition, fetchOffset: position, ...limits }] }],
      maxBytes: 1_048_576,
      minBytes: 1,
      maxWaitTime: 200,
    });
    const { records: batches, highWatermark = 0n } = response.responses[0]?.partitions[0] ?? {};
    if (batches === undefined || batches === null) break;
    const records: Fetched[] = [];
    for (const batch of batches) {
      for (const [index, { value }] of batch.records.entries()) {
        records.push({ value: value as Buffer, partition, offset: batch.firstOffset + BigInt(index) });
      }
      position = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    }
    await insert(records);
    // Asked once more it would wait for records that never come, which would count as its own slowness.
    if (position >= highWatermark) break;
  }
  await consumer.close(true);
}
