import type { Position } from "../core/record.ts";
import { createLineHash, digestLines, putBytes, putNumber, putText } from "../ledger/line-hash.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { createRuns, decodeOutcomes } from "../ledger/proof.ts";

/** A passed record whose id another record holds: a duplicate (D) or a conflict (C). */
export type Resolution = {
  readonly offset: bigint;
  readonly letter: "D" | "C";
  /** Position of the record that became the fact. */
  readonly holder: Position;
};

/** The result of applying an entry, in the form that the next entry records. */
export type Resolved = Pick<LedgerEntry, "applied" | "holders">;

/** The result of an entry that writes no documents. */
export const NOTHING_APPLIED: Resolved = { applied: "", holders: "" };

/**
 * Computes what the next entry records about applying this one.
 * @param others the duplicates and conflicts, in any order. Every other passed record became a fact.
 */
export function resolvedOf(
  { from, outcomes }: Pick<LedgerEntry, "from" | "outcomes">,
  others: readonly Resolution[],
): Resolved {
  // Few batches have duplicates or conflicts. Without any, the runs of outcomes are rewritten and no offset is decoded.
  if (others.length === 0) return { applied: outcomes.replaceAll("P", "S"), holders: "" };
  const sorted = others.toSorted((a, b) => (a.offset < b.offset ? -1 : 1));
  const runs = createRuns(from);
  const decoded = decodeOutcomes(from, outcomes);
  let next = 0;
  for (const { offset, outcome } of decoded?.leaves ?? []) {
    while ((sorted[next]?.offset ?? offset) < offset) next += 1;
    const other = sorted[next];
    runs.add(offset, other?.offset === offset ? other.letter : outcome === "P" ? "S" : "F");
  }
  return { applied: runs.end(decoded?.to ?? from), holders: holderRoot(sorted) };
}

/** SHA-256 over one line for each duplicate and conflict, by offset: offset, letter, position of its holder. */
function holderRoot(sorted: readonly Resolution[]): string {
  const lines = createLineHash();
  // Most holders are of one stream.
  let [stream, encoded] = ["", Buffer.alloc(0)];
  for (const { offset, letter, holder } of sorted) {
    putNumber(lines, offset, SPACE);
    putText(lines, letter, SPACE);
    // As positionId writes it, without making a text of it.
    if (holder.stream !== stream) [stream, encoded] = [holder.stream, Buffer.from(holder.stream, "utf8")];
    putBytes(lines, encoded, AT);
    putNumber(lines, holder.offset, NEWLINE);
  }
  return digestLines(lines);
}

const SPACE = 0x20;
const AT = 0x40;
const NEWLINE = 0x0a;
