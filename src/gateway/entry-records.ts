import type { KeptRecord } from "../ledger/tombstone.ts";
import { followErasures } from "../operator/erasures.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { StoreReads, StreamNote } from "../store/store.ts";
import { recordsOfEntry } from "./redecide.ts";

/** The evidence of an entry as it is now. */
export type OpenedEntry = {
  /** A sentence says what is wrong with it. */
  readonly records: readonly KeptRecord[] | string;
  /** Whether there is none: it was dropped, or is lost. */
  readonly isMissing: boolean;
};

/** The one piece that knows which evidence entries have now: that which decided them, or what is left since records were erased. */
export type EntryRecords = {
  readonly open: (note: Pick<StreamNote, "topic" | "partition">, entry: LedgerEntry) => Promise<OpenedEntry>;
  /** How many erasures were announced of an entry until now, and whether all of them are done. */
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
      // Other evidence is there only after it was announced.
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
