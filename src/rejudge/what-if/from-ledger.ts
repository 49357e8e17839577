import { createLookup } from "../../gateway/lookup.ts";
import { openEntryRecords } from "../../gateway/entry-records.ts";
import { isErased, type KeptRecord } from "../../ledger/tombstone.ts";
import type { LedgerEntry } from "../../ledger/entry.ts";
import { decodeApplied, decodeOutcomes } from "../../ledger/proof.ts";
import type { StoreReads } from "../../store/store.ts";
import type { StreamNote } from "../../store/stream-note.ts";
import { judgedRecord, type JudgedRecord } from "./judged-records.ts";
import type { PastSets } from "./sets.ts";
import type { ReadWindow } from "./windows.ts";

/** The outcome of each record, by its index in the entry. */
type Letters = readonly ("S" | "D" | "C" | "F" | undefined)[];

/**
 * Reads windows from the evidence of their entries. The outcomes after applying an entry are recorded in the next
 * entry.
 */
export function openLedgerEvidence(reads: StoreReads, note: StreamNote, sets: PastSets): ReadWindow {
  const evidence = openEntryRecords(reads);
  return async (window) => {
    const rows: JudgedRecord[] = [];
    let without = 0;
    for (const entry of window.entries) {
      const { records, missing } = await evidence.open(note, entry);
      const outcomes = decodeOutcomes(entry.from, entry.outcomes)?.leaves ?? [];
      if (typeof records === "string" || records.length !== outcomes.length) {
        if (missing !== null && missing !== "lost") without += Math.min(entry.count, window.records);
        continue;
      }
      const letters = await lettersOf(reads, entry, records);
      for (const [index, record] of records.entries()) {
        const { offset } = record.position;
        if (offset < window.from || offset >= window.to) continue;
        if (isErased(record)) {
          without += 1;
          continue;
        }
        const row = judgedRecord(record, outcomes[index]?.outcome ?? "F", window.from, entry, sets);
        rows.push(repeated(row, letters[index]));
      }
    }
    return { rows, notInLog: 0, withoutEvidence: without };
  };
}

/** Reads the outcomes from the next entry; for the last entry they are derived from the stored facts. */
async function lettersOf(
  reads: StoreReads,
  { stream, seq, from, to }: LedgerEntry,
  records: readonly KeptRecord[],
): Promise<Letters> {
  const [next] = await reads.ledger(stream, seq + 1, 1);
  if (next !== undefined) return decodeApplied(from, next.applied)?.leaves.map(({ outcome }) => outcome) ?? [];
  const rows = new Map((await createLookup(reads).rows(stream, from, to)).map((row) => [row.position.offset, row]));
  return records.map(({ position }) => {
    const row = rows.get(position.offset);
    if (row?.kind === "receipt") return "D";
    return row?.kind === "failed" && row.machineId !== null ? "C" : undefined;
  });
}

function repeated(row: JudgedRecord, letter: Letters[number]): JudgedRecord {
  if (letter === "D") return { ...row, kind: "receipt" };
  return letter === "C" ? { ...row, kind: "failed", code: "conflict" } : row;
}
