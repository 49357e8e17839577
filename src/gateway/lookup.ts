import { remember } from "../core/remember.ts";
import type { CompiledContractSet } from "../core/compiled.ts";
import { isErased, type KeptRecord } from "../ledger/tombstone.ts";
import type { LedgerEntry, Outcome } from "../ledger/entry.ts";
import { conflictOf, hasSameContent, isSamePosition, receiptOf } from "./duplicate.ts";
import { decodeOutcomes } from "../ledger/proof.ts";
import type { Holder, PassedRow, SettledRow, StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { openEntryRecords } from "./entry-records.ts";
import { decideAgain } from "./redecide.ts";
import { storedContractSet } from "./stored-set.ts";

/** Finds the outcome of positions through the ledger. */
export type Lookup = {
  /**
   * The settled rows of the offsets `[from, to)` of a stream, ascending. A record has no row when it is not decided yet, when
   * it passed and its fact is not stored yet, or when the evidence of its entry is gone.
   */
  readonly rows: (
    stream: string,
    from: bigint,
    to: bigint,
    /** Restricts the answer to these offsets; the whole range when absent. */
    asked?: ReadonlySet<bigint>,
  ) => Promise<readonly SettledRow[]>;
};

/** Returns the live contract set, which need not be compiled again. */
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

/** Limits of the cache of unpacked evidence, in entries and in bytes: a caller that asks for one position asks for its neighbours. */
const OPENED_MAX = 4;
const OPENED_BYTES_MAX = 16_777_216;
const LEDGER_PAGE = 64;

/**
 * Creates a lookup. It reads the evidence of an entry, decides the requested records again with the entry's own contract set,
 * and reads the fact that holds each id.
 */
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
    const outcomeAt = (index: number): Outcome => outcomes.get(asked[index]?.position.offset ?? -1n) ?? "F";
    const decided = decideAgain(asked, outcomeAt, entry, set, reads.refusalOf);
    const ids = decided.flatMap(({ row }) => (row.kind === "failed" ? [] : [row.id]));
    const holders = ids.length === 0 ? new Map<string, Holder>() : await reads.holders(collection, [...new Set(ids)]);
    const rows = decided.map(async ({ row, isPinned }): Promise<SettledRow | null> => {
      if (row.kind !== "failed") return resolved(row, holders.get(row.id));
      // `isPinned`: this build decides otherwise than the entry says, so only the stored document knows why the record FAILED.
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

/** The fact itself, or a receipt or conflict when another record holds the id; null when the store has no fact with the id. */
function resolved(row: PassedRow, holder: Holder | undefined): SettledRow | null {
  if (holder === undefined) return null;
  if (isSamePosition(row.position, holder.position)) return row;
  return hasSameContent(row, holder) ? receiptOf(row, holder) : conflictOf(row, holder);
}

async function* entriesOf(reads: Reads, stream: string, from: bigint, to: bigint): AsyncGenerator<LedgerEntry> {
  // `from` may lie below the offset where the ledger of the stream begins.
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
    const { count: erasures, isSettled } = await entries.announced(entry);
    if (known?.erasures === erasures && isSettled) return known.records;
    const { records } = await entries.open(note, entry);
    if (typeof records === "string" || bytesOf(records) > OPENED_BYTES_MAX) return records;
    // Records that are dropped or erased, or soon will be, must not stay in the cache.
    opened.delete(entry.hash);
    if (!isSettled) return records;
    remember(opened, entry.hash, { records, erasures }, OPENED_MAX);
    return records;
  };
}

function bytesOf(records: readonly KeptRecord[]): number {
  return records.reduce((sum, record) => sum + (isErased(record) ? 0 : (record.value?.length ?? 0)), 0);
}

/** How many compiled contract sets of the past are cached: a range of entries may alternate between a few. */
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
    remember(compiled, digest, made, SETS_MAX);
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
