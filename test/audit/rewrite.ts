import type { DatabaseSync } from "node:sqlite";
import { sealEntry, type LedgerEntry } from "../../src/ledger/entry.ts";
import { bindEntry } from "../../src/store/sqlite/rows.ts";

/** Writes a chain over the one that is there, each entry sealed anew from the first that is another. */
export function rewrite(db: DatabaseSync, entries: readonly LedgerEntry[]): void {
  db.exec("DELETE FROM sigma_ledger");
  let prevHash: string | null = null;
  for (const entry of entries) {
    const { hash: _, ...said } = entry;
    const sealed: LedgerEntry = sealEntry({ ...said, prevHash: prevHash ?? entry.prevHash });
    prevHash = sealed.hash;
    const values = bindEntry(sealed);
    db.prepare(`INSERT INTO sigma_ledger VALUES (${values.map(() => "?").join(", ")})`).run(...values);
  }
}
