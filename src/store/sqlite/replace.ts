import type { DatabaseSync } from "node:sqlite";
import type { FailedRow, PassedRow, StoreWrites } from "../store.ts";
import { assertCollectionName, ERASED, FACT, FAILURE } from "./layout.ts";
import { bindErased, bindFact, bindFailure } from "./rows.ts";
import type { StagedRows } from "./staged.ts";

// What takes the place of something else. Rare: nothing of it is prepared.

type Replace = Parameters<StoreWrites["replaceEvidence"]>;

export function replaceEvidence(
  db: DatabaseSync,
  ...[stream, seq, before, after]: Replace
): Awaited<ReturnType<StoreWrites["replaceEvidence"]>> {
  const sql = "UPDATE sigma_evidence SET packed = ? WHERE stream = ? AND seq = ? AND packed = ?";
  return db.prepare(sql).run(after, stream, seq, before).changes === 0 ? "other" : "replaced";
}

export function replaceFacts(db: DatabaseSync, collection: string, { stream, rows }: StagedRows<PassedRow>): void {
  assertCollectionName(collection);
  const columns = [...FACT, ERASED];
  const replace = db.prepare(upsert(`validated_${collection}`, columns, "_id"));
  for (const row of rows)
    replace.run(...(row.kind === "erased" ? bindErased(row, stream) : [...bindFact(row, stream), null]));
}

export function replaceFailed(db: DatabaseSync, collection: string, { stream, rows }: StagedRows<FailedRow>): void {
  assertCollectionName(collection);
  const replace = db.prepare(upsert(`failed_${collection}`, FAILURE, "stream, offset"));
  for (const row of rows) replace.run(...bindFailure(row, stream));
}

/** Payloads are bound as bytes and kept as text, as they are inserted. */
function upsert(table: string, columns: readonly string[], key: string): string {
  const values = columns.map((column) => (column === "payload" ? "CAST(? AS TEXT)" : "?"));
  const changes = columns.map((column) => `${column} = excluded.${column}`);
  return `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${values.join(", ")})
    ON CONFLICT (${key}) DO UPDATE SET ${changes.join(", ")}`;
}
