import type { StoreReads } from "../store/store.ts";
import type { Finding } from "./finding.ts";
import { findOrphans } from "./orphans.ts";

/** What the ledger accounts for. */
export type LedgerTotals = {
  readonly streams: readonly { readonly stream: string; readonly headSeq: number }[];
  readonly totals: { readonly validated: number; readonly failed: number; readonly receipts: number };
  /** Whether other faults were found, which then explain a difference. */
  readonly hasFindings: boolean;
};

/** Compares the store's totals with the ledger's, unless entries were added during the audit. */
export async function checkTotals(
  reads: StoreReads,
  { streams, totals: { validated, failed, receipts }, hasFindings }: LedgerTotals,
): Promise<readonly Finding[]> {
  const tally = await reads.tally();
  for (const { stream, headSeq } of streams) if ((await reads.ledger(stream, headSeq + 1, 1)).length > 0) return [];
  if (tally.validated === validated && tally.failed === failed && tally.receipts === receipts) return [];
  const orphans = await findOrphans(reads);
  if (orphans.length > 0 || hasFindings) return orphans;
  const seen = `${validated} validated, ${failed} failed, ${receipts} receipts`;
  const stored = `${tally.validated}, ${tally.failed} and ${tally.receipts}`;
  const message = `the ledger accounts for ${seen}; stored are ${stored}`;
  return [{ code: "TOTALS", stream: null, seq: null, offset: null, message }];
}
