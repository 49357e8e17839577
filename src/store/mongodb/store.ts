import type { Db } from "mongodb";
import { Unavailable } from "../../core/unavailable.ts";
import type { Store } from "../store.ts";
import { putAdvice } from "./advice.ts";
import { createClient, WRITE_CONCERN, type MongoOptions } from "./connect.ts";
import type { Document } from "./bson-reader.ts";
import { readEntry, readPacked } from "./entry-document.ts";
import { moveHours } from "./group-days.ts";
import { ensureLayout, layoutOf } from "./layout.ts";
import { noteLayout, refuseOtherLayout } from "./layout-version.ts";
import { noteLogEnds } from "./log-ends.ts";
import { dropObjectiveCounts, putObjectiveCounts } from "./objectives.ts";
import { insertAction, putHalt } from "./operator.ts";
import { firstOf, WITHOUT_EVIDENCE } from "./read-raw.ts";
import { createReads, readContractSet } from "./reads.ts";
import { guarded } from "./unavailable.ts";
import { noteRedriveSeen, putRedrive, putRedrivePages } from "./redrives.ts";
import { refusalOf } from "./refusal.ts";
import { createStreams } from "./streams.ts";
import { createStaging, createWrites } from "./writes.ts";

export type MongoStoreOptions = MongoOptions & {
  /** The collections of the contracts, which can be written. Others in the database stay readable. */
  readonly collections: readonly string[];
  /** For audit and status: collections are neither created nor required. */
  readonly readOnly?: boolean;
};

/**
 * The store for more than one machine: MongoDB from 5.0, a replica set or a standalone server, without multi-document
 * transactions. Every write waits for majority and journal, every read is of the majority and from the primary.
 * @throws `Unavailable` with a code that begins with `STORE_`.
 */
export async function openMongoStore(options: MongoStoreOptions): Promise<Store> {
  const { collections, readOnly = false } = options;
  collections.forEach(assertCollectionName);
  const { client, database } = createClient(options);
  const db = client.db(database);
  try {
    await guarded(async () => {
      await client.connect();
      await db.command({ ping: 1 });
      const { kind } = await refuseOtherLayout(db);
      const begin = async (): Promise<void> => (kind === "empty" ? noteLayout(db) : undefined);
      if (!readOnly) await ensureLayout(db, layoutOf(collections), begin);
      if (!readOnly) await moveHours(db);
    });
  } catch (error) {
    await client.close();
    throw error;
  }
  return storeOn(db, async () => client.close());
}

/** Makes a store from a database that has the present layout. */
export function storeOn(db: Db, close: () => Promise<void>): Store {
  const streams = createStreams(db);
  const staging = createStaging();
  const writes = createWrites(db, streams, staging);
  const ledger = db.collection<Document>("sigma_ledger");
  const sets = db.collection<Document>("sigma_contract_sets");
  return {
    ...writes,
    unit: async (work) => work(writes),
    tail: async (stream) =>
      guarded(async () => {
        const last = await firstOf(
          ledger.find({ stream: { $eq: stream } }, { ...WITHOUT_EVIDENCE, sort: { seq: -1 } }),
        );
        return last === null ? null : readEntry(last);
      }),
    streamNote: async (stream) => guarded(async () => streams.note(stream)),
    evidenceOf: async (stream, seq) => guarded(async () => readPacked(db, stream, seq)),
    putContractSet: async (digest, text) =>
      guarded(async () => {
        const change = { $setOnInsert: { text } };
        await sets.updateOne({ _id: digest }, change, { upsert: true, writeConcern: WRITE_CONCERN });
      }),
    contractSet: async (digest) => guarded(async () => readContractSet(db, digest)),
    refusalOf,
    appendAction: async (action) => guarded(async () => insertAction(db, action)),
    noteLogEnds: async (notes) => guarded(async () => noteLogEnds(db, notes)),
    putHalt: async (stream, note) => guarded(async () => putHalt(db, stream, note)),
    putRedrivePages: async (pages) => guarded(async () => putRedrivePages(db, pages)),
    putRedrive: async (plan, text) => guarded(async () => putRedrive(db, plan, text)),
    noteRedriveSeen: async (plan, at) => guarded(async () => noteRedriveSeen(db, plan, at)),
    putAdvice: async (note) => guarded(async () => putAdvice(db, note)),
    putObjectiveCounts: async (counts) => guarded(async () => putObjectiveCounts(db, counts)),
    dropObjectiveCounts: async (...given) => guarded(async () => dropObjectiveCounts(db, ...given)),
    // Old data in the server's journal and oplog cannot be removed from here.
    scrub: async () => undefined,
    // The server keeps its unique index itself.
    mendIndex: async () => 0,
    reads: createReads(db, streams, staging),
    close,
  };
}

/** The contract's collection becomes part of a MongoDB collection name, so only these characters are allowed. */
function assertCollectionName(collection: string): void {
  if (/^[a-z][a-z0-9_]{0,62}$/.test(collection)) return;
  const message = `Cannot use collection "${collection}": use lower-case letters, digits and underscores, up to 63`;
  throw new Unavailable("STORE_LAYOUT", message, "correct the contract's collection");
}
