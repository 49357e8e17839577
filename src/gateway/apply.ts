import { failureCode } from "../core/failure.ts";
import { Unavailable } from "../core/unavailable.ts";
import { rowOf, type Decided } from "../store/decided.ts";
import { conflictOf, hasSameContent, isSamePosition, receiptOf } from "../store/duplicate.ts";
import { BYTES_DROPPED, type LedgerEntry } from "../store/ledger.ts";
import type { FailedRow, NewValidated, ReceiptRow, StoreWrites, ValidatedRow } from "../store/store.ts";

/** What applying one entry did. */
export type Applied = {
  readonly kind: "applied";
  readonly stored: number;
  readonly duplicates: number;
  readonly conflicts: number;
  readonly failures: ReadonlyMap<string, number>;
  /** The facts these records are, now or since an earlier attempt, and the failures, conflicts among them. */
  readonly facts: readonly ValidatedRow[];
  readonly failed: readonly FailedRow[];
};

type Sorted = { readonly validated: readonly NewValidated[]; readonly failed: readonly FailedRow[] };

/**
 * P5: brings the documents of one ledger entry into the store. Idempotent: applying the same entry again, by anybody,
 * changes nothing.
 *
 * A machine id that is taken is resolved by reading its holder: our own position means we were here before; the same
 * content makes this a duplicate, which gets a receipt; other content makes it a failure.
 */
export async function applyEntry(
  writes: StoreWrites,
  { note }: LedgerEntry,
  collection: string,
  decided: readonly Decided[],
): Promise<Applied> {
  const { validated, failed } = sortRows(decided);
  const { firsts, places } = firstOfEachId(validated);
  const [answers] = await Promise.all([
    writes.insertValidated(collection, note === BYTES_DROPPED ? firsts.map(withoutBytes) : firsts),
    failed.length > 0 ? writes.insertFailed(collection, failed) : undefined,
  ]);
  const taken = firsts.filter((_, index) => answers[index] === "exists").map((row) => row.id);
  const stored = new Map<string, ValidatedRow>(taken.length === 0 ? [] : await writes.validatedById(collection, taken));
  const facts: ValidatedRow[] = [];
  const receipts: ReceiptRow[] = [];
  const conflicts: FailedRow[] = [];
  validated.forEach((row, index) => {
    const place = places[index] ?? -1;
    const holder = answers[place] === "inserted" ? firsts[place] : stored.get(row.id);
    if (holder === undefined) throw holderVanished(row);
    if (isSamePosition(row, holder)) {
      facts.push(row);
      return;
    }
    if (hasSameContent(row, holder)) receipts.push(receiptOf(row, holder, collection));
    else conflicts.push(conflictOf(row, holder));
  });
  if (conflicts.length > 0) await writes.insertFailed(collection, conflicts);
  if (receipts.length > 0) await writes.insertReceipts(receipts);
  return {
    kind: "applied",
    stored: facts.length,
    duplicates: receipts.length,
    conflicts: conflicts.length,
    failures: countByCode([...failed, ...conflicts]),
    facts,
    failed: [...failed, ...conflicts],
  };
}

/** Its payload is stored, and the hash of the bytes. */
function withoutBytes(row: NewValidated): NewValidated {
  return { ...row, raw: null };
}

function sortRows(decided: readonly Decided[]): Sorted {
  const validated: NewValidated[] = [];
  const failed: FailedRow[] = [];
  for (const one of decided) {
    const row = rowOf(one);
    if (row.kind === "validated") validated.push(row);
    else failed.push(row);
  }
  return { validated, failed };
}

/** In a batch, as across batches, the first record of a fact is the one that is stored. `places`: of each row's id among the firsts. */
function firstOfEachId(rows: readonly NewValidated[]): {
  readonly firsts: readonly NewValidated[];
  readonly places: readonly number[];
} {
  const firsts: NewValidated[] = [];
  const placeOf = new Map<string, number>();
  const places = rows.map((row) => {
    const known = placeOf.get(row.id);
    if (known !== undefined) return known;
    placeOf.set(row.id, firsts.length);
    return firsts.push(row) - 1;
  });
  return { firsts, places };
}

function countByCode(failures: readonly FailedRow[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { reason } of failures) {
    const code = failureCode(reason);
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return counts;
}

/** Not an answer to build on: acquire again and redo, as after any trouble with the store. */
function holderVanished(row: ValidatedRow): Unavailable {
  const message = `Cannot settle ${row.id}: the store refused the id, then held nothing under it`;
  return new Unavailable("STORE_INCONSISTENT", message, "check that the store acknowledges writes by majority");
}
