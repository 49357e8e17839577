import { Unavailable } from "../core/unavailable.ts";
import { conflictOf, hasSameContent, isSamePosition } from "./duplicate.ts";
import { resolvedOf, type Resolution, type Resolved } from "./resolution.ts";
import type { FailedRow, Holder, PassedRow, Receipt, StagedFacts, StoreWrites, ValidatedRow } from "../store/store.ts";
import { countFailure, type DecidedBatch } from "./decide-batch.ts";

/** What applying one entry did. */
export type Applied = {
  readonly kind: "applied";
  readonly stored: number;
  readonly duplicates: number;
  readonly conflicts: number;
  readonly failures: ReadonlyMap<string, number>;
  /** What the next entry says of this one. */
  readonly resolved: Resolved;
  /** Most of what passed was stored before: a replay, and what follows is probably one as well. */
  readonly isReplay: boolean;
  /** The facts these records are, now or since an earlier attempt, and the failures, conflicts among them; made again when asked for. */
  readonly settledRows: () => { readonly facts: readonly ValidatedRow[]; readonly failed: readonly FailedRow[] };
};

/** What is asked for before it is inserted: of a batch sent again the facts are there, of a tail that is redone the failures as well. */
type LooksFirst = "never" | "for facts" | "for all";

/**
 * P5: brings the documents of one ledger entry into the store. Idempotent: applying the same entry again, by anybody,
 * changes nothing.
 *
 * A machine id that is taken is resolved by reading its holder: our own position means we were here before; the same
 * content makes this a duplicate, which gets a receipt; other content makes it a failure.
 * @param looksFirst asks who holds the ids before anything is inserted. Where most are taken that is several times as fast: an
 * engine refuses them one by one. What a majority has can only stay, so the answer is as good as a refusal.
 */
export async function applyBatch(
  writes: StoreWrites,
  collection: string,
  batch: DecidedBatch,
  looksFirst: LooksFirst,
): Promise<Applied> {
  const { stream, facts, failed } = batch;
  const known = looksFirst !== "never" ? await holdersOf(writes, collection, facts, placesOf(facts)) : NOBODY;
  const [taken] = await Promise.all([
    writes.insertFacts(collection, facts, new Set(known.keys())),
    failed.size() > 0 ? writes.insertFailed(collection, failed, looksFirst === "for all") : undefined,
  ]);
  const refused = await holdersOf(writes, collection, facts, [...taken]);
  for (const place of taken) if (!refused.has(place)) throw holderVanished(facts.at(place).id);
  const found = resolveTaken(batch, new Map([...known, ...refused]));
  if (found.conflicts.length > 0) {
    const staged = writes.stageFailed(stream);
    found.conflicts.forEach(staged.add);
    await writes.insertFailed(collection, staged);
    staged.release();
  }
  if (found.receipts.length > 0) await writes.insertReceipts(stream, found.receipts);
  const failures = new Map(batch.failures);
  for (const row of found.conflicts) countFailure(failures, row);
  const passed = facts.size() + batch.repeats.length;
  const resolutions = found.resolutions.length;
  return {
    kind: "applied",
    stored: passed - resolutions,
    duplicates: found.receipts.length,
    conflicts: found.conflicts.length,
    failures,
    resolved: resolvedOf({ from: batch.from, outcomes: batch.proof.outcomes }, found.resolutions),
    isReplay: resolutions * 2 > passed,
    settledRows: () => settledRowsOf(batch, found),
  };
}

/** Who holds the ids of staged facts, by their places. */
type Holders = ReadonlyMap<number, Holder>;

const NOBODY: Holders = new Map();

function placesOf(facts: StagedFacts): readonly number[] {
  return Array.from({ length: facts.size() }, (_, place) => place);
}

async function holdersOf(
  reads: Pick<StoreWrites, "holders">,
  collection: string,
  facts: StagedFacts,
  places: readonly number[],
): Promise<Holders> {
  if (places.length === 0) return NOBODY;
  const ids = places.map((place) => facts.at(place).id);
  const stored = await reads.holders(collection, ids);
  const found = new Map<number, Holder>();
  for (const [index, place] of places.entries()) {
    const holder = stored.get(ids[index] ?? "");
    if (holder !== undefined) found.set(place, holder);
  }
  return found;
}

/** What became of the records whose id was taken. */
type Taken = {
  readonly receipts: readonly Receipt[];
  readonly conflicts: readonly FailedRow[];
  readonly resolutions: readonly Resolution[];
};

/** Which of the records that passed are duplicates and conflicts. @param holders of the facts whose id was taken. */
function resolveTaken({ facts, repeats, rows }: DecidedBatch, holders: Holders): Taken {
  const receipts: Receipt[] = [];
  const conflicts: FailedRow[] = [];
  const resolutions: Resolution[] = [];
  const resolve = (claim: Claim, holder: Holder, rowOf: () => PassedRow): void => {
    if (isSamePosition(claim.position, holder.position)) return;
    const { position } = claim;
    const same = hasSameBytes(claim, holder) || hasSameContent(rowOf(), holder);
    if (same) receipts.push({ position, of: holder.id });
    else conflicts.push(conflictOf(rowOf(), holder));
    resolutions.push({ offset: position.offset, letter: same ? "D" : "C", holder: holder.position });
  };
  const rowAt = rowsByOffset(rows);
  for (const [place, holder] of holders) {
    const claim = facts.at(place);
    resolve(claim, holder, () => rowAt(claim.position.offset));
  }
  for (const { position, place, row } of repeats) {
    const first = facts.at(place);
    const payloadBytes = row === null ? first.payloadBytes : NO_BYTES;
    resolve({ position, payloadBytes }, holders.get(place) ?? first, () => row ?? rowAt(position.offset));
  }
  return { receipts, conflicts, resolutions };
}

/** What a record claims: to be a fact, with this payload. */
type Claim = Pick<Holder, "position" | "payloadBytes">;

/** Of a record whose payload was not staged: equal to none. */
const NO_BYTES = new Uint8Array(0);

/** Of what was erased there are none. */
function hasSameBytes(claim: Claim, holder: Holder): boolean {
  const [a, b] = [claim.payloadBytes, holder.payloadBytes];
  return a.length > 0 && a.length === b.length && Buffer.compare(a, b) === 0;
}

/** Decides the batch again when the first is asked for: which are asked for at all is rare. */
function rowsByOffset(rows: DecidedBatch["rows"]): (offset: bigint) => PassedRow {
  let byOffset: ReadonlyMap<bigint, PassedRow> | null = null;
  return (offset) => {
    byOffset ??= new Map(rows().flatMap((row) => (row.kind === "failed" ? [] : [[row.position.offset, row]])));
    const row = byOffset.get(offset);
    if (row === undefined) throw new Error(`Cannot resolve offset ${offset}: it did not pass`);
    return row;
  };
}

function settledRowsOf({ rows }: DecidedBatch, { conflicts, resolutions }: Taken): ReturnType<Applied["settledRows"]> {
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
