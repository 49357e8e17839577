import { ENGINE } from "../core/decide.ts";
import { recountFailures } from "../gateway/recount.ts";
import { conflictOf } from "../gateway/duplicate.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { entriesWithNext } from "../store/ledger-walk.ts";
import { decodeApplied, type AppliedLetter } from "../ledger/proof.ts";
import type { RetainedDocuments } from "../operator/floors.ts";
import { resolvedOf, type Resolution } from "../gateway/resolution.ts";
import type { FailedRow, PassedRow, Receipt, Store } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { keyOf, staging, writeAgain } from "./again.ts";
import { restoreFactsOf } from "./facts.ts";
import { volumeOf } from "./volume.ts";
import { openEntry } from "./opened.ts";
import { newRun, type Opened, type RepairOptions, type RepairReport, type RepairRun } from "./run.ts";
import { restoreTail } from "./tail.ts";

/**
 * Restores missing documents of a store from its ledger, in three passes over all streams. First come the facts, only of records that
 * the next entry records as stored: a duplicate has an equal payload but another position. Then tails are redone, as when a gateway
 * acquires a stream. Last come failures, receipts and conflicts, which refer to facts;
 * then failures and volume are counted again.
 */
export async function repairStore(store: Store, options: RepairOptions): Promise<RepairReport> {
  const run = newRun(store, options);
  // First of all: a fact that its id does not lead to would be taken for a missing one.
  const indexed = await store.mendIndex(options.dryRun);
  run.indexed(indexed);
  const left = indexed === 0 || options.dryRun ? 0 : await store.mendIndex(true);
  if (left > 0)
    run.fault(
      `No id leads to ${left} of the facts, since another fact has it and differs: look at them, or restore a backup`,
    );
  const notes = await store.reads.streamNotes();
  await eachEntry(run, notes, restoreFacts);
  const tails = new Map<string, LedgerEntry>();
  for (const note of notes) {
    const tail = await run.store.tail(note.stream);
    if (tail !== null) tails.set(note.stream, tail);
    await restoreTail(run, note);
  }
  await eachEntry(run, notes, restoreOthers);
  if (!options.dryRun) await countAgain(run, notes, tails);
  if (!options.dryRun && !options.signal.aborted) await run.volume.write(store);
  return run.report();
}

/**
 * Counts the stored failures again. Each stream is complete up to the tail that it had before it was redone; counters that a gateway
 * has raised since then stay as they are.
 */
async function countAgain(
  { store, options }: RepairRun,
  notes: readonly StreamNote[],
  tails: ReadonlyMap<string, LedgerEntry>,
): Promise<void> {
  for (const note of notes) {
    const tail = tails.get(note.stream);
    if (tail !== undefined && !options.signal.aborted) await recountFailures(store, note, tail);
  }
}

type Step = (run: RepairRun, opened: Opened, next: LedgerEntry) => Promise<void>;

/** Runs a step for every entry except tails. */
async function eachEntry(run: RepairRun, notes: readonly StreamNote[], step: Step): Promise<void> {
  const isFirst = step === restoreFacts;
  for (const note of notes) {
    for await (const { entry, next } of entriesWithNext(run.store.reads, note.stream)) {
      if (run.options.signal.aborted) return;
      if (next !== null) await stepUntilUnchanged(run, note, entry, next, step, isFirst);
      if (isFirst) run.count(entry);
    }
  }
}

/**
 * Runs a step again until the evidence did not change meanwhile. Inserting a missing document needs no such care: a concurrent erasure
 * replaces it by a tombstone like any other. Replacing a document could undo an erasure that came in between.
 */
async function stepUntilUnchanged(
  run: RepairRun,
  note: StreamNote,
  entry: LedgerEntry,
  next: LedgerEntry,
  step: Step,
  isFirst: boolean,
): Promise<void> {
  const evidence = async (): Promise<Buffer> =>
    Buffer.from((run.options.replace === null ? null : await run.store.evidenceOf(entry.stream, entry.seq)) ?? []);
  for (let now = await evidence(); ;) {
    const opened = await openEntry(run, note, entry, isFirst);
    if (opened !== null) await step(run, opened, next);
    else if (entry.kind === "BATCH" && entry.count > 0) run.volume.miss(note);
    const before = now;
    now = await evidence();
    if (now.equals(before)) return;
  }
}

/** The result of applying each record, as the next entry records it; null when it records other offsets. */
function lettersOf({ entry, rows }: Opened, { applied }: LedgerEntry): readonly AppliedLetter[] | null {
  const leaves = decodeApplied(entry.from, applied)?.leaves ?? [];
  const same = leaves.length === rows.length && leaves.every(({ offset }, at) => rows[at]?.position.offset === offset);
  return same ? leaves.map(({ outcome }) => outcome) : null;
}

async function restoreFacts(run: RepairRun, opened: Opened, next: LedgerEntry): Promise<void> {
  const letters = lettersOf(opened, next);
  const { note, entry, rows } = opened;
  if (letters === null) {
    run.fault(`Entry ${next.seq} of ${note.topic}/${note.partition} does not say what became of entry ${entry.seq}`);
    return;
  }
  const facts = rows.filter((row, at): row is PassedRow => row.kind !== "failed" && letters[at] === "S");
  await restoreFactsOf(run, opened, facts);
}

/** Restores failures, receipts and conflicts. The facts to which they refer are already restored. */
async function restoreOthers(run: RepairRun, opened: Opened, next: LedgerEntry): Promise<void> {
  const letters = lettersOf(opened, next);
  if (letters === null) return run.volume.miss(opened.note);
  const { note, entry, collection, rows } = opened;
  const passed = rows.filter((row, at): row is PassedRow => row.kind !== "failed" && letters[at] !== "S");
  const holders = await run.store.holders(collection, [...new Set(passed.map(({ id }) => id))]);
  run.volume.see(note, entry.seq, volumeOf(opened, letters, holders));
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
  await unlessTaken(run, opened, "failed", failed, async () => restoreFailures(run, opened, failed));
  await unlessTaken(run, opened, "receipts", receipts, async () => restoreReceipts(run, opened, receipts));
}

/**
 * Restores documents of a kind unless retention took them, or is taking them. Floors are read at the start, and again behind each
 * write: what retention took in between goes again.
 * @param restore returns whether it wrote documents.
 */
async function unlessTaken(
  run: RepairRun,
  { note, entry, collection }: Opened,
  kind: RetainedDocuments,
  rows: readonly (FailedRow | Receipt)[],
  restore: () => Promise<boolean>,
): Promise<void> {
  const place = { stream: entry.stream, seq: entry.seq, kind, collection: kind === "failed" ? collection : "" };
  const book = await run.floors();
  if (book.standing(place) !== "kept" || !(await restore())) return;
  if ((await run.floors("read again")).standing(place) === "kept") return;
  await run.store.removeDocuments(collection, note, kind === "failed" ? "failed" : "receipt", rows.map(keyOf));
}

async function restoreReceipts(run: RepairRun, opened: Opened, receipts: readonly Receipt[]): Promise<boolean> {
  const { note, collection } = opened;
  const differences = await run.store.reads.compareReceipts(note, receipts);
  const { missing, changed } = await writeAgain(run, opened, "receipt", receipts, differences);
  if (changed.length > 0) await run.store.removeDocuments(collection, note, "receipt", changed.map(keyOf));
  const again = [...missing, ...changed];
  if (again.length > 0) await run.store.insertReceipts(note, again);
  return again.length > 0;
}

async function restoreFailures(run: RepairRun, opened: Opened, failed: readonly FailedRow[]): Promise<boolean> {
  const { note, entry, collection } = opened;
  const staged = run.store.reads.stageFailed(note);
  failed.forEach(staged.add);
  const all = await run.store.reads.compareFailed(collection, staged);
  staged.release();
  // A failure that another engine decided may have another reason, which is not a fault.
  const isOwn = (place: number): boolean => entry.engine === ENGINE || failed[place]?.reason.kind === "erased";
  const differences = new Map([...all].filter(([place, { kind }]) => kind === "missing" || isOwn(place)));
  const again = await writeAgain(run, opened, "failed", failed, differences);
  await staging(run.store.stageFailed(note), again.missing, async (rows) => run.store.insertFailed(collection, rows));
  await staging(run.store.stageFailed(note), again.changed, async (rows) => run.store.replaceFailed(collection, rows));
  return again.missing.length + again.changed.length > 0;
}
