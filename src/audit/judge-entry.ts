import type { CompiledContractSet } from "../core/compiled.ts";
import type { KeptRecord } from "../ledger/tombstone.ts";
import type { ErasureBook } from "../operator/erasures.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { checkEntry, type EntryEvidence, type EntryVerdict } from "./entry.ts";
import { checkEvidence } from "./evidence.ts";
import type { Finding } from "./finding.ts";

/** An entry, and the data to audit it with. */
export type EntryCase = {
  readonly note: StreamNote;
  readonly entry: LedgerEntry;
  readonly packed: Uint8Array | null;
  /** Null when the contract set cannot be read. */
  readonly set: CompiledContractSet | null;
  readonly erasures: ErasureBook;
  readonly mayBeIncomplete: boolean;
  readonly standing: EntryEvidence["standing"];
};

/** The findings about an entry's evidence and documents; `verdict` is null when the records cannot be decided again. */
export type Judged = {
  readonly findings: readonly Finding[];
  readonly verdict: EntryVerdict | null;
  readonly records: readonly KeptRecord[] | null;
};

export async function judgeEntry(reads: StoreReads, given: EntryCase): Promise<Judged> {
  const { note: stream, entry, packed, set, erasures, mayBeIncomplete, standing } = given;
  const { records, findings, isPending } = checkEvidence(stream, entry, packed, erasures);
  if (records === null || set === null) return { findings, verdict: null, records };
  const verdict = await checkEntry(reads, { entry, stream, records, set, mayBeIncomplete, standing });
  // While an erasure is running, a document may be erased or not; the incomplete erasure is a finding of its own.
  const others = verdict.findings.filter(
    ({ code, offset }) => code !== "ROW_DIFFERS" || offset === null || !isPending(offset),
  );
  return { findings: [...findings, ...others], verdict, records };
}
