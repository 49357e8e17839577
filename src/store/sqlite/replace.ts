import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { StoreWrites } from "../store.ts";
import { boundAs } from "./facts.ts";
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

/** A failure overwrites the one at its position. */
export function replaceFailed(db: DatabaseSync, collection: string, rows: Bound): void {
  assertCollectionName(collection);
  const changes = FAILURE.map((column) => `${column} = excluded.${column}`).join(", ");
  const replace = db.prepare(`INSERT INTO failed_${collection} (${FAILURE.join(", ")})
    VALUES (${FAILURE.map(boundAs).join(", ")}) ON CONFLICT (stream, offset) DO UPDATE SET ${changes}`);
  for (const values of rows) replace.run(...values);
}
