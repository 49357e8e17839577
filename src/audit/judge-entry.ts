import type { CompiledContractSet } from "../core/compiled.ts";
import type { KeptRecord } from "../ledger/tombstone.ts";
import type { ErasureBook } from "../operator/erasures.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { StoreReads, StreamNote } from "../store/store.ts";
import { checkEntry, type EntryVerdict } from "./entry.ts";
import { checkEvidence } from "./evidence.ts";
import type { Finding } from "./finding.ts";

/** An entry, and what it is judged by. */
export type EntryCase = {
  readonly note: StreamNote;
  readonly entry: LedgerEntry;
  readonly packed: Uint8Array | null;
  /** Null when its contract set cannot be read. */
  readonly set: CompiledContractSet | null;
  readonly erasures: ErasureBook;
  readonly mayBeIncomplete: boolean;
};

/** What is wrong with an entry's evidence and documents; no verdict where nothing can be decided again. */
export type Judged = {
  readonly findings: readonly Finding[];
  readonly verdict: EntryVerdict | null;
  readonly records: readonly KeptRecord[] | null;
};

export async function judgeEntry(reads: StoreReads, given: EntryCase): Promise<Judged> {
  const { note: stream, entry, packed, set, erasures, mayBeIncomplete } = given;
  const { records, findings, isPending } = checkEvidence(stream, entry, packed, erasures);
  if (records === null || set === null) return { findings, verdict: null, records };
  const verdict = await checkEntry(reads, { entry, stream, records, set, mayBeIncomplete });
  // Of documents whose erasure is under way either may be there: that it is not complete is said.
  const others = verdict.findings.filter(
    ({ code, offset }) => code !== "ROW_DIFFERS" || offset === null || !isPending(offset),
  );
  return { findings: [...findings, ...others], verdict, records };
}
