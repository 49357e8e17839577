import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import { SQLITE_LAYOUT } from "../../../src/store/layout-version.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { temporaryDirectory } from "../../embedded.ts";
import { putOldFiles } from "../layout-1/fixture.ts";
import { layoutLaws } from "../layout-laws.ts";
import { LAW_COLLECTION } from "../rows.ts";

const COLLECTIONS = [LAW_COLLECTION, "shipments"];

// SQLITE_READONLY_DBMOVED, and what the gateway of before says of a newer file.
layoutLaws("the SQLite store", SQLITE_LAYOUT, /readonly database/, async () => {
  const dataDir = temporaryDirectory();
  const path = join(dataDir, "store.db");
  const raw = (): DatabaseSync => {
    const db = new DatabaseSync(path, { timeout: 0 });
    onTestFinished(() => {
      if (db.isOpen) db.close();
    });
    return db;
  };
  const make = async (): Promise<void> => openSqliteStore({ path, collections: COLLECTIONS, busyTimeoutMs: 0 }).close();
  const change = (sql: string): void => {
    const db = raw();
    db.exec(sql);
    db.close();
  };
  return {
    dataDir,
    mongodbUri: null,
    open: async (readOnly) => {
      const store = openSqliteStore({ path, readOnly, collections: COLLECTIONS, busyTimeoutMs: 0 });
      onTestFinished(store.close);
      return store;
    },
    makeOlder: async () => putOldFiles(dataDir),
    makeNewer: async () => {
      await make();
      change(`PRAGMA user_version = ${SQLITE_LAYOUT + 1}`);
    },
    makeForeign: async () => change(`CREATE TABLE accounts (id INTEGER); PRAGMA user_version = ${SQLITE_LAYOUT}`),
    makeMixed: async () => {
      putOldFiles(dataDir);
      change(`CREATE TABLE sigma_streams (number INTEGER PRIMARY KEY); PRAGMA user_version = ${SQLITE_LAYOUT}`);
    },
    contents: async () => tablesIn(path),
    kept: async () => tablesIn(join(dataDir, "store.layout-1.db")),
    hold: async () => {
      const db = raw();
      db.exec("PRAGMA journal_mode = WAL");
      db.prepare("SELECT count(*) FROM sigma_ledger").get();
      return async () => db.close();
    },
    appendsAsBefore: async () => {
      // It waited for the lock, and has the file open under the name that is another file's by then.
      const waiting = raw();
      return async () => waiting.exec("PRAGMA journal_mode = WAL");
    },
  };
});

/** Every table of a file, and what its header says of it. */
function tablesIn(path: string): string {
  if (!existsSync(path)) return "nothing";
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const pragmas = ["application_id", "user_version"].map((name) => db.prepare(`PRAGMA ${name}`).get());
    const tables = db.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").all();
    const rows = tables.map(({ name, sql }) => {
      if (sql === null || !String(sql).startsWith("CREATE TABLE")) return [name, sql];
      const all = db.prepare(`SELECT * FROM ${String(name)}`);
      all.setReadBigInts(true);
      return [name, sql, all.all()];
    });
    return JSON.stringify([pragmas, rows], (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
  } finally {
    db.close();
  }
}
