import type { LedgerEntry } from "../ledger/entry.ts";
import type { StoreReads } from "./store.ts";

const LEDGER_PAGE = 256;

/** Entries of a stream, each with the one behind it, which says what became of its records; null behind the last. */
export async function* entriesWithNext(
  reads: Pick<StoreReads, "ledger">,
  stream: string,
): AsyncGenerator<{ readonly entry: LedgerEntry; readonly next: LedgerEntry | null }> {
  let previous: LedgerEntry | null = null;
  for (;;) {
    const from: number = previous === null ? 0 : previous.seq + 1;
    const page: readonly LedgerEntry[] = await reads.ledger(stream, from, LEDGER_PAGE);
    for (const entry of page) {
      if (previous !== null) yield { entry: previous, next: entry };
      previous = entry;
    }
    if (page.length < LEDGER_PAGE) break;
  }
  if (previous !== null) yield { entry: previous, next: null };
}
