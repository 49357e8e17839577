import type { CompiledContractSet } from "../core/compiled.ts";
import { ENGINE } from "../core/decide.ts";
import { createErasureBook } from "../operator/erasures.ts";
import type { StoreReads } from "../store/store.ts";
import { compiledSet } from "../gateway/stored-set.ts";
import { judgeEntry } from "./judge-entry.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { StreamNote } from "../store/stream-note.ts";
import type { EntryVerdict } from "./entry.ts";

/** Judges entries elsewhere, several at a time and ahead of the audit. */
export type Judges = {
  /**
   * Judges an entry of which nothing was erased and nothing taken by retention. Never rejects.
   * @returns its verdict, without findings; null when anything is wrong or unclear: then the audit judges the entry itself, and finds what it is.
   */
  readonly judge: (note: StreamNote, entry: LedgerEntry) => Promise<EntryVerdict | null>;
  /** The faults that the engine's own consistency check finds; null when the audit must ask for it itself. Never rejects. */
  readonly integrity: () => Promise<readonly string[] | null>;
  /** Pages of fewer entries are judged by the audit itself. */
  readonly entriesMin: number;
  /** How many entries to ask for before the first of them is needed. */
  readonly ahead: number;
};

const NOTHING_ERASED = createErasureBook();

/**
 * Judges an entry apart from its audit, as if operators had taken nothing.
 * @param sets the contract sets of the store.
 * @returns like {@link Judges}.
 */
export async function judgeApart(
  reads: StoreReads,
  sets: ReadonlyMap<string, CompiledContractSet | null>,
  note: StreamNote,
  entry: LedgerEntry,
): Promise<EntryVerdict | null> {
  // What another engine decided is compared in part only.
  if (entry.engine !== ENGINE) return null;
  const { findings, verdict } = await judgeEntry(reads, {
    note,
    entry,
    packed: entry.count === 0 ? null : await reads.evidenceAt(entry.stream, entry.seq),
    set: sets.get(entry.contractSet) ?? null,
    erasures: NOTHING_ERASED,
    mayBeIncomplete: false,
    standing: () => "kept",
  });
  return findings.length === 0 ? verdict : null;
}

/** Compiles the contract sets of a store; null stands for one that does not have its digest. */
export async function compiledSetsOf(reads: StoreReads): Promise<ReadonlyMap<string, CompiledContractSet | null>> {
  const sets = await reads.contractSets();
  return new Map(sets.map(({ digest, text }) => [digest, compiledSet(digest, text)]));
}

/**
 * Asks for the entries of a page ahead of the audit.
 * @param isApt whether an entry may be judged elsewhere.
 * @returns the verdict of the entry at an index of the page, like {@link Judges}. The indexes are asked for in ascending order.
 */
export function judgeAhead(
  judges: Judges | undefined,
  note: StreamNote,
  page: readonly LedgerEntry[],
  isApt: (entry: LedgerEntry) => boolean,
): (index: number) => Promise<EntryVerdict | null> {
  if (judges === undefined || page.length < judges.entriesMin) return async () => null;
  const asked = new Map<number, Promise<EntryVerdict | null>>();
  let next = 0;
  return async (index) => {
    for (; next < Math.min(page.length, index + judges.ahead); next += 1) {
      const entry = page[next];
      if (entry !== undefined && isApt(entry)) asked.set(next, judges.judge(note, entry));
    }
    const verdict = asked.get(index) ?? null;
    asked.delete(index);
    return verdict;
  };
}
