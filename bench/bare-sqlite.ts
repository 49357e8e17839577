import { DatabaseSync, type StatementSync } from "node:sqlite";
import { createCollection, createStoreLayout, FACT, FAILURE, ORIGIN, STORE_FILE } from "../src/store/sqlite/layout.ts";

/** A file laid out as a store of shipments, with the store's cache and journal, an index that keeps ids unique, and nobody between it and who inserts. */
export function openBare(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${STORE_FILE.walPages};
     PRAGMA cache_size = -${STORE_FILE.cacheKib}; PRAGMA temp_store = MEMORY`,
  );
  createStoreLayout(db);
  createCollection(db, "shipments");
  // Who inserts so keeps ids unique by an index of SQLite's, as this program did before it kept its own.
  db.exec("CREATE UNIQUE INDEX validated_shipments_id ON validated_shipments (_id)");
  return db;
}

/** Inserts what `bindFact` binds. */
export function insertFact(db: DatabaseSync): StatementSync {
  return insertInto(db, "validated_shipments", [...FACT, ORIGIN]);
}

/** Inserts what `bindFailure` binds. */
export function insertFailure(db: DatabaseSync): StatementSync {
  return insertInto(db, "failed_shipments", FAILURE);
}

/** A payload is bound as bytes and kept as text, as the store does it. */
function insertInto(db: DatabaseSync, table: string, columns: readonly string[]): StatementSync {
  const values = columns.map((column) => (column === "payload" ? "CAST(? AS TEXT)" : "?"));
  return db.prepare(`INSERT INTO ${table} (${columns.join()}) VALUES (${values.join()})`);
}
