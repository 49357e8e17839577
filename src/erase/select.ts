import { isErased } from "../ledger/tombstone.ts";
import type { OffsetRange } from "../source/source.ts";
import { rangesOf } from "../operator/erasures.ts";
import { entriesWithNext } from "../store/ledger-walk.ts";
import type { AppliedLetter } from "../ledger/proof.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { createEntryReader } from "./opened.ts";
import { matcherOf, mayBeIn, mayHold, type Selection } from "./selection.ts";

/** Number of records of each kind. */
export type KindCounts = {
  readonly facts: number;
  readonly duplicates: number;
  readonly conflicts: number;
  readonly failures: number;
};

/** The records of one entry that will be erased. */
export type PlannedEntry = {
  readonly note: StreamNote;
  readonly seq: number;
  readonly ranges: readonly OffsetRange[];
};

/** The records that a selection matches. */
export type Plan = {
  readonly entries: readonly PlannedEntry[];
  readonly records: number;
  readonly streams: readonly { readonly note: StreamNote; readonly counts: KindCounts }[];
  /** Number of selected records that were erased before. */
  readonly erasedBefore: number;
  /** Number of records that could not be examined, because their evidence is not kept (`evidence: drop`) or was taken by retention. */
  readonly withoutEvidence: number;
  /** Damaged entries, a sentence each. Their records cannot be selected or erased. */
  readonly faults: readonly string[];
};

/** The most records that one plan may have, because it is held in memory. */
export const SELECTED_MAX = 1_000_000;

const KIND: Readonly<Record<AppliedLetter, keyof KindCounts>> = {
  S: "facts",
  D: "duplicates",
  C: "conflicts",
  F: "failures",
};

/**
 * Finds the records of a selection by reading all evidence, which alone holds every record. Writes nothing.
 * @returns null when there are more than {@link SELECTED_MAX}.
 */
export async function selectRecords(
  reads: StoreReads,
  selection: Selection,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress?: (records: number) => void },
): Promise<Plan | null> {
  const reader = createEntryReader(reads);
  const entries: PlannedEntry[] = [];
  const faults: string[] = [];
  const streams: { readonly note: StreamNote; readonly counts: KindCounts }[] = [];
  let [records, erasedBefore, withoutEvidence, looked] = [0, 0, 0, 0];
  for (const note of await reads.streamNotes()) {
    if (!mayHold(selection, note)) continue;
    const counts = { facts: 0, duplicates: 0, conflicts: 0, failures: 0 };
    const before = records;
    for await (const { entry, next } of entriesWithNext(reads, note.stream)) {
      if (signal.aborted) break;
      if (entry.kind !== "BATCH" || entry.count === 0 || !mayBeIn(selection, note.stream, entry)) continue;
      const opened = await reader.seen(note, entry, next);
      looked += entry.count;
      onProgress?.(looked);
      if ("fault" in opened) {
        if (opened.missing !== null && opened.missing !== "lost") withoutEvidence += entry.count;
        else faults.push(opened.fault);
        continue;
      }
      const matches = matcherOf(selection, note, opened.set);
      const selected = opened.seen.filter(matches);
      const whole = selected.filter(({ record }) => !isErased(record));
      erasedBefore += selected.length - whole.length;
      for (const { letter } of whole) counts[KIND[letter]] += 1;
      records += whole.length;
      if (records > SELECTED_MAX) return null;
      const ranges = rangesOf(whole.map(({ row }) => row.position.offset));
      if (ranges.length > 0) entries.push({ note, seq: entry.seq, ranges });
    }
    if (records > before) streams.push({ note, counts });
  }
  return { entries, records, streams, erasedBefore, withoutEvidence, faults };
}
