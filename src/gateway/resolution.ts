import { type Position, positionId } from "../core/record.ts";
import { createLineHash, digestLines, putNumber, putText } from "../ledger/line-hash.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { createRuns, decodeOutcomes } from "../ledger/proof.ts";

/** A record that passed and is no fact of its own: it repeats one, or contradicts one. */
export type Resolution = {
  readonly offset: bigint;
  readonly letter: "D" | "C";
  /** Of the record that the fact was made of. */
  readonly holder: Position;
};

/** What applying an entry did, as the next one seals it. */
export type Resolved = Pick<LedgerEntry, "applied" | "holders">;

/** Of an entry that brings nothing into the store. */
export const NOTHING_APPLIED: Resolved = { applied: "", holders: "" };

/**
 * What the next entry says of this one.
 * @param others in any order; every other record that passed is a stored fact.
 */
export function resolvedOf(
  { from, outcomes }: Pick<LedgerEntry, "from" | "outcomes">,
  others: readonly Resolution[],
): Resolved {
  // Hardly any batch has one: then no offset is looked at.
  if (others.length === 0) return { applied: outcomes.replaceAll("P", "S"), holders: "" };
  const letters = new Map(others.map(({ offset, letter }) => [offset, letter]));
  const runs = createRuns(from);
  const decoded = decodeOutcomes(from, outcomes);
  for (const { offset, outcome } of decoded?.leaves ?? []) {
    runs.add(offset, letters.get(offset) ?? (outcome === "P" ? "S" : "F"));
  }
  return { applied: runs.end(decoded?.to ?? from), holders: holderRoot(others) };
}

/** SHA-256 over one line for each duplicate and conflict, by offset: offset, letter, position of its holder. */
function holderRoot(others: readonly Resolution[]): string {
  const lines = createLineHash();
  for (const { offset, letter, holder } of others.toSorted((a, b) => (a.offset < b.offset ? -1 : 1))) {
    putNumber(lines, offset, SPACE);
    putText(lines, letter, SPACE);
    putText(lines, positionId(holder), NEWLINE);
  }
  return digestLines(lines);
}

const SPACE = 0x20;
const NEWLINE = 0x0a;
