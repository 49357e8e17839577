import type { CompiledContractSet } from "../core/compiled.ts";
import { isErased, type KeptRecord } from "../ledger/tombstone.ts";
import { EVIDENCE_DROPPED, type LedgerEntry } from "../ledger/entry.ts";
import { conflictOf, hasSameContent, isSamePosition, receiptOf } from "./duplicate.ts";
import { decodeOutcomes } from "../ledger/proof.ts";
import type { Holder, PassedRow, SettledRow, StoreReads, StreamNote } from "../store/store.ts";
import { openEntryRecords } from "./entry-records.ts";
import { decideAgain } from "./redecide.ts";
import { storedContractSet } from "./stored-set.ts";

/** Tells from the ledger what became of positions. */
export type Lookup = {
  /**
   * What became of the records of `[from, to)` of a stream, by offset. Not there: what is not decided yet, passed records whose fact
   * is not stored yet, and entries whose evidence is gone.
   */
  readonly rows: (
    stream: string,
    from: bigint,
    to: bigint,
    /** Only these; all of the range when absent. */
    asked?: ReadonlySet<bigint>,
  ) => Promise<readonly SettledRow[]>;
};

/** The set in force: it is compiled already. */
type Current = () => CompiledContractSet;

type Reads = Pick<
  StoreReads,
  | "ledger"
  | "entryAt"
  | "evidenceAt"
  | "operatorLog"
  | "streamNotes"
  | "contractSet"
  | "holders"
  | "failureAt"
  | "refusalOf"
>;

/** Entries whose evidence is kept unpacked: whoever asks for a position asks for its neighbours. */
const OPENED_MAX = 4;
const OPENED_BYTES_MAX = 16_777_216;
const LEDGER_PAGE = 64;

/** Reads an entry's evidence, decides the records asked for again by its own contract set, and asks the facts who holds each id. */
export function createLookup(reads: Reads, current?: Current): Lookup {
  const recordsOf = openedEntries(reads);
  const setOf = compiledSets(reads, current);
  const noteOf = streamNotes(reads);
  const within = async (
    note: StreamNote,
    entry: LedgerEntry,
    isAsked: (offset: bigint) => boolean,
  ): Promise<SettledRow[]> => {
    const set = await setOf(entry.contractSet);
    const collection = set?.byTopic.get(note.topic)?.contract.collection;
    const records = await recordsOf(note, entry);
    if (set === null || collection === undefined || typeof records === "string") return [];
    const outcomes = new Map(
      decodeOutcomes(entry.from, entry.outcomes)?.leaves.map(({ offset, outcome }) => [offset, outcome]),
    );
    const asked = records.filter(({ position: { offset } }) => isAsked(offset));
    const decided = asked.map((record) => {
      const outcome = outcomes.get(record.position.offset) ?? "F";
      return decideAgain(record, outcome, entry, set, reads.refusalOf);
    });
    const ids = decided.flatMap(({ row }) => (row.kind === "failed" ? [] : [row.id]));
    const holders = ids.length === 0 ? new Map<string, Holder>() : await reads.holders(collection, [...new Set(ids)]);
    const rows = decided.map(async ({ row, isPinned }): Promise<SettledRow | null> => {
      if (row.kind !== "failed") return resolved(row, holders.get(row.id));
      // Another engine decided it: only the document says why.
      const stored = isPinned ? await reads.failureAt(collection, note, row.position.offset) : null;
      return stored === null ? row : { ...row, ...stored };
    });
    return (await Promise.all(rows)).filter((row) => row !== null);
  };
  return {
    rows: async (stream, from, to, only) => {
      const note = await noteOf(stream);
      if (note === null) return [];
      const rows: SettledRow[] = [];
      const isAsked = (offset: bigint): boolean => offset >= from && offset < to && only?.has(offset) !== false;
      for await (const entry of entriesOf(reads, stream, from, to)) {
        if (entry.kind === "BATCH" && entry.count > 0) rows.push(...(await within(note, entry, isAsked)));
      }
      return rows;
    },
  };
}

/** Duplicates and conflicts, told from a fact of their own; null when no fact is there. */
function resolved(row: PassedRow, holder: Holder | undefined): SettledRow | null {
  if (holder === undefined) return null;
  if (isSamePosition(row.position, holder.position)) return row;
  return hasSameContent(row, holder) ? receiptOf(row, holder) : conflictOf(row, holder);
}

async function* entriesOf(reads: Reads, stream: string, from: bigint, to: bigint): AsyncGenerator<LedgerEntry> {
  // It may begin before the first offset that was ever read.
  const [init] = await reads.ledger(stream, 0, 1);
  if (init === undefined) return;
  const first = from < init.from ? init : await reads.entryAt(stream, from);
  for (let next = first?.seq ?? null; next !== null;) {
    const page: readonly LedgerEntry[] = await reads.ledger(stream, next, to - from === 1n ? 1 : LEDGER_PAGE);
    for (const entry of page) {
      if (entry.from >= to) return;
      yield entry;
    }
    const last = page.at(-1);
    if (last === undefined || last.to >= to) return;
    next = last.seq + 1;
  }
}

function openedEntries(
  reads: Reads,
): (note: StreamNote, entry: LedgerEntry) => Promise<readonly KeptRecord[] | string> {
  const entries = openEntryRecords(reads);
  const opened = new Map<string, { readonly records: readonly KeptRecord[]; readonly erasures: number }>();
  return async (note, entry) => {
    const known = opened.get(entry.hash);
    const { count: erasures, areDone } = await entries.announced(entry);
    if (known?.erasures === erasures) return known.records;
    const { records } = await entries.open(note, entry);
    if (typeof records === "string" || bytesOf(records) > OPENED_BYTES_MAX) return records;
    // What is forgotten is told to nobody, whoever asked before.
    opened.delete(entry.hash);
    if (entry.note === EVIDENCE_DROPPED || !areDone) return records;
    opened.set(entry.hash, { records, erasures });
    const [oldest] = opened.keys();
    if (opened.size > OPENED_MAX && oldest !== undefined) opened.delete(oldest);
    return records;
  };
}

function bytesOf(records: readonly KeptRecord[]): number {
  return records.reduce((sum, record) => sum + (isErased(record) ? 0 : (record.value?.length ?? 0)), 0);
}

/** Sets that history changed to and fro. */
const SETS_MAX = 4;

function compiledSets(
  reads: Reads,
  current: Current | undefined,
): (digest: string) => Promise<CompiledContractSet | null> {
  const compiled = new Map<string, CompiledContractSet>();
  return async (digest) => {
    const set = current?.();
    const known = set?.digest === digest ? set : compiled.get(digest);
    if (known !== undefined) return known;
    const made = await storedContractSet(reads, digest);
    if (made === null) return null;
    compiled.set(digest, made);
    const [oldest] = compiled.keys();
    if (compiled.size > SETS_MAX && oldest !== undefined) compiled.delete(oldest);
    return made;
  };
}

function streamNotes(reads: Reads): (stream: string) => Promise<StreamNote | null> {
  let known: ReadonlyMap<string, StreamNote> = new Map();
  return async (stream) => {
    if (!known.has(stream)) known = new Map((await reads.streamNotes()).map((note) => [note.stream, note]));
    return known.get(stream) ?? null;
  };
}
