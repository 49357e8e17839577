import { canonicalText } from "../json/canonical.ts";
import type { Position } from "../core/record.ts";
import type { DecidedBatch } from "../gateway/decide-batch.ts";
import { contentDigest, type Redecided } from "../gateway/decided.ts";
import { conflictOf } from "../gateway/duplicate.ts";
import type { Resolution } from "../gateway/resolution.ts";
import type { Difference, FailedRow, Holder, PassedRow, Receipt } from "../store/store.ts";

/** What should have become of the records of an entry that passed and are no fact of their own. */
export type Claims = {
  readonly receipts: readonly Receipt[];
  readonly conflicts: readonly FailedRow[];
  readonly resolutions: readonly Resolution[];
};

/**
 * Tells duplicates from conflicts by the facts as they are stored now. It shares nothing with the code that applies entries
 * (gateway/apply.ts): whatever that does wrong has to show.
 * @param facts how the facts of the batch differ from the stored ones.
 */
export function claimsOf(batch: DecidedBatch, facts: ReadonlyMap<number, Difference>): Claims {
  const holders = new Map<string, Holder>();
  for (const [place, one] of facts) if (one.kind === "held") holders.set(batch.facts.at(place).id, one.holder);
  if (holders.size === 0 && batch.repeats.length === 0) return { receipts: [], conflicts: [], resolutions: [] };
  const first = new Map<string, PassedRow>();
  const receipts: Receipt[] = [];
  const conflicts: FailedRow[] = [];
  const resolutions: Resolution[] = [];
  for (const row of batch.rows().filter(isFact)) {
    const holder = holders.get(row.id) ?? holderFrom(first.get(row.id));
    if (!first.has(row.id)) first.set(row.id, row);
    if (holder === null || samePlace(row.position, holder.position)) continue;
    const { position } = row;
    const same = contentOf(row) === contentAt(holder, row);
    if (same) receipts.push({ position, of: row.id });
    else conflicts.push(conflictOf(row, holder));
    resolutions.push({ offset: position.offset, letter: same ? "D" : "C", holder: holder.position });
  }
  return { receipts, conflicts, resolutions };
}

function isFact(row: Redecided): row is PassedRow {
  return row.kind !== "failed";
}

function holderFrom(row: PassedRow | undefined): Holder | null {
  if (row === undefined) return null;
  const { id, position } = row;
  // Its bytes are not asked for: what is told here is told by the text.
  const said = { id, position, payloadBytes: new Uint8Array(0) };
  if (row.kind === "validated") return { ...said, payloadText: () => canonicalText(row.payload) };
  return { ...said, erased: row.content, payloadText: () => "" };
}

/** What a record says, as a digest; of one that was erased the digest is kept. */
function contentOf(row: PassedRow): string {
  return row.kind === "erased" ? row.content : contentDigest(canonicalText(row.payload), row.numbers);
}

/** The same of a fact, as the record's contract reads it. */
function contentAt({ erased, payloadText }: Holder, row: PassedRow): string {
  return erased ?? contentDigest(payloadText(), row.kind === "erased" ? null : row.numbers);
}

function samePlace(a: Position, b: Position): boolean {
  return a.stream === b.stream && a.offset === b.offset;
}
