import type { LedgerEntry } from "../ledger/entry.ts";
import type { StoreReads } from "./store.ts";

const LEDGER_PAGE = 256;

/**
 * The entries of a stream in order, from one on. `next` is the following entry, which records the result of applying `entry`; null for
 * the tail.
 */
export async function* entriesWithNext(
  reads: Pick<StoreReads, "ledger">,
  stream: string,
  fromSeq = 0,
): AsyncGenerator<{ readonly entry: LedgerEntry; readonly next: LedgerEntry | null }> {
  let previous: LedgerEntry | null = null;
  for (;;) {
    const from: number = previous === null ? fromSeq : previous.seq + 1;
    const page: readonly LedgerEntry[] = await reads.ledger(stream, from, LEDGER_PAGE);
    for (const entry of page) {
      if (previous !== null) yield { entry: previous, next: entry };
      previous = entry;
    }
    if (page.length < LEDGER_PAGE) break;
  }
  if (previous !== null) yield { entry: previous, next: null };
}
