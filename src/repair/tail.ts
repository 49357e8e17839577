import { conflictOf, hasSameContent, isSamePosition } from "../gateway/duplicate.ts";
import { redoTail } from "../gateway/redo.ts";
import { ENGINE } from "../core/decide.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { RetainedDocuments } from "../operator/floors.ts";
import type { Difference, PassedRow, Receipt } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { openEntry } from "./opened.ts";
import type { RepairRun } from "./run.ts";

/** Restores the documents of a tail by redoing it. */
export async function restoreTail(run: RepairRun, note: StreamNote): Promise<void> {
  const tail = await run.store.tail(note.stream);
  if (tail === null || run.options.signal.aborted) return;
  if (run.options.dryRun) return countTail(run, note, tail);
  const before = await run.store.reads.tally();
  const { stream: id, topic, partition } = note;
  const redone = await redoTail(run.store, { id, topic, partition }, tail);
  if (redone.kind === "halted") run.fault(redone.halt.message);
  // What another engine decided is counted as it was.
  if (tail.engine !== ENGINE) run.volume.miss(note);
  else if (redone.kind === "applied") run.volume.seeTail(note, tail.seq, redone.volume);
  const after = await run.store.reads.tally();
  run.restored.validated += after.validated - before.validated;
  run.restored.failed += after.failed - before.failed;
  run.restored.receipts += after.receipts - before.receipts;
}

/**
 * Counts the documents that redoing a tail would restore. Where facts of entries before are missing too, records that repeat them
 * are counted as facts: nothing says any more what they repeat.
 */
async function countTail(run: RepairRun, note: StreamNote, tail: LedgerEntry): Promise<void> {
  const opened = await openEntry(run, note, tail, true);
  if (opened === null) return;
  const { reads } = run.store;
  const facts = reads.stageFacts(note);
  const failed = reads.stageFailed(note);
  const placeOf = new Map<string, number>();
  const passed = opened.rows.filter((row): row is PassedRow => row.kind !== "failed");
  for (const row of opened.rows) {
    if (row.kind === "failed") failed.add(row);
    else if (!placeOf.has(row.id)) {
      placeOf.set(row.id, facts.size());
      facts.add(row);
    }
  }
  const differences = await reads.compareFacts(opened.collection, facts);
  const receipts: Receipt[] = [];
  for (const row of passed) {
    const place = placeOf.get(row.id) ?? -1;
    const difference = differences.get(place);
    const holder = difference?.kind === "held" ? difference.holder : facts.at(place);
    if (isSamePosition(row.position, holder.position)) continue;
    if (hasSameContent(row, holder)) receipts.push({ position: row.position, of: row.id });
    else failed.add(conflictOf(row, holder));
  }
  const book = await run.floors();
  const isKept = (kind: RetainedDocuments, collection: string): boolean =>
    book.standing({ stream: tail.stream, seq: tail.seq, kind, collection }) === "kept";
  run.restored.validated += missingIn(differences);
  if (isKept("failed", opened.collection))
    run.restored.failed += missingIn(await reads.compareFailed(opened.collection, failed));
  if (isKept("receipts", "")) run.restored.receipts += missingIn(await reads.compareReceipts(note, receipts));
  facts.release();
  failed.release();
}

function missingIn(differences: ReadonlyMap<number, Difference>): number {
  return [...differences.values()].filter(({ kind }) => kind === "missing").length;
}
