import type { DatabaseSync } from "node:sqlite";
import { atomically, guarded, openDatabase, rollback, type Opened, type OpenOptions } from "../../sqlite/open.ts";
import { scrub } from "../../sqlite/scrub.ts";
import type { Store, StoreReads, StoreWrites } from "../store.ts";
import {
  assertCollectionName,
  createCollection,
  createLogEnds,
  createStoreLayout,
  refuseMixedLayouts,
  STORE_FILE,
} from "./layout.ts";
import { insertAction, noteLogEnds, putHalt } from "./operator.ts";
import { refusalOf } from "./document-reads.ts";
import { openReads } from "./reads.ts";
import { prepareWrites } from "./writes.ts";

export type SqliteStoreOptions = OpenOptions & {
  /** Collections that can be written; those a file already has stay readable. */
  readonly collections: readonly string[];
};

/**
 * The embedded store: one SQLite file. A unit is one transaction and one fsync; units run one after another, and so do
 * the writes outside them, each a transaction of its own. Reads go through a second connection, so they see only what is
 * committed.
 * @throws `Unavailable` with a code that begins with `STORE_`.
 */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const { path, collections, readOnly = false } = options;
  collections.forEach(assertCollectionName);
  const {
    db,
    made: writes,
    assertThere,
  } = openDatabase(STORE_FILE, options, createStoreLayout, (file) => {
    refuseMixedLayouts(file, path);
    if (!readOnly) createLogEnds(file);
    if (!readOnly) for (const collection of collections) createCollection(file, collection);
    return prepareWrites(file, path);
  });
  const { db: reader, made: reads } = openReader(options, db);
  const guard = <T>(run: () => T): T => guarded(STORE_FILE, path, run);
  const inTurn = queue();

  const within = guardedWrites(writes, guard);
  /** One statement; SQLite makes it a transaction of its own. */
  const alone = async <T>(run: () => T): Promise<T> =>
    inTurn(async () => {
      assertThere();
      return guard(run);
    });
  const atOnce = async <T>(run: () => T): Promise<T> => alone(() => atomically(db, run));

  return {
    insertLedger: async (entry, packed) => atOnce(() => writes.insertLedger(entry, packed)),
    ledgerEntry: async (stream, seq) => alone(() => writes.ledgerEntry(stream, seq)),
    stageFacts: writes.stageFacts,
    stageFailed: writes.stageFailed,
    insertFacts: async (...given) => atOnce(() => writes.insertFacts(...given)),
    dropEvidence: async (stream, seq) => atOnce(() => writes.dropEvidence(stream, seq)),
    holders: async (collection, ids) => alone(() => writes.holders(collection, ids)),
    insertFailed: async (collection, rows) => atOnce(() => writes.insertFailed(collection, rows)),
    insertReceipts: async (stream, receipts) => atOnce(() => writes.insertReceipts(stream, receipts)),
    removeDocuments: async (...given) => atOnce(() => writes.removeDocuments(...given)),
    ...replacing(writes, atOnce),
    noteTraffic: async (notes) => atOnce(() => writes.noteTraffic(notes)),
    unit: async (work) =>
      inTurn(async () => {
        assertThere();
        guard(() => db.exec("BEGIN IMMEDIATE"));
        try {
          const result = await work(within);
          guard(() => db.exec("COMMIT"));
          return result;
        } catch (error) {
          guard(() => rollback(db));
          throw error;
        }
      }),
    tail: async (stream) => alone(() => writes.tail(stream)),
    streamNote: async (stream) => atOnce(() => writes.streamNote(stream)),
    evidenceOf: async (stream, seq) => alone(() => writes.evidenceOf(stream, seq)),
    putContractSet: async (digest, text) => alone(() => writes.putContractSet(digest, text)),
    contractSet: async (digest) => alone(() => writes.contractSet(digest)),
    refusalOf,
    appendAction: async (action) => alone(() => insertAction(db, action)),
    noteLogEnds: async (notes) => atOnce(() => noteLogEnds(db, notes)),
    putHalt: async (stream, note) => atOnce(() => putHalt(db, stream, note)),
    scrub: async () => alone(() => scrub(db, STORE_FILE, path)),
    reads,
    close: async () =>
      inTurn(async () => {
        if (reader.isOpen) reader.close();
        if (db.isOpen) db.close();
      }),
  };
}

type Replacing = Pick<StoreWrites, "replaceEvidence" | "forgetReplaced" | "replaceFacts" | "replaceFailed">;

/** What takes the place of something else. @param once makes a transaction of it where none is open. */
function replacing(writes: ReturnType<typeof prepareWrites>, once: <T>(run: () => T) => Promise<T>): Replacing {
  return {
    replaceEvidence: async (...given) => once(() => writes.replaceEvidence(...given)),
    forgetReplaced: async () => undefined,
    replaceFacts: async (...given) => once(() => writes.replaceFacts(...given)),
    replaceFailed: async (...given) => once(() => writes.replaceFailed(...given)),
  };
}

/** The writes of a unit, whose transaction is open. */
function guardedWrites(writes: ReturnType<typeof prepareWrites>, guard: <T>(run: () => T) => T): StoreWrites {
  return {
    insertLedger: async (entry, packed) => guard(() => writes.insertLedger(entry, packed)),
    ledgerEntry: async (stream, seq) => guard(() => writes.ledgerEntry(stream, seq)),
    stageFacts: writes.stageFacts,
    stageFailed: writes.stageFailed,
    insertFacts: async (...given) => guard(() => writes.insertFacts(...given)),
    dropEvidence: async (stream, seq) => guard(() => writes.dropEvidence(stream, seq)),
    holders: async (collection, ids) => guard(() => writes.holders(collection, ids)),
    insertFailed: async (collection, rows) => guard(() => writes.insertFailed(collection, rows)),
    insertReceipts: async (stream, receipts) => guard(() => writes.insertReceipts(stream, receipts)),
    removeDocuments: async (...given) => guard(() => writes.removeDocuments(...given)),
    ...replacing(writes, async (run) => guard(run)),
    noteTraffic: async (notes) => guard(() => writes.noteTraffic(notes)),
  };
}

function openReader(options: SqliteStoreOptions, writer: DatabaseSync): Opened<StoreReads> {
  const { path, busyTimeoutMs } = options;
  const readsOnly = { path, busyTimeoutMs, readOnly: true };
  try {
    return openDatabase(STORE_FILE, readsOnly, refuseToCreate, (file) => openReads(file, path));
  } catch (error) {
    writer.close();
    throw error;
  }
}

function refuseToCreate(): never {
  throw new Error("Cannot create a store on its reading connection");
}

/** Runs one thing at a time, in the order asked: two units must never share the connection's transaction. */
function queue(): <T>(run: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return async (run) => {
    const next = last.then(run, run);
    last = next.catch(() => undefined);
    return next;
  };
}
