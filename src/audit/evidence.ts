import { recordsOfEntry } from "../gateway/redecide.ts";
import { isErased, type KeptRecord } from "../ledger/tombstone.ts";
import { isWithin, type Erasure, type ErasureBook } from "../operator/erasures.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { StreamNote } from "../store/stream-note.ts";
import type { Finding, FindingCode } from "./finding.ts";

/** The checked evidence of an entry, with announced erasures taken into account. */
export type CheckedEvidence = {
  /** Null when the evidence cannot be read. */
  readonly records: readonly KeptRecord[] | null;
  readonly findings: readonly Finding[];
  /** Whether the erasure of the record at this offset is announced but not known to be complete. */
  readonly isPending: (offset: bigint) => boolean;
};

/**
 * Checks that an entry has the evidence that it was decided from, or after erasures, the evidence announced last, in
 * which exactly the announced records are erased.
 */
export function checkEvidence(
  note: StreamNote,
  entry: LedgerEntry,
  packed: Uint8Array | null,
  erasures: ErasureBook,
): CheckedEvidence {
  const findings: Finding[] = [];
  const { stream, seq } = entry;
  const found = (code: FindingCode, offset: bigint | null, message: string): void =>
    void findings.push({ code, stream, seq, offset, message });
  const announced = erasures.of(entry);
  const pending = erasures.pending().filter((one) => announced.includes(one));
  const isPending = (offset: bigint): boolean => pending.some(({ ranges }) => isWithin(ranges, offset));
  const known = digestsOf(entry, announced);
  for (const one of announced) {
    if (!known.slice(0, announced.indexOf(one) + 1).includes(one.before))
      found("ERASURE", null, `action ${one.action.seq} erases from evidence that the entry never had`);
  }
  const [first] = pending;
  if (first !== undefined) found("ERASURE_INCOMPLETE", null, incomplete(first, pending));
  let digest = "";
  const records = recordsOfEntry(note, entry, packed, (made) => {
    digest = made;
    return known.includes(made);
  });
  if (typeof records === "string") {
    found("EVIDENCE", null, records);
    return { records: null, findings, isPending };
  }
  if (pending.length === 0 && digest !== (known.at(-1) ?? "") && entry.count > 0) {
    found("ERASURE", null, "records of it that were erased are there again: its evidence is that of before");
    return { records: null, findings, isPending };
  }
  const isLast = digest === known.at(-1);
  for (const record of records) {
    const { offset } = record.position;
    const wasAnnounced = announced.some(({ ranges }) => isWithin(ranges, offset));
    if (isErased(record) && !wasAnnounced) found("ERASURE", offset, "it is erased, and nobody announced it");
    if (!isErased(record) && wasAnnounced && isLast && announced.length > 0)
      found("ERASURE", offset, "its erasure was announced, and its evidence has it still");
  }
  return { records, findings, isPending };
}

/** The successive digests of an entry's evidence: the original, then one after each erasure. */
function digestsOf({ evidence }: LedgerEntry, announced: readonly Erasure[]): readonly string[] {
  return [evidence, ...announced.map(({ after }) => after)];
}

function incomplete({ action }: Erasure, pending: readonly Erasure[]): string {
  const actions = pending.length === 1 ? `action ${action.seq}` : `${pending.length} actions from ${action.seq} on`;
  return `the erasure of records is announced (${actions}) and not complete; run sigma erase --resume`;
}
