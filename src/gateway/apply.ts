import { Unavailable } from "../core/unavailable.ts";
import { conflictOf, hasSameContent, isSamePosition, repeatKind } from "./duplicate.ts";
import { resolvedOf, type Resolution, type Resolved } from "./resolution.ts";
import type { Claim, FailedRow, Holder, PassedRow, Receipt, StoreWrites, ValidatedRow } from "../store/store.ts";
import type { DecidedBatch } from "./decide-batch.ts";
import type { FailureGroups } from "./event.ts";
import { byCode, groupsOf, type GroupTallies } from "./group-tally.ts";
import type { Cell, TakenRecord } from "./volume-tally.ts";
import type { VolumeTally } from "../store/volume.ts";

/** The result of applying one ledger entry. */
export type Applied = FailureGroups & {
  readonly kind: "applied";
  readonly stored: number;
  readonly duplicates: number;
  readonly conflicts: number;
  /** The conflicts themselves: they are known only now. */
  readonly conflictRows: readonly FailedRow[];
  readonly failures: ReadonlyMap<string, number>;
  /** The passed records whose id another record holds. */
  readonly resolutions: readonly Resolution[];
  /** The same records by version, producer and hour. */
  readonly volume: readonly VolumeTally[];
  /** What the next entry records about this one. */
  readonly resolved: Resolved;
  /** Which part of the passed records have an id that another record holds, 0 to 1. The next batch is probably alike. */
  readonly takenShare: number;
  /**
   * The batch's facts that are stored, by this attempt or an earlier one, and its failures with the conflicts. Each call
   * decides the batch again from its evidence.
   */
  readonly settledRows: () => { readonly facts: readonly ValidatedRow[]; readonly failed: readonly FailedRow[] };
};

/**
 * Which documents are looked up before inserting: "for facts" where some of their ids are probably taken; "for all" in a redo, where the
 * failures mostly are stored too.
 */
type LooksFirst = "never" | "for facts" | "for all";

/** @param takenShare that of the batch before; 0 where there is none. */
export function looksFirstAfter(
  { looksFirstAbove }: Pick<StoreWrites, "looksFirstAbove">,
  takenShare: number,
): LooksFirst {
  return takenShare > looksFirstAbove ? "for facts" : "never";
}

/**
 * P5: writes the documents of one ledger entry into the store. It is idempotent: when the same entry is applied again, by any
 * process, nothing changes.
 *
 * A machine id that is taken is resolved by reading its holder, the stored fact. A holder with the record's own position was
 * written by an earlier attempt. A holder with the same content makes the record a duplicate, which gets a receipt. Other
 * content makes it a conflict, which is a failure.
 * @param seq the number of the entry.
 * @param looksFirst whether the holders of all ids are read before inserting. An engine refuses taken ids one by one, so this costs less
 * where enough are taken. It is as safe as a refusal: the reads are of the majority, and a fact that a majority has stays.
 */
export async function applyBatch(
  writes: StoreWrites,
  collection: string,
  seq: number,
  batch: DecidedBatch,
  looksFirst: LooksFirst,
): Promise<Applied> {
  const { stream, facts, failed } = batch;
  const known = looksFirst !== "never" && facts.size() > 0 ? await writes.holdersOf(collection, facts) : NOBODY;
  const count = async (groups: GroupTallies): Promise<readonly string[]> =>
    groups.size > 0 ? writes.countFailures(stream, seq, [...groups.values()]) : [];
  const countVolume = async (tallies: readonly VolumeTally[]): Promise<void> =>
    tallies.length > 0 ? writes.countVolume(stream, seq, tallies) : undefined;
  const decidedVolume = batch.volume.decided();
  // Where ids are known to be taken there will be something to count later, too: one command then counts everything.
  const countsOnce = known.size > 0 || batch.repeats.length > 0;
  const [taken, , counted] = await Promise.all([
    writes.insertFacts(collection, facts, known),
    failed.size() > 0 ? writes.insertFailed(collection, failed, looksFirst === "for all") : undefined,
    count(batch.groups),
    countsOnce ? undefined : countVolume(decidedVolume),
  ]);
  const refused = taken.size > 0 ? await writes.holdersOf(collection, facts, [...taken]) : NOBODY;
  for (const place of taken) if (!refused.has(place)) throw holderVanished(facts.at(place).id);
  const found = resolveTaken(batch, refused.size === 0 ? known : new Map([...known, ...refused]));
  if (found.conflicts.length > 0) {
    const staged = writes.stageFailed(stream);
    found.conflicts.forEach(staged.add);
    await writes.insertFailed(collection, staged);
    staged.release();
  }
  // Deciding alone finds no conflict, so conflicts have groups of their own, which were not counted above.
  const conflicts = groupsOf(found.conflicts);
  const groups: GroupTallies = new Map([...batch.groups, ...conflicts]);
  const insertReceipts = async (): Promise<void> => {
    if (found.receipts.length > 0) await writes.insertReceipts(stream, found.receipts);
  };
  const takenVolume = batch.volume.taken(found.taken);
  const [, added] = await Promise.all([
    insertReceipts(),
    count(conflicts),
    countVolume(countsOnce ? [...decidedVolume, ...takenVolume] : takenVolume),
  ]);
  const newGroups = [...counted, ...added];
  const passed = facts.size() + batch.repeats.length;
  const resolutions = found.resolutions.length;
  return {
    kind: "applied",
    stored: passed - resolutions,
    duplicates: found.receipts.length,
    conflicts: found.conflicts.length,
    conflictRows: found.conflicts,
    failures: byCode(groups),
    resolutions: found.resolutions,
    groups: [...groups.values()],
    newGroups,
    volume: [...decidedVolume, ...takenVolume],
    resolved: resolvedOf({ from: batch.from, outcomes: batch.proof.outcomes }, found.resolutions),
    takenShare: passed === 0 ? 0 : resolutions / passed,
    settledRows: () => settledRowsOf(batch, found),
  };
}

/** The holders of taken ids, by the place (index) of the staged fact in its batch. */
type Holders = ReadonlyMap<number, Holder>;

const NOBODY: Holders = new Map();

/** The duplicates and conflicts among the records whose id was taken. */
type Taken = {
  readonly receipts: readonly Receipt[];
  readonly conflicts: readonly FailedRow[];
  readonly resolutions: readonly Resolution[];
  /** The same records, as they are counted. */
  readonly taken: readonly TakenRecord[];
};

/** Finds the duplicates and conflicts among the passed records. `holders`: the holders of the facts whose id was taken. */
function resolveTaken({ facts, repeats, rows, volume }: DecidedBatch, holders: Holders): Taken {
  const receipts: Receipt[] = [];
  const conflicts: FailedRow[] = [];
  const resolutions: Resolution[] = [];
  const taken: TakenRecord[] = [];
  const resolve = (claim: Claim, cell: Cell, holder: Holder, rowOf: () => PassedRow): void => {
    if (isSamePosition(claim.position, holder.position)) return;
    const { position } = claim;
    const same = hasSameBytes(claim, holder) || hasSameContent(rowOf(), holder);
    if (same) receipts.push({ position, of: holder.id });
    else conflicts.push(conflictOf(rowOf(), holder));
    resolutions.push({ offset: position.offset, letter: same ? "D" : "C", holder: holder.position });
    taken.push({ cell, kind: same ? repeatKind(claim, holder) : "conflict" });
  };
  const rowAt = rowsByOffset(rows);
  // By place, so that what follows is in the order of offsets already.
  for (let place = 0; place < facts.size() && holders.size > 0; place += 1) {
    const holder = holders.get(place);
    if (holder === undefined) continue;
    const claim = facts.claimAt(place);
    resolve(claim, volume.cellOf(place), holder, () => rowAt(claim.position.offset));
  }
  for (const { position, place, row, timestampMs, cell } of repeats) {
    const first = facts.at(place);
    const payloadBytes = row === null ? first.payloadBytes : NO_BYTES;
    const claim = { position, payloadBytes, timestampMs };
    resolve(claim, cell, holders.get(place) ?? first, () => row ?? rowAt(position.offset));
  }
  return { receipts, conflicts, resolutions, taken };
}

/** The payload bytes of a record whose payload was not staged; they equal no holder's. */
const NO_BYTES = new Uint8Array(0);

/** Whether both payloads are stored as equal bytes. False when either is empty: an erased fact has no payload bytes. */
function hasSameBytes(claim: Claim, holder: Holder): boolean {
  const [a, b] = [claim.payloadBytes, holder.payloadBytes];
  return a.length > 0 && a.length === b.length && Buffer.compare(a, b) === 0;
}

/** Finds the row of a passed record by offset. Rows are rarely needed, so the batch is decided again at the first call only. */
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

/** The store contradicts itself, so the batch is not settled: the stream is acquired again, as after any other outage. */
function holderVanished(id: string): Unavailable {
  const message = `Cannot settle ${id}: the store refused the id, then held nothing under it`;
  return new Unavailable("STORE_INCONSISTENT", message, "check that the store acknowledges writes by majority");
}
