import { Unavailable } from "../core/unavailable.ts";
import { conflictOf, hasSameContent, isSamePosition } from "../store/duplicate.ts";
import { resolvedOf, type Resolution, type Resolved } from "../store/resolution.ts";
import type { FailedRow, Holder, Receipt, StoreWrites, ValidatedRow } from "../store/store.ts";
import { countFailure, type Draft } from "./decide-batch.ts";

/** What applying one entry did. */
export type Applied = {
  readonly kind: "applied";
  readonly stored: number;
  readonly duplicates: number;
  readonly conflicts: number;
  readonly failures: ReadonlyMap<string, number>;
  /** What the next entry says of this one. */
  readonly resolved: Resolved;
  /** The facts these records are, now or since an earlier attempt, and the failures, conflicts among them; made again when asked for. */
  readonly told: () => { readonly facts: readonly ValidatedRow[]; readonly failed: readonly FailedRow[] };
};

/**
 * P5: brings the documents of one ledger entry into the store. Idempotent: applying the same entry again, by anybody,
 * changes nothing.
 *
 * A machine id that is taken is resolved by reading its holder: our own position means we were here before; the same
 * content makes this a duplicate, which gets a receipt; other content makes it a failure.
 */
export async function applyDraft(writes: StoreWrites, collection: string, draft: Draft): Promise<Applied> {
  const { stream, facts, failed } = draft;
  const [taken] = await Promise.all([
    writes.insertFacts(collection, facts),
    failed.size() > 0 ? writes.insertFailed(collection, failed) : undefined,
  ]);
  const found = await resolveTaken(writes, collection, draft, taken);
  if (found.conflicts.length > 0) {
    const staged = writes.stageFailed(stream);
    found.conflicts.forEach(staged.add);
    await writes.insertFailed(collection, staged);
    staged.release();
  }
  if (found.receipts.length > 0) await writes.insertReceipts(stream, found.receipts);
  const failures = new Map(draft.failures);
  for (const row of found.conflicts) countFailure(failures, row);
  const others = found.resolutions.length;
  return {
    kind: "applied",
    stored: facts.size() + draft.repeats.length - others,
    duplicates: found.receipts.length,
    conflicts: found.conflicts.length,
    failures,
    resolved: resolvedOf({ from: draft.from, outcomes: draft.proof.outcomes }, found.resolutions),
    told: () => toldOf(draft, found),
  };
}

/** What became of the records whose id was taken. */
type Taken = {
  readonly receipts: readonly Receipt[];
  readonly conflicts: readonly FailedRow[];
  readonly resolutions: readonly Resolution[];
};

/** Which of the records that passed are duplicates and conflicts. @param taken places of facts whose id was taken. */
async function resolveTaken(
  reads: Pick<StoreWrites, "holders">,
  collection: string,
  { facts, repeats, rows }: Draft,
  taken: ReadonlySet<number>,
): Promise<Taken> {
  const receipts: Receipt[] = [];
  const conflicts: FailedRow[] = [];
  const resolutions: Resolution[] = [];
  const claims = [...taken].map(facts.at);
  const ids = claims.map(({ id }) => id);
  const stored: ReadonlyMap<string, Holder> = ids.length === 0 ? new Map() : await reads.holders(collection, ids);
  const resolve = (claim: Holder, holder: Holder | undefined, rowOf: () => ValidatedRow): void => {
    if (holder === undefined) throw holderVanished(claim.id);
    if (isSamePosition(claim.position, holder.position)) return;
    const { position, id } = claim;
    const same = claim.payloadText() === holder.payloadText() || hasSameContent(rowOf(), holder);
    if (same) receipts.push({ position, of: id });
    else conflicts.push(conflictOf(rowOf(), holder));
    resolutions.push({ offset: position.offset, letter: same ? "D" : "C", holder: holder.position });
  };
  const rowAt = rowsByOffset(rows);
  for (const claim of claims) resolve(claim, stored.get(claim.id), () => rowAt(claim.position.offset));
  for (const { row, place } of repeats) {
    const first = facts.at(place);
    resolve(claimOf(row), taken.has(place) ? stored.get(row.id) : first, () => row);
  }
  return { receipts, conflicts, resolutions };
}

/** What a record claims that is not staged. */
function claimOf(row: ValidatedRow): Holder {
  // No text: its payload is at hand, and compared as it is.
  return { id: row.id, position: row.position, payloadText: () => "" };
}

/** Decides the batch again when the first is asked for: which are asked for at all is rare. */
function rowsByOffset(rows: Draft["rows"]): (offset: bigint) => ValidatedRow {
  let byOffset: ReadonlyMap<bigint, ValidatedRow> | null = null;
  return (offset) => {
    byOffset ??= new Map(rows().flatMap((row) => (row.kind === "validated" ? [[row.position.offset, row]] : [])));
    const row = byOffset.get(offset);
    if (row === undefined) throw new Error(`Cannot resolve offset ${offset}: it did not pass`);
    return row;
  };
}

function toldOf({ rows }: Draft, { conflicts, resolutions }: Taken): ReturnType<Applied["told"]> {
  const others = new Set(resolutions.map(({ offset }) => offset));
  const decided = rows();
  const facts = decided.filter((row) => row.kind === "validated").filter((row) => !others.has(row.position.offset));
  return { facts, failed: [...decided.filter((row) => row.kind === "failed"), ...conflicts] };
}

/** Not an answer to build on: acquire again and redo, as after any trouble with the store. */
function holderVanished(id: string): Unavailable {
  const message = `Cannot settle ${id}: the store refused the id, then held nothing under it`;
  return new Unavailable("STORE_INCONSISTENT", message, "check that the store acknowledges writes by majority");
}
