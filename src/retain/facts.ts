import type { CompiledContractSet } from "../core/compiled.ts";
import { outdated, type Redecided } from "../gateway/decided.ts";
import { openEntryRecords } from "../gateway/entry-records.ts";
import { redecide } from "../gateway/redecide.ts";
import { storedContractSet } from "../gateway/stored-set.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { decodeApplied } from "../ledger/proof.ts";
import type { Difference, PassedRow, Store } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";

/** Replaces the facts of an entry by tombstones. @returns how many it replaced, or a sentence that says why none. */
export type OutdateFacts = (note: StreamNote, entry: LedgerEntry, next: LedgerEntry | null) => Promise<number | string>;

/**
 * Finds the facts of entries by deciding their evidence again: no index of positions exists. A tombstone keeps the id, so that the same
 * record sent again is a duplicate as before. Doing it again changes nothing.
 */
export function openOutdating(store: Store): OutdateFacts {
  const evidence = openEntryRecords(store.reads);
  let known: { readonly digest: string; readonly set: CompiledContractSet | null } | null = null;
  const setOf = async (digest: string): Promise<CompiledContractSet | null> => {
    if (known?.digest !== digest) known = { digest, set: await storedContractSet(store.reads, digest) };
    return known.set;
  };
  return async (note, entry, next) => {
    if (entry.count === 0) return 0;
    const place = `Entry ${entry.seq} of ${note.topic}/${note.partition}`;
    const { records, missing } = await evidence.open(note, entry);
    // Evidence goes behind the facts that it says, so somebody else was here.
    if (missing === "retention") return 0;
    if (typeof records === "string") return `${place}: ${records}`;
    const set = await setOf(entry.contractSet);
    if (set === null) return `${place}: contract set ${entry.contractSet} cannot be read`;
    const again = redecide(store, note, entry, records, set);
    if (again.kind === "fault") return `${place}: ${again.message}`;
    const rows = again.batch.rows();
    again.batch.facts.release();
    again.batch.failed.release();
    const facts = next === null ? null : storedOf(rows, entry, next);
    return facts === null
      ? `${place} is not said by the next one what became of it`
      : replace(store, note, again.collection, facts);
  };
}

/** The rows that became facts, as the next entry says; null when it does not. */
function storedOf(
  rows: readonly Redecided[],
  { from }: LedgerEntry,
  { applied }: LedgerEntry,
): readonly PassedRow[] | null {
  const letters = decodeApplied(from, applied)?.leaves;
  if (letters?.length !== rows.length) return null;
  return rows.filter((row, at): row is PassedRow => row.kind !== "failed" && letters[at]?.outcome === "S");
}

async function replace(
  store: Store,
  note: StreamNote,
  collection: string,
  facts: readonly PassedRow[],
): Promise<number | string> {
  const compare = async (rows: readonly PassedRow[]): Promise<ReadonlyMap<number, Difference>> => {
    const staged = store.reads.stageFacts(note);
    rows.forEach(staged.add);
    const found =
      rows.length === 0 ? new Map<number, Difference>() : await store.reads.compareFacts(collection, staged);
    staged.release();
    return found;
  };
  const left = async (rows: readonly PassedRow[]): Promise<readonly PassedRow[]> => {
    const differing = await compare(rows.map(outdated));
    return rows.filter((_, place) => differing.has(place));
  };
  const whole = await left(facts);
  const differing = await compare(whole);
  // Another run may have replaced some in between.
  const strange = await left(whole.filter((_, place) => differing.has(place)));
  const [first] = strange;
  if (first !== undefined) {
    const at = strange.map(({ position }) => position.offset);
    const range = `offsets ${at[0]} to ${at.at(-1)} of ${note.topic}/${note.partition}`;
    return `Of the ${facts.length} facts at ${range}, ${strange.length} are not stored or were changed; run sigma store repair, then again`;
  }
  const due = whole.filter((_, place) => !differing.has(place));
  if (due.length === 0) return 0;
  const staged = store.stageFacts(note);
  for (const row of due) staged.add(outdated(row));
  await store.replaceFacts(collection, staged);
  staged.release();
  return due.length;
}
