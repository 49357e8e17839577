import { openContractSet } from "../../core/contract-set.ts";
import { isErased } from "../../ledger/tombstone.ts";
import { redriveOf } from "../../ledger/redrive-stream.ts";
import { decodeOutcomes } from "../../ledger/proof.ts";
import { openEntryRecords } from "../../gateway/entry-records.ts";
import type { FailureScan } from "../../store/redrives.ts";
import type { StoreReads } from "../../store/store.ts";
import type { StreamNote } from "../../store/stream-note.ts";
import type { LedgerEntry } from "../../ledger/entry.ts";
import { createOffsetSet, type OffsetList, type OffsetSet } from "./offset-set.ts";
import type { Selection } from "./plan.ts";

/** The distinct offsets of one source stream. */
export type SelectedStream = { readonly note: StreamNote; readonly offsets: OffsetList };

export type SelectReads = Pick<
  StoreReads,
  "streamNotes" | "contractSets" | "failurePlaces" | "ledger" | "entryAt" | "evidenceAt" | "operatorLog"
>;

export type SelectOptions = {
  readonly signal: AbortSignal;
  readonly onProgress?: (selected: number) => void;
  /** The most offsets that a plan may have. */
  readonly max: number;
};

/**
 * Finds the records of a selection. A failure of a redrive counts for the record that was redriven, so the streams of the result are
 * those of logs, and each record is in it once.
 * @returns the streams in the order of their numbers; null when there are more offsets than a plan may have.
 */
export async function selectRecords(
  reads: SelectReads,
  selection: Selection,
  options: SelectOptions,
): Promise<readonly SelectedStream[] | null> {
  const notes = await reads.streamNotes();
  const found = new Map<number, OffsetSet>();
  let count = 0;
  const add = (stream: number, offset: bigint): void => {
    const known = found.get(stream) ?? createOffsetSet();
    found.set(stream, known);
    known.add(offset);
    count += 1;
  };
  const isFull = (): boolean => options.signal.aborted || count > options.max;
  if (selection.kind === "failures") await selectFailures(reads, notes, selection, { ...options, add, isFull });
  else await selectRange(reads, notes, selection, { ...options, add, isFull });
  if (count > options.max) return null;
  return notes.flatMap((note) => {
    const offsets = found.get(note.number)?.end();
    return offsets === undefined ? [] : [{ note, offsets }];
  });
}

type Take = SelectOptions & {
  readonly add: (stream: number, offset: bigint) => void;
  readonly isFull: () => boolean;
};

/** Finds failures by the documents that the store has of them. */
async function selectFailures(
  reads: Pick<SelectReads, "contractSets" | "failurePlaces">,
  notes: readonly StreamNote[],
  selection: Selection,
  { add, isFull, onProgress }: Take,
): Promise<void> {
  const originOf = new Map(notes.map(({ number, stream }) => [number, redriveOf(stream)?.source ?? number]));
  const { fingerprint, code, fromMs, toMs } = selection;
  const range = { from: offsetOf(selection.from), to: offsetOf(selection.to) };
  const scan: FailureScan = { fingerprint, code, fromMs, toMs, ...range, streams: numbersOf(notes, selection) };
  let selected = 0;
  for (const collection of await collectionsOf(reads)) {
    for await (const page of reads.failurePlaces(collection, scan)) {
      for (const { stream, offset } of page) {
        const origin = originOf.get(stream);
        if (origin !== undefined) add(origin, offset);
      }
      selected += page.length;
      onProgress?.(selected);
      if (isFull()) return;
    }
  }
}

/** The numbers of the streams of a selection's topic and partition, redrives included; null when it names neither. */
function numbersOf(notes: readonly StreamNote[], { topic, partition }: Selection): readonly number[] | null {
  if (topic === null && partition === null) return null;
  return notes.filter((note) => isAmong(note, { topic, partition })).map(({ number }) => number);
}

function isAmong(note: StreamNote, { topic, partition }: Pick<Selection, "topic" | "partition">): boolean {
  return (topic === null || note.topic === topic) && (partition === null || note.partition === partition);
}

function offsetOf(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
}

/** Every collection that a stored contract set names. */
export async function collectionsOf(reads: Pick<StoreReads, "contractSets">): Promise<readonly string[]> {
  const sets = (await reads.contractSets()).map(({ digest, text }) => openContractSet(digest, text));
  const all = sets.flatMap((sealed) => sealed?.set.contracts.map(({ collection }) => collection) ?? []);
  return [...new Set(all)].toSorted();
}

const LEDGER_PAGE = 64;

/** Finds every decided record of a range by the ledger, which alone has them all. */
async function selectRange(
  reads: SelectReads,
  notes: readonly StreamNote[],
  selection: Selection,
  { add, isFull, onProgress }: Take,
): Promise<void> {
  const isInTime = timesOf(reads, selection);
  const [from, to] = [offsetOf(selection.from) ?? 0n, offsetOf(selection.to)];
  let selected = 0;
  for (const note of notes) {
    if (redriveOf(note.stream) !== null || !isAmong(note, selection)) continue;
    const first = (await reads.entryAt(note.stream, from))?.seq ?? 0;
    for (let next: number | null = first; next !== null;) {
      const page: readonly LedgerEntry[] = await reads.ledger(note.stream, next, LEDGER_PAGE);
      for (const entry of page) {
        if (isFull() || (to !== null && entry.from >= to)) break;
        const among = await isInTime(note, entry);
        for (const { offset } of decodeOutcomes(entry.from, entry.outcomes)?.leaves ?? []) {
          if (offset < from || (to !== null && offset >= to) || !among(offset)) continue;
          add(note.number, offset);
          selected += 1;
        }
      }
      onProgress?.(selected);
      const last = page.at(-1);
      const isOver = last === undefined || page.length < LEDGER_PAGE || (to !== null && last.to >= to) || isFull();
      next = isOver ? null : last.seq + 1;
    }
  }
}

type TimesOf = (note: StreamNote, entry: LedgerEntry) => Promise<(offset: bigint) => boolean>;

/** Whether records are of the selection's time. The evidence has their times; a record without evidence is taken, and then reported. */
function timesOf(reads: Pick<StoreReads, "evidenceAt" | "operatorLog">, { fromMs, toMs }: Selection): TimesOf {
  if (fromMs === null && toMs === null) return async () => () => true;
  const { open } = openEntryRecords(reads);
  return async (note, entry) => {
    if (fromMs !== null && entry.newestMs < fromMs) return () => false;
    const { records } = await open(note, entry);
    if (typeof records === "string") return () => true;
    const outside = records.filter(
      (record) =>
        !isErased(record) &&
        ((fromMs !== null && record.timestampMs < fromMs) || (toMs !== null && record.timestampMs >= toMs)),
    );
    const left = new Set(outside.map(({ position }) => position.offset));
    return (offset) => !left.has(offset);
  };
}
