import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { StoreWrites } from "../store.ts";
import { assertCollectionName, FAILURE } from "./layout.ts";

// Replaces evidence and failures. It happens rarely, so the statements are not kept prepared.

type Replace = Parameters<StoreWrites["replaceEvidence"]>;

export function replaceEvidence(
  db: DatabaseSync,
  ...[stream, seq, before, after]: Replace
): Awaited<ReturnType<StoreWrites["replaceEvidence"]>> {
  const sql = "UPDATE sigma_evidence SET packed = ? WHERE stream = ? AND seq = ? AND packed = ?";
  return db.prepare(sql).run(after, stream, seq, before).changes === 0 ? "other" : "replaced";
}

type Bound = readonly (readonly SQLInputValue[])[];

export function replaceFailed(db: DatabaseSync, collection: string, rows: Bound): void {
  assertCollectionName(collection);
  const replace = db.prepare(upsert(`failed_${collection}`, FAILURE, "stream, offset"));
  for (const values of rows) replace.run(...values);
}

/** An insert that overwrites the row with the same key. Payloads are bound as bytes and stored as text. */
function upsert(table: string, columns: readonly string[], key: string): string {
  const values = columns.map((column) => (column === "payload" ? "CAST(? AS TEXT)" : "?"));
  const changes = columns.map((column) => `${column} = excluded.${column}`);
  return `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${values.join(", ")})
    ON CONFLICT (${key}) DO UPDATE SET ${changes.join(", ")}`;
}
