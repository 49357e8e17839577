import { Unavailable } from "../core/unavailable.ts";
import { conflictOf, hasSameContent, isSamePosition, receiptOf, type Holder } from "../store/duplicate.ts";
import type { FailedRow, ReceiptRow, Staged, StoreWrites, ValidatedRow } from "../store/store.ts";
import { countFailure, type Draft } from "./draft.ts";

/** What applying one entry did. */
export type Applied = {
  readonly kind: "applied";
  readonly stored: number;
  readonly duplicates: number;
  readonly conflicts: number;
  readonly failures: ReadonlyMap<string, number>;
  /** The facts these records are, now or since an earlier attempt; to be asked for before the draft is released. */
  readonly facts: () => readonly ValidatedRow[];
  /** The failures, conflicts among them; likewise to be asked for before. */
  readonly failed: () => readonly FailedRow[];
};

/**
 * P5: brings the documents of one ledger entry into the store. Idempotent: applying the same entry again, by anybody,
 * changes nothing.
 *
 * A machine id that is taken is resolved by reading its holder: our own position means we were here before; the same
 * content makes this a duplicate, which gets a receipt; other content makes it a failure.
 */
export async function applyDraft(writes: StoreWrites, collection: string, draft: Draft): Promise<Applied> {
  const { facts, repeats, failed, numbers } = draft;
  const [places] = await Promise.all([
    writes.insertFacts(collection, facts),
    failed.size() > 0 ? writes.insertFailed(collection, failed) : undefined,
  ]);
  const taken = new Map<number, ValidatedRow>();
  for (const place of places) taken.set(place, facts.at(place));
  const ids = [...taken.values()].map(({ id }) => id);
  const stored: ReadonlyMap<string, ValidatedRow> =
    ids.length === 0 ? new Map() : await writes.validatedById(collection, ids);
  const receipts: ReceiptRow[] = [];
  const conflicts: FailedRow[] = [];
  /** Facts that are stored under another position, by their place, and repeats that are stored under their own. */
  const others = new Set<number>();
  const mine: ValidatedRow[] = [];
  const resolve = (row: ValidatedRow, holder: Holder | undefined): boolean => {
    if (holder === undefined) throw holderVanished(row);
    if (isSamePosition(row, holder)) return true;
    const declared = numbers.get(row.contract.digest) ?? null;
    if (hasSameContent(row, holder, declared)) receipts.push(receiptOf(row, holder, collection));
    else conflicts.push(conflictOf(row, holder, declared));
    return false;
  };
  for (const [place, row] of taken) if (!resolve(row, stored.get(row.id))) others.add(place);
  for (const { row, first, place } of repeats) {
    if (resolve(row, taken.has(place) ? stored.get(row.id) : first)) mine.push(row);
  }
  if (conflicts.length > 0) {
    const staged = writes.stageFailed();
    conflicts.forEach(staged.add);
    await writes.insertFailed(collection, staged);
    staged.release();
  }
  if (receipts.length > 0) await writes.insertReceipts(receipts);
  const failures = new Map(draft.failures);
  for (const row of conflicts) countFailure(failures, row);
  return {
    kind: "applied",
    stored: facts.size() - others.size + mine.length,
    duplicates: receipts.length,
    conflicts: conflicts.length,
    failures,
    facts: () => [...readAll(facts, others), ...mine],
    failed: () => [...readAll(failed), ...conflicts],
  };
}

function readAll<Row, Read>(staged: Staged<Row, Read>, except?: ReadonlySet<number>): readonly Read[] {
  const rows: Read[] = [];
  for (let place = 0; place < staged.size(); place += 1) if (except?.has(place) !== true) rows.push(staged.at(place));
  return rows;
}

/** Not an answer to build on: acquire again and redo, as after any trouble with the store. */
function holderVanished(row: ValidatedRow): Unavailable {
  const message = `Cannot settle ${row.id}: the store refused the id, then held nothing under it`;
  return new Unavailable("STORE_INCONSISTENT", message, "check that the store acknowledges writes by majority");
}
