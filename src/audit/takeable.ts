import type { DecidedBatch } from "../gateway/decide-batch.ts";
import { outdated } from "../gateway/decided.ts";
import { decodeOutcomes } from "../ledger/proof.ts";
import type { RetainedDocuments, Standing } from "../operator/floors.ts";
import type { Difference, StoreReads } from "../store/store.ts";
import type { Claims } from "./claims.ts";

/** The documents of one kind that an entry requires, compared with the stored ones. A place is the index of a document. */
export type Compared = {
  readonly count: number;
  readonly offsetAt: (place: number) => bigint;
  readonly differences: ReadonlyMap<number, Difference>;
};

/** Compares the documents that retention may take. */
export async function compareTakeable(
  reads: StoreReads,
  collection: string,
  batch: DecidedBatch,
  claims: Claims,
): Promise<Readonly<Record<RetainedDocuments, Compared>>> {
  const { receipts } = claims;
  return {
    failed: await compareFailures(reads, collection, batch, claims),
    receipts: {
      count: receipts.length,
      offsetAt: (place) => receipts[place]?.position.offset ?? -1n,
      differences: await reads.compareReceipts(batch.stream, receipts),
    },
  };
}

/** Compares the facts of an entry with the tombstones that retention leaves of them. */
export async function compareOutdated(
  reads: StoreReads,
  collection: string,
  batch: DecidedBatch,
): Promise<ReadonlyMap<number, Difference>> {
  const rows = new Map(batch.rows().map((row) => [row.position.offset, row]));
  const staged = reads.stageFacts(batch.stream);
  for (let place = 0; place < batch.facts.size(); place += 1) {
    const row = rows.get(batch.facts.at(place).position.offset);
    if (row !== undefined && row.kind !== "failed") staged.add(outdated(row));
  }
  const found = await reads.compareFacts(collection, staged);
  staged.release();
  return found;
}

/** Failures first, conflicts behind them. */
async function compareFailures(
  reads: StoreReads,
  collection: string,
  batch: DecidedBatch,
  { conflicts }: Claims,
): Promise<Compared> {
  const decided = batch.failed.size();
  const found = new Map(decided > 0 ? await reads.compareFailed(collection, batch.failed) : []);
  if (conflicts.length > 0) {
    const staged = reads.stageFailed(batch.stream);
    conflicts.forEach(staged.add);
    for (const [place, one] of await reads.compareFailed(collection, staged)) found.set(decided + place, one);
    staged.release();
  }
  let offsets: readonly bigint[] | null = null;
  const failedAt = (place: number): bigint => {
    offsets ??= (decodeOutcomes(batch.from, batch.proof.outcomes)?.leaves ?? [])
      .filter(({ outcome }) => outcome === "F")
      .map(({ offset }) => offset);
    return offsets[place] ?? -1n;
  };
  const offsetAt = (place: number): bigint =>
    place < decided ? failedAt(place) : (conflicts[place - decided]?.position.offset ?? -1n);
  return { count: decided + conflicts.length, offsetAt, differences: found };
}

/** What retention left of the documents of one kind. */
export type LeftOver = {
  /** How many are not there. */
  readonly gone: number;
  /** How many are on their way out, and were there still. */
  readonly leaving: number;
  /** Offsets of those that are there and should not be. */
  readonly left: readonly bigint[];
};

/** Counts what is left of documents that retention took or is taking. */
export function leftOf({ count, offsetAt, differences }: Compared, standing: Exclude<Standing, "kept">): LeftOver {
  const there = Array.from({ length: count }, (_, place) => place).filter(
    (place) => differences.get(place)?.kind !== "missing",
  );
  if (standing === "leaving") return { gone: count - there.length, leaving: there.length, left: [] };
  return { gone: count, leaving: 0, left: there.map(offsetAt) };
}
