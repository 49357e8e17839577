import { ENGINE } from "../core/decide.ts";
import type { CompiledContractSet } from "../core/compile.ts";
import { recordAction, type Operator } from "../gateway/operate.ts";
import { redoTail } from "../gateway/redo.ts";
import { recordsOfEntry, redraft } from "../gateway/redraft.ts";
import { storedContractSet } from "../gateway/stored-set.ts";
import type { Decided } from "../store/decided.ts";
import { conflictOf } from "../store/duplicate.ts";
import type { LedgerEntry } from "../store/ledger.ts";
import { decodeApplied, type AppliedLetter } from "../store/proof.ts";
import { resolvedOf, type Resolution } from "../store/resolution.ts";
import type { Difference, DocumentKey, FailedRow, Receipt, Store, StreamNote, ValidatedRow } from "../store/store.ts";

export type RepairOptions = {
  /** Who writes changed documents again, and why; null: they are named and stay. */
  readonly replace: Operator | null;
  /** Only tells what would be done. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (records: number) => void;
};

/** A document that is not what the ledger says. */
export type Changed = {
  readonly kind: "validated" | "failed" | "receipt";
  readonly stream: string;
  readonly seq: number;
  readonly offset: bigint;
  /** Names fields, never values. */
  readonly message: string;
};

export type RepairReport = {
  readonly records: number;
  /** Documents that were missing and are there again; with `dryRun` those that would be. */
  readonly restored: { readonly validated: number; readonly failed: number; readonly receipts: number };
  readonly changed: readonly Changed[];
  /** How many of the changed ones were written again. */
  readonly replaced: number;
  /** What of the ledger itself is damaged, or lacks its evidence, a sentence each: nothing can be restored from it. */
  readonly faults: readonly string[];
};

/** Changed documents that are listed; all of them are counted by `replaced`. */
const CHANGED_MAX = 1_000;
const LEDGER_PAGE = 256;

/**
 * Brings back the documents of a store from its ledger. Facts come first, over all streams, and only where the next entry says that
 * the record was stored: a duplicate would be as good a fact, and not the same. Then last entries are redone, as a gateway does that
 * takes a stream up, and at last comes whatever names a fact.
 */
export async function repairStore(store: Store, options: RepairOptions): Promise<RepairReport> {
  const run = newRun(store, options);
  const notes = await store.reads.streamNotes();
  await eachEntry(run, notes, restoreFacts);
  for (const note of notes) await restoreTail(run, note);
  await eachEntry(run, notes, restoreOthers);
  return run.report();
}

type Step = (run: Run, opened: Opened, next: LedgerEntry) => Promise<void>;

/** Every entry that another one follows. */
async function eachEntry(run: Run, notes: readonly StreamNote[], step: Step): Promise<void> {
  const isFirst = step === restoreFacts;
  for (const note of notes) {
    for await (const { entry, next } of entriesOf(run.store, note)) {
      if (run.options.signal.aborted) return;
      const opened = next === null ? null : await openEntry(run, note, entry, isFirst);
      if (opened !== null && next !== null) await step(run, opened, next);
      if (isFirst) run.count(entry);
    }
  }
}

type Run = ReturnType<typeof newRun>;

function newRun(store: Store, options: RepairOptions) {
  const restored = { validated: 0, failed: 0, receipts: 0 };
  const changed: Changed[] = [];
  const faults: string[] = [];
  const sets = new Map<string, CompiledContractSet | null>();
  let replaced = 0;
  let records = 0;
  return {
    store,
    options,
    restored,
    fault: (sentence: string): void => void faults.push(sentence),
    changed: (one: Changed): void => {
      if (changed.length < CHANGED_MAX) changed.push(one);
    },
    replaced: (count: number): void => {
      replaced += count;
    },
    count: ({ count }: LedgerEntry): void => {
      records += count;
      options.onProgress?.(records);
    },
    set: async (digest: string): Promise<CompiledContractSet | null> => {
      const known = sets.get(digest);
      if (known !== undefined) return known;
      const made = await storedContractSet(store, digest);
      sets.set(digest, made);
      return made;
    },
    report: (): RepairReport => ({ records, restored, changed, replaced, faults }),
  };
}

/** Entries of a stream, each with the one behind it; null behind the last. */
async function* entriesOf(
  { reads }: Store,
  { stream }: StreamNote,
): AsyncGenerator<{ readonly entry: LedgerEntry; readonly next: LedgerEntry | null }> {
  let previous: LedgerEntry | null = null;
  for (;;) {
    const page: readonly LedgerEntry[] = await reads.ledger(
      stream,
      previous === null ? 0 : previous.seq + 1,
      LEDGER_PAGE,
    );
    for (const entry of page) {
      if (previous !== null) yield { entry: previous, next: entry };
      previous = entry;
    }
    if (page.length < LEDGER_PAGE) break;
  }
  if (previous !== null) yield { entry: previous, next: null };
}

/** An entry, decided again. */
type Opened = {
  readonly note: StreamNote;
  readonly entry: LedgerEntry;
  readonly collection: string;
  readonly rows: readonly Decided[];
};

async function openEntry(run: Run, note: StreamNote, entry: LedgerEntry, isFirst: boolean): Promise<Opened | null> {
  if (entry.kind !== "BATCH" || entry.count === 0) return null;
  const fault = (why: string): null => {
    const range = `[${entry.from}, ${entry.to})`;
    if (isFirst) run.fault(`Entry ${entry.seq} of ${note.topic}/${note.partition} ${range}: ${why}`);
    return null;
  };
  const records = recordsOfEntry(note, entry, await run.store.evidenceOf(entry.stream, entry.seq));
  if (typeof records === "string") return fault(records);
  const set = await run.set(entry.contractSet);
  if (set === null) return fault(`contract set ${entry.contractSet} cannot be read`);
  const again = redraft(run.store, note, entry, records, set);
  if (again.kind === "fault") return fault(again.message);
  const { draft, collection } = again;
  const rows = draft.rows();
  draft.facts.release();
  draft.failed.release();
  return { note, entry, collection, rows };
}

/** What the next entry says became of each record; null when it says nothing of these. */
function lettersOf({ entry, rows }: Opened, { applied }: LedgerEntry): readonly AppliedLetter[] | null {
  const leaves = decodeApplied(entry.from, applied)?.leaves ?? [];
  const same = leaves.length === rows.length && leaves.every(({ offset }, at) => rows[at]?.position.offset === offset);
  return same ? leaves.map(({ outcome }) => outcome) : null;
}

async function restoreFacts(run: Run, opened: Opened, next: LedgerEntry): Promise<void> {
  const letters = lettersOf(opened, next);
  const { note, entry, collection, rows } = opened;
  if (letters === null) {
    run.fault(`Entry ${next.seq} of ${note.topic}/${note.partition} does not say what became of entry ${entry.seq}`);
    return;
  }
  const facts = rows.filter((row, at): row is ValidatedRow => row.kind === "validated" && letters[at] === "S");
  const staged = run.store.reads.stageFacts(note);
  facts.forEach(staged.add);
  const differences = await run.store.reads.compareFacts(collection, staged);
  staged.release();
  const again = await writeAgain(run, opened, "validated", facts, differences);
  if (again.length === 0) return;
  const missing = run.store.stageFacts(note);
  again.forEach(missing.add);
  await run.store.insertFacts(collection, missing);
  missing.release();
}

/** Failures, receipts and conflicts: the facts that they name are there. */
async function restoreOthers(run: Run, opened: Opened, next: LedgerEntry): Promise<void> {
  const letters = lettersOf(opened, next);
  if (letters === null) return;
  const { note, entry, collection, rows } = opened;
  const passed = rows.filter((row, at): row is ValidatedRow => row.kind === "validated" && letters[at] !== "S");
  const holders = await run.store.holders(collection, [...new Set(passed.map(({ id }) => id))]);
  const receipts: Receipt[] = [];
  const failed: FailedRow[] = [];
  const resolutions: Resolution[] = [];
  for (const [at, row] of rows.entries()) {
    if (row.kind === "failed") failed.push(row);
    if (row.kind === "failed" || letters[at] === "S") continue;
    const letter = letters[at] === "C" ? "C" : "D";
    if (letter === "D") receipts.push({ position: row.position, of: row.id });
    const holder = holders.get(row.id);
    if (holder === undefined) continue;
    if (letter === "C") failed.push(conflictOf(row, holder));
    resolutions.push({ offset: row.position.offset, letter, holder: holder.position });
  }
  const resolved = resolvedOf(entry, resolutions);
  if (!run.options.dryRun && (resolved.applied !== next.applied || resolved.holders !== next.holders)) {
    run.fault(
      `Entry ${entry.seq} of ${note.topic}/${note.partition}: the facts that its duplicates and conflicts name are others`,
    );
    return;
  }
  await restoreFailures(run, opened, failed);
  const missing = await writeAgain(
    run,
    opened,
    "receipt",
    receipts,
    await run.store.reads.compareReceipts(note, receipts),
  );
  if (missing.length > 0) await run.store.insertReceipts(note, missing);
}

async function restoreFailures(run: Run, opened: Opened, failed: readonly FailedRow[]): Promise<void> {
  const { note, entry, collection } = opened;
  const staged = run.store.reads.stageFailed(note);
  failed.forEach(staged.add);
  const all = await run.store.reads.compareFailed(collection, staged);
  staged.release();
  // What another engine wrote of a failure is its own.
  const differences = entry.engine === ENGINE ? all : new Map([...all].filter(([, { kind }]) => kind === "missing"));
  const again = await writeAgain(run, opened, "failed", failed, differences);
  if (again.length === 0) return;
  const missing = run.store.stageFailed(note);
  again.forEach(missing.add);
  await run.store.insertFailed(collection, missing);
  missing.release();
}

type Kind = Changed["kind"];

/** Which documents to write: the missing ones, and the changed ones after they were taken away by an operator's word. */
async function writeAgain<T extends ValidatedRow | FailedRow | Receipt>(
  run: Run,
  { note, entry, collection }: Opened,
  kind: Kind,
  rows: readonly T[],
  differences: ReadonlyMap<number, Difference>,
): Promise<readonly T[]> {
  const missing: T[] = [];
  const others: T[] = [];
  for (const [place, one] of differences) {
    const row = rows[place];
    if (row === undefined) continue;
    if (one.kind === "missing") missing.push(row);
    else {
      const { offset } = row.position;
      const message = one.kind === "differs" ? one.message : `its id is held by ${placeOf(one.holder.position)}`;
      run.changed({ kind, stream: entry.stream, seq: entry.seq, offset, message });
      others.push(row);
    }
  }
  run.restored[kind === "receipt" ? "receipts" : kind] += missing.length;
  const { replace, dryRun } = run.options;
  if (dryRun) return [];
  if (replace === null || others.length === 0) return missing;
  const detail = `${kind} entry ${entry.seq} offsets ${others.map(({ position }) => position.offset).join(" ")}`;
  await recordAction(run.store, { ...replace, action: "replace", target: entry.stream, detail });
  await run.store.removeDocuments(collection, note, kind, others.map(keyOf));
  run.replaced(others.length);
  return [...missing, ...others];
}

function keyOf(row: ValidatedRow | FailedRow | Receipt): DocumentKey {
  return { id: "id" in row ? row.id : "", offset: row.position.offset };
}

function placeOf({ topic, partition, offset }: ValidatedRow["position"]): string {
  return `${topic}/${partition}@${offset}`;
}

/** The last entry, which no other one seals yet. */
async function restoreTail(run: Run, note: StreamNote): Promise<void> {
  const tail = await run.store.tail(note.stream);
  if (tail === null || run.options.signal.aborted) return;
  if (run.options.dryRun) return countTail(run, note, tail);
  const before = await run.store.reads.tally();
  const { stream: id, topic, partition } = note;
  const redone = await redoTail(run.store, { id, topic, partition }, tail);
  if (redone.kind === "halted") run.fault(redone.halt.message);
  const after = await run.store.reads.tally();
  run.restored.validated += after.validated - before.validated;
  run.restored.failed += after.failed - before.failed;
  run.restored.receipts += after.receipts - before.receipts;
}

/** What redoing it would bring back; its receipts and conflicts follow from facts that may be missing as well, and are not counted. */
async function countTail(run: Run, note: StreamNote, tail: LedgerEntry): Promise<void> {
  const opened = await openEntry(run, note, tail, true);
  if (opened === null) return;
  const { collection, rows } = opened;
  const facts = run.store.reads.stageFacts(note);
  const failed = run.store.reads.stageFailed(note);
  const seen = new Set<string>();
  for (const row of rows) {
    if (row.kind === "failed") failed.add(row);
    else if (!seen.has(row.id)) facts.add(row);
    seen.add(row.id);
  }
  const missing = (differences: ReadonlyMap<number, Difference>): number =>
    [...differences.values()].filter(({ kind }) => kind === "missing").length;
  run.restored.validated += missing(await run.store.reads.compareFacts(collection, facts));
  run.restored.failed += missing(await run.store.reads.compareFailed(collection, failed));
  facts.release();
  failed.release();
}
