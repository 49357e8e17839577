import type { DatabaseSync } from "node:sqlite";
import { atomically, guarded, openDatabase, rollback, type OpenOptions } from "../../sqlite/open.ts";
import { scrub } from "../../sqlite/scrub.ts";
import { createAdvice } from "./advice.ts";
import {
  assertCollectionName,
  createCollection,
  createGroupDays,
  createLogEnds,
  createStoreLayout,
  createVolume,
  factCollections,
  refuseMixedLayouts,
  STORE_FILE,
} from "./layout.ts";
import { createObjectives } from "./objectives.ts";
import { refuseOtherTables } from "./schema.ts";
import { prepareWrites, type Writes } from "./writes.ts";

export type SqliteStoreOptions = OpenOptions & {
  /** The collections of the contracts, which can be written. Others in the file stay readable. */
  readonly collections: readonly string[];
};

/** The operations of the writing connection. */
export type Work = Writes & {
  /** Begins the transaction of a unit. Every operation until `commit` or `rollback` is part of it. */
  readonly begin: () => void;
  readonly commit: () => void;
  readonly rollback: () => void;
  readonly scrub: () => void;
};

export type Ask = keyof Work;

/** The writing connection, in this thread or in one of its own. */
export type Writer = {
  /**
   * Requests one operation. Operations run in the order of the requests.
   * @param handedOver buffers that are transferred to the writer; the caller cannot use them afterwards.
   */
  readonly ask: <Name extends Ask>(
    name: Name,
    given: Parameters<Work[Name]>,
    handedOver?: readonly ArrayBuffer[],
  ) => Promise<ReturnType<Work[Name]>>;
  readonly close: () => Promise<void>;
};

/** Operations of several statements, which need a transaction of their own outside a unit. SQLite makes a single statement one by itself. */
const SEVERAL: ReadonlySet<Ask> = new Set([
  "insertLedger",
  "dropEvidence",
  "insertFacts",
  "insertFailed",
  "insertReceipts",
  "removeDocuments",
  "replaceEvidence",
  "replaceFacts",
  "replaceFailed",
  "noteTraffic",
  "countFailures",
  "recountFailures",
  "countVolume",
  "recountVolume",
  "streamNote",
  "noteLogEnds",
  "putHalt",
  "putRedrivePages",
  "putObjectiveCounts",
]);

/**
 * Opens the file for writing. SQLite's errors become `Unavailable`, here and in every operation.
 * @throws `Unavailable` with a code that begins with `STORE_`.
 */
export function openWork(options: SqliteStoreOptions): {
  readonly run: <Name extends Ask>(name: Name, given: Parameters<Work[Name]>) => ReturnType<Work[Name]>;
  readonly close: () => void;
} {
  const { path, collections, readOnly = false } = options;
  collections.forEach(assertCollectionName);
  const { db, made, assertThere } = openDatabase(STORE_FILE, options, createStoreLayout, (file) => {
    refuseMixedLayouts(file, path);
    refuseOtherTables(file, path, !readOnly);
    if (!readOnly) createLogEnds(file);
    if (!readOnly) createVolume(file);
    if (!readOnly) createGroupDays(file);
    if (!readOnly) createAdvice(file);
    if (!readOnly) createObjectives(file);
    if (!readOnly) for (const one of new Set([...collections, ...factCollections(file)])) createCollection(file, one);
    const writes = prepareWrites(file);
    return { ...writes, ...transactions(file, writes.forget), scrub: () => scrub(file, STORE_FILE, path) };
  });
  const work: Work = made;
  return {
    run: (name, given) => {
      const once = (): ReturnType<Work[typeof name]> =>
        (work[name] as (...given: unknown[]) => ReturnType<Work[typeof name]>)(...given);
      if (db.isTransaction) return guarded(STORE_FILE, path, once);
      try {
        assertThere();
        return guarded(STORE_FILE, path, () => (SEVERAL.has(name) ? atomically(db, once) : once()));
      } catch (error) {
        work.forget();
        throw error;
      }
    },
    close: () => {
      if (db.isOpen) db.close();
    },
  };
}

function transactions(db: DatabaseSync, forget: () => void): Pick<Work, "begin" | "commit" | "rollback"> {
  return {
    begin: () => db.exec("BEGIN IMMEDIATE"),
    commit: () => db.exec("COMMIT"),
    rollback: () => {
      rollback(db);
      forget();
    },
  };
}

/** Opens the writing connection in this thread, whose event loop is blocked while it writes. */
export function openWriterHere(options: SqliteStoreOptions): Writer {
  const { run, close } = openWork(options);
  return { ask: async (name, given) => run(name, given), close: async () => close() };
}
