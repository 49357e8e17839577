import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { temporaryDirectory } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";
import { plain } from "../plain.ts";
import { PARCEL_COLLECTIONS } from "../rejudge/what-if-laws.ts";
import { repairLaws } from "./repair-laws.ts";

const CHANGES = {
  validated: "UPDATE validated_parcels SET payload = '{}' WHERE rowid = 1",
  failed: "UPDATE failed_parcels SET fingerprint = 'x' WHERE rowid = 1",
  receipt: "UPDATE sigma_receipts SET of = X'00' WHERE offset = (SELECT min(offset) FROM sigma_receipts)",
} as const;

repairLaws("the SQLite store", async () => {
  const path = join(temporaryDirectory(), "store.db");
  const store = openSqliteStore({ path, collections: PARCEL_COLLECTIONS, busyTimeoutMs: PATIENCE_MS });
  onTestFinished(store.close);
  const open = (): DatabaseSync => new DatabaseSync(path);
  return {
    store,
    change: async (kind) => {
      const db = open();
      db.exec(CHANGES[kind]);
      db.close();
    },
    dump: async () => {
      const db = open();
      const rows = ["validated_parcels", "failed_parcels", "sigma_receipts"].flatMap((table) =>
        db
          .prepare(`SELECT * FROM ${table}`)
          .all()
          // Where a fact lies in its table says nothing of it.
          .map((row): Readonly<Record<string, unknown>> => ({ ...row, place: null }))
          .map(
            (row) =>
              [`${table} ${JSON.stringify(plain([row["_id"] ?? "", row["stream"], row["offset"]]))}`, row] as const,
          ),
      );
      db.close();
      return new Map(rows.map(([key, row]) => [key, JSON.stringify(plain(row))]));
    },
  };
});
