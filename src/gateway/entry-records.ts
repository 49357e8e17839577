import type { KeptRecord } from "../ledger/tombstone.ts";
import { followActions } from "../operator/actions.ts";
import { createErasureBook } from "../operator/erasures.ts";
import { createFloorBook, type FloorBook } from "../operator/floors.ts";
import { EVIDENCE_DROPPED, type LedgerEntry } from "../ledger/entry.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { recordsOfEntry } from "./redecide.ts";

/** The evidence that the store has now for an entry. */
export type OpenedEntry = {
  /** The records, or a sentence that says why they cannot be read. */
  readonly records: readonly KeptRecord[] | string;
  /** Why the store has no evidence for the entry; null when it has some. */
  readonly missing: MissingEvidence | null;
};

/** Evidence that is not kept (`evidence: drop`), that retention took or is taking, or that was lost. */
export type MissingEvidence = EvidenceGone | "lost";

/** Why the evidence of an entry that another one follows need not be there. */
export type EvidenceGone = "dropped" | "retention";

/** @returns why the evidence of an entry that another one follows need not be there; null when it has to be. */
export function evidenceGone(
  floors: Pick<FloorBook, "standing">,
  { stream, seq, note }: LedgerEntry,
): EvidenceGone | null {
  if (floors.standing({ stream, seq, kind: "evidence", collection: "" }) !== "kept") return "retention";
  return note === EVIDENCE_DROPPED ? "dropped" : null;
}

/** Reads evidence of entries, whole or with erased records. No other module decides which evidence digests are valid for an entry. */
export type EntryRecords = {
  readonly open: (note: Pick<StreamNote, "topic" | "partition">, entry: LedgerEntry) => Promise<OpenedEntry>;
  /** Why the evidence of an entry that another one follows need not be there; null when it has to be. */
  readonly gone: (entry: LedgerEntry) => Promise<EvidenceGone | null>;
  /** How many erasures the operator log announces for an entry, and whether its evidence may change or go yet. */
  readonly announced: (entry: LedgerEntry) => Promise<{ readonly count: number; readonly isSettled: boolean }>;
};

export function openEntryRecords(reads: Pick<StoreReads, "evidenceAt" | "operatorLog">): EntryRecords {
  const erasures = createErasureBook();
  const floors = createFloorBook();
  const catchUp = followActions(reads, (action) => {
    erasures.see(action);
    floors.see(action);
  });
  return {
    open: async (note, entry) => {
      if (entry.count === 0) return { records: [], missing: null };
      const packed = await reads.evidenceAt(entry.stream, entry.seq);
      const whole = recordsOfEntry(note, entry, packed);
      if (typeof whole !== "string") return { records: whole, missing: null };
      await catchUp();
      // What goes is announced in the operator log before it goes, so a look at the log behind the other one is never too early.
      if (packed === null) return { records: whole, missing: evidenceGone(floors, entry) ?? "lost" };
      // An erasure is announced in the operator log before it replaces evidence, so the log names every digest there can be.
      const announced = erasures.of(entry);
      const known = new Set([entry.evidence, ...announced.map(({ after }) => after)]);
      return { records: recordsOfEntry(note, entry, packed, (digest) => known.has(digest)), missing: null };
    },
    gone: async (entry) => {
      await catchUp();
      return evidenceGone(floors, entry);
    },
    announced: async (entry) => {
      await catchUp();
      const announced = erasures.of(entry);
      const areDone = announced.length === 0 || !erasures.pending().some((one) => announced.includes(one));
      return { count: announced.length, isSettled: areDone && evidenceGone(floors, entry) === null };
    },
  };
}
