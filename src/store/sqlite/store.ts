import type { DatabaseSync, StatementSync } from "node:sqlite";
import { guarded, openDatabase, rollback, type OpenOptions } from "../../sqlite/open.ts";
import type { FailedRow, Inserted, Store, StoreWrites, ValidatedRow } from "../store.ts";
import { assertCollectionName, CONTRACT, createCollection, createStoreLayout, OCCURRENCE, STORE_FILE } from "./layout.ts";
import { openReads } from "./reads.ts";
import { bindEntry, bindFailed, bindReceipt, bindValidated, readEntry, readValidated } from "./rows.ts";

export type SqliteStoreOptions = OpenOptions & {
  /** Collections that can be written; those a file already has stay readable. */
  readonly collections: readonly string[];
};

/**
 * The embedded store: one SQLite file. A unit is one transaction and one fsync; units run one after another. Reads go
 * through a second connection, so they see only what is committed.
 */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const { path, collections, readOnly = false } = options;
  collections.forEach(assertCollectionName);
  const db = openDatabase(STORE_FILE, options, createStoreLayout);
  const guard = <T>(run: () => T): T => guarded(STORE_FILE, path, run);
  if (!readOnly) guard(() => collections.forEach((collection) => createCollection(db, collection)));
  const reader = openDatabase(STORE_FILE, { ...options, readOnly: true }, () => undefined);
  const statements = guard(() => prepareShared(db));
  const writes = writesOn(db, statements, guard);
  const inTurn = queue();

  /** One statement outside a unit is a unit of its own. */
  const alone = async <T>(run: (within: StoreWrites) => Promise<T>): Promise<T> => inTurn(async () => run(writes));

  return {
    insertLedger: async (entry) => alone((within) => within.insertLedger(entry)),
    ledgerEntry: async (stream, seq) => alone((within) => within.ledgerEntry(stream, seq)),
    insertValidated: async (collection, rows) => alone((within) => within.insertValidated(collection, rows)),
    validatedById: async (collection, ids) => alone((within) => within.validatedById(collection, ids)),
    insertFailed: async (collection, rows) => alone((within) => within.insertFailed(collection, rows)),
    insertReceipts: async (rows) => alone((within) => within.insertReceipts(rows)),
    unit: async (work) =>
      inTurn(async () => {
        guard(() => db.exec("BEGIN IMMEDIATE"));
        try {
          const result = await work(writes);
          guard(() => db.exec("COMMIT"));
          return result;
        } catch (error) {
          guard(() => rollback(db));
          throw error;
        }
      }),
    tail: async (stream) => inTurn(async () => guard(() => entryOf(statements.tail.get(stream)))),
    putContractSet: async (digest, text) => inTurn(async () => void guard(() => statements.putSet.run(digest, text))),
    contractSet: async (digest) =>
      inTurn(async () => {
        const row = guard(() => statements.set.get(digest));
        return row === undefined ? null : String(row["text"]);
      }),
    reads: openReads(reader, path),
    close: async () =>
      inTurn(async () => {
        if (reader.isOpen) reader.close();
        if (db.isOpen) db.close();
      }),
  };
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

type Shared = {
  readonly insertLedger: StatementSync;
  readonly entry: StatementSync;
  readonly tail: StatementSync;
  readonly putSet: StatementSync;
  readonly set: StatementSync;
  readonly insertReceipt: StatementSync;
};

function prepareShared(db: DatabaseSync): Shared {
  const entry = db.prepare("SELECT * FROM sigma_ledger WHERE stream = ? AND seq = ?");
  const tail = db.prepare("SELECT * FROM sigma_ledger WHERE stream = ? ORDER BY seq DESC LIMIT 1");
  entry.setReadBigInts(true);
  tail.setReadBigInts(true);
  return {
    entry,
    tail,
    insertLedger: db.prepare(`INSERT INTO sigma_ledger VALUES (${places(14)}) ON CONFLICT (stream, seq) DO NOTHING`),
    putSet: db.prepare("INSERT INTO sigma_contract_sets (digest, text) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING"),
    set: db.prepare("SELECT text FROM sigma_contract_sets WHERE digest = ?"),
    insertReceipt: db.prepare(
      `INSERT INTO sigma_receipts VALUES (${places(1 + OCCURRENCE.length + CONTRACT.length + 3)}) ON CONFLICT (stream, offset) DO NOTHING`,
    ),
  };
}

type ForCollection = { readonly insertValidated: StatementSync; readonly insertFailed: StatementSync; readonly byId: StatementSync };

function writesOn(db: DatabaseSync, shared: Shared, guard: <T>(run: () => T) => T): StoreWrites {
  const prepared = new Map<string, ForCollection>();
  const forCollection = (collection: string): ForCollection => {
    const known = prepared.get(collection);
    if (known !== undefined) return known;
    const made = prepareCollection(db, collection);
    prepared.set(collection, made);
    return made;
  };
  return {
    insertLedger: async (entry) =>
      guard(() => (shared.insertLedger.run(...bindEntry(entry)).changes === 1 ? "inserted" : "exists")),
    ledgerEntry: async (stream, seq) => guard(() => entryOf(shared.entry.get(stream, seq))),
    insertValidated: async (collection, rows) => {
      const { insertValidated } = forCollection(collection);
      return guard(() => rows.map((row) => insertOne(insertValidated, row)));
    },
    validatedById: async (collection, ids) => guard(() => findById(forCollection(collection).byId, ids)),
    insertFailed: async (collection, rows: readonly FailedRow[]) => {
      const { insertFailed } = forCollection(collection);
      guard(() => rows.forEach((row) => insertFailed.run(...bindFailed(row))));
    },
    insertReceipts: async (rows) => guard(() => rows.forEach((row) => shared.insertReceipt.run(...bindReceipt(row)))),
  };
}

function prepareCollection(db: DatabaseSync, collection: string): ForCollection {
  assertCollectionName(collection);
  const common = 1 + OCCURRENCE.length + CONTRACT.length;
  const byId = db.prepare(`SELECT * FROM validated_${collection} WHERE _id = ?`);
  byId.setReadBigInts(true);
  return {
    byId,
    insertValidated: db.prepare(`INSERT INTO validated_${collection} VALUES (${places(common)}) ON CONFLICT (_id) DO NOTHING`),
    insertFailed: db.prepare(`INSERT INTO failed_${collection} VALUES (${places(common + 4)}) ON CONFLICT (stream, offset) DO NOTHING`),
  };
}

/** SQLITE_CONSTRAINT_UNIQUE: the id was free, so the position is what is taken. */
const CONSTRAINT_UNIQUE = 2_067;

function insertOne(insert: StatementSync, row: ValidatedRow): Inserted {
  try {
    return insert.run(...bindValidated(row)).changes === 1 ? "inserted" : "id-exists";
  } catch (error) {
    if ((error as { errcode?: unknown }).errcode === CONSTRAINT_UNIQUE) return "position-exists";
    throw error;
  }
}

/** The holders of machine ids; shared by the writer, inside its unit, and the reader. */
export function findById(byId: StatementSync, ids: readonly string[]): ReadonlyMap<string, ValidatedRow> {
  const found = new Map<string, ValidatedRow>();
  for (const id of ids) {
    const row = byId.get(id);
    if (row !== undefined) found.set(id, readValidated(row));
  }
  return found;
}

function entryOf(row: Parameters<typeof readEntry>[0] | undefined): ReturnType<typeof readEntry> | null {
  return row === undefined ? null : readEntry(row);
}

function places(count: number): string {
  return Array.from({ length: count }, () => "?").join(", ");
}

