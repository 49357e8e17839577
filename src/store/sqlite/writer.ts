import type { DatabaseSync } from "node:sqlite";
import { atomically, guarded, openDatabase, rollback, type OpenOptions } from "../../sqlite/open.ts";
import { scrub } from "../../sqlite/scrub.ts";
import {
  assertCollectionName,
  createCollection,
  createLogEnds,
  createStoreLayout,
  refuseMixedLayouts,
  STORE_FILE,
} from "./layout.ts";
import { prepareWrites, type Writes } from "./writes.ts";

export type SqliteStoreOptions = OpenOptions & {
  /** Collections that can be written; those a file already has stay readable. */
  readonly collections: readonly string[];
};

/** What can be asked of the connection that writes. */
export type Work = Writes & {
  /** Begins the transaction of a unit; whatever follows is part of it until `commit` or `rollback`. */
  readonly begin: () => void;
  readonly commit: () => void;
  readonly rollback: () => void;
  readonly scrub: () => void;
};

export type Ask = keyof Work;

/** The connection that writes, wherever it is: here or in a thread of its own. */
export type Writer = {
  /**
   * Asks for one thing; things are done in the order in which they are asked for.
   * @param handedOver memory that whoever asks gives up.
   */
  readonly ask: <Name extends Ask>(
    name: Name,
    given: Parameters<Work[Name]>,
    handedOver?: readonly ArrayBuffer[],
  ) => Promise<ReturnType<Work[Name]>>;
  readonly close: () => Promise<void>;
};

/** Of several statements: outside a unit each is a transaction of its own. The others are single statements, which SQLite makes one. */
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
  "streamNote",
  "noteLogEnds",
  "putHalt",
]);

/**
 * Opens the file to write. What it cannot do leaves as `Unavailable`.
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
    if (!readOnly) createLogEnds(file);
    if (!readOnly) for (const collection of collections) createCollection(file, collection);
    return { ...prepareWrites(file), ...transactions(file), scrub: () => scrub(file, STORE_FILE, path) };
  });
  const work: Work = made;
  return {
    run: (name, given) => {
      const once = (): ReturnType<Work[typeof name]> =>
        (work[name] as (...given: unknown[]) => ReturnType<Work[typeof name]>)(...given);
      if (db.isTransaction) return guarded(STORE_FILE, path, once);
      assertThere();
      return guarded(STORE_FILE, path, () => (SEVERAL.has(name) ? atomically(db, once) : once()));
    },
    close: () => {
      if (db.isOpen) db.close();
    },
  };
}

function transactions(db: DatabaseSync): Pick<Work, "begin" | "commit" | "rollback"> {
  return {
    begin: () => db.exec("BEGIN IMMEDIATE"),
    commit: () => db.exec("COMMIT"),
    rollback: () => rollback(db),
  };
}

/** A connection in this very thread: everything else waits while it writes. */
export function openWriterHere(options: SqliteStoreOptions): Writer {
  const { run, close } = openWork(options);
  return { ask: async (name, given) => run(name, given), close: async () => close() };
}
