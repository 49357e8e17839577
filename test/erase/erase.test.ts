import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import { unpackEvidence } from "../../src/ledger/packed.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { temporaryDirectory } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";
import { PARCEL_COLLECTIONS } from "../rejudge/what-if-laws.ts";
import { eraseLaws } from "./erase-laws.ts";

eraseLaws("the SQLite store", async () => {
  const path = join(temporaryDirectory(), "store.db");
  const store = openSqliteStore({ path, collections: PARCEL_COLLECTIONS, busyTimeoutMs: PATIENCE_MS });
  onTestFinished(store.close);
  return {
    store,
    everything: async () => {
      const db = new DatabaseSync(path);
      const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
      const rows = tables.flatMap(({ name }) => db.prepare(`SELECT * FROM ${String(name)}`).all());
      db.close();
      return rows
        .flatMap((row) => Object.values(row))
        .map((value) => (value instanceof Uint8Array ? textIn(value) : String(value)))
        .join("\n");
    },
  };
});

/** Bytes as they are, or what was packed. */
function textIn(bytes: Uint8Array): string {
  const unpacked = unpackEvidence(bytes, 100_000_000) ?? Buffer.from(bytes);
  return unpacked.toString("latin1");
}
