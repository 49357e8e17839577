import type { KeptRecord } from "../ledger/tombstone.ts";
import { followErasures } from "../operator/erasures.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { recordsOfEntry } from "./redecide.ts";

/** The evidence that the store has now for an entry. */
export type OpenedEntry = {
  /** The records, or a sentence that says why they cannot be read. */
  readonly records: readonly KeptRecord[] | string;
  /** True when the store has no evidence for the entry: it was dropped or lost. */
  readonly isMissing: boolean;
};

/** Reads evidence of entries, whole or with erased records. No other module decides which evidence digests are valid for an entry. */
export type EntryRecords = {
  readonly open: (note: Pick<StreamNote, "topic" | "partition">, entry: LedgerEntry) => Promise<OpenedEntry>;
  /** How many erasures the operator log announces for an entry, and whether all of them are done. */
  readonly announced: (entry: LedgerEntry) => Promise<{ readonly count: number; readonly areDone: boolean }>;
};

export function openEntryRecords(reads: Pick<StoreReads, "evidenceAt" | "operatorLog">): EntryRecords {
  const follow = followErasures(reads);
  return {
    open: async (note, entry) => {
      if (entry.count === 0) return { records: [], isMissing: false };
      const packed = await reads.evidenceAt(entry.stream, entry.seq);
      const isMissing = packed === null;
      const whole = recordsOfEntry(note, entry, packed);
      if (typeof whole !== "string" || isMissing) return { records: whole, isMissing };
      // An erasure is announced in the operator log before it replaces evidence, so the log names every digest there can be.
      const announced = (await follow()).of(entry);
      const known = new Set([entry.evidence, ...announced.map(({ after }) => after)]);
      return { records: recordsOfEntry(note, entry, packed, (digest) => known.has(digest)), isMissing };
    },
    announced: async (entry) => {
      const book = await follow();
      const announced = book.of(entry);
      const areDone = announced.length === 0 || !book.pending().some((one) => announced.includes(one));
      return { count: announced.length, areDone };
    },
  };
}
