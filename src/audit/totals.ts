import type { StoreReads, Tally } from "../store/store.ts";
import { findOrphans } from "./orphans.ts";
import type { Finding } from "./finding.ts";

/** The documents that the ledger accounts for. */
export type ExpectedTotals = Tally & {
  /** How many of them retention is taking: each of these may be there or not. */
  readonly leaving: Pick<Tally, "failed" | "receipts">;
};

/** Compares the documents of the store with those that its ledger accounts for. `isClean`: nothing else was found. */
export async function checkTotals(
  reads: StoreReads,
  { validated, failed, receipts, leaving }: ExpectedTotals,
  isClean: () => boolean,
): Promise<readonly Finding[]> {
  const tally = await reads.tally();
  const fits = (stored: number, most: number, range: number): boolean => stored <= most && stored >= most - range;
  const isWhole =
    tally.validated === validated &&
    fits(tally.failed, failed, leaving.failed) &&
    fits(tally.receipts, receipts, leaving.receipts);
  if (isWhole) return [];
  const orphans = await findOrphans(reads);
  if (orphans.length > 0 || !isClean()) return orphans;
  const seen = `${validated} validated, ${failed} failed, ${receipts} receipts`;
  const stored = `${tally.validated}, ${tally.failed} and ${tally.receipts}`;
  const message = `the ledger accounts for ${seen}; stored are ${stored}`;
  return [{ code: "TOTALS", stream: null, seq: null, offset: null, message }];
}
