import { remember } from "../core/remember.ts";
import type { CompiledContractSet } from "../core/compiled.ts";
import { openEntryRecords, type EntryRecords, type MissingEvidence } from "../gateway/entry-records.ts";
import { createLookup, type Lookup } from "../gateway/lookup.ts";
import { redecide } from "../gateway/redecide.ts";
import { storedContractSet } from "../gateway/stored-set.ts";
import type { KeptRecord } from "../ledger/tombstone.ts";
import type { Redecided } from "../gateway/decided.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { decodeApplied, type AppliedLetter } from "../ledger/proof.ts";
import type { SettledRow, StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import type { SeenRecord } from "./selection.ts";

/** An entry whose evidence was decided again. */
export type OpenedEntry = {
  readonly collection: string;
  readonly records: readonly KeptRecord[];
  readonly rows: readonly Redecided[];
  readonly set: CompiledContractSet;
};

/** Why an entry cannot be decided again, as a sentence. `missing`: why the store has no evidence for it; null when it has some. */
export type EntryFault = { readonly fault: string; readonly missing: MissingEvidence | null };

/** Decides entries of a store again, each with its own contract set. */
export type EntryReader = {
  readonly open: (note: StreamNote, entry: LedgerEntry) => Promise<OpenedEntry | EntryFault>;
  /**
   * The records of an entry with the result of applying each. The next entry records these results; those of the tail (`next` null)
   * are derived from the facts.
   */
  readonly seen: (
    note: StreamNote,
    entry: LedgerEntry,
    next: LedgerEntry | null,
  ) => Promise<(OpenedEntry & { readonly seen: readonly SeenRecord[] }) | EntryFault>;
};

/** How many compiled contract sets are cached. */
const SETS_MAX = 4;

export function createEntryReader(reads: StoreReads): EntryReader {
  const evidence = openEntryRecords(reads);
  const lookup = createLookup(reads);
  const setOf = compiledSets(reads);
  const open: EntryReader["open"] = async (note, entry) => openEntry(reads, evidence, setOf, note, entry);
  return {
    open,
    seen: async (note, entry, next) => {
      const opened = await open(note, entry);
      if ("fault" in opened) return opened;
      const letters = next === null ? await lettersNow(lookup, entry) : lettersOf(entry, next);
      const seen = opened.rows.map((row, at): SeenRecord => {
        const { offset } = row.position;
        const letter = letters.get(offset) ?? (row.kind === "failed" ? "F" : "S");
        return { record: opened.records[at] as KeptRecord, row, letter };
      });
      return { ...opened, seen };
    },
  };
}

async function openEntry(
  reads: StoreReads,
  evidence: EntryRecords,
  setOf: (digest: string) => Promise<CompiledContractSet | null>,
  note: StreamNote,
  entry: LedgerEntry,
): Promise<OpenedEntry | EntryFault> {
  const fault = (why: string, missing: MissingEvidence | null = null): EntryFault => {
    const range = `[${entry.from}, ${entry.to})`;
    return { fault: `Entry ${entry.seq} of ${note.topic}/${note.partition} ${range}: ${why}`, missing };
  };
  const { records, missing } = await evidence.open(note, entry);
  if (typeof records === "string") return fault(records, missing);
  const set = await setOf(entry.contractSet);
  if (set === null) return fault(`contract set ${entry.contractSet} cannot be read`);
  const again = redecide(reads, note, entry, records, set);
  if (again.kind === "fault") return fault(again.message);
  const { batch, collection } = again;
  const rows = batch.rows();
  batch.facts.release();
  batch.failed.release();
  return { collection, records, rows, set };
}

function compiledSets(reads: StoreReads): (digest: string) => Promise<CompiledContractSet | null> {
  const sets = new Map<string, CompiledContractSet | null>();
  return async (digest) => {
    const known = sets.get(digest);
    if (known !== undefined) return known;
    const made = await storedContractSet(reads, digest);
    remember(sets, digest, made, SETS_MAX);
    return made;
  };
}

/** The result of applying each record, as the next entry records it, by offset. */
function lettersOf({ from }: LedgerEntry, { applied }: LedgerEntry): ReadonlyMap<bigint, AppliedLetter> {
  return new Map(decodeApplied(from, applied)?.leaves.map(({ offset, outcome }) => [offset, outcome]));
}

async function lettersNow(
  lookup: Lookup,
  { stream, from, to }: LedgerEntry,
): Promise<ReadonlyMap<bigint, AppliedLetter>> {
  const rows = await lookup.rows(stream, from, to);
  return new Map(rows.map((row) => [row.position.offset, letterNow(row)]));
}

function letterNow(row: SettledRow): AppliedLetter {
  if (row.kind === "receipt") return "D";
  if (row.kind !== "failed") return "S";
  // The row of an erased conflict has no machine id; its code shows what it is.
  const isConflict = row.machineId !== null || (row.reason.kind === "erased" && row.reason.code === "conflict");
  return isConflict ? "C" : "F";
}
