import { canonicalText } from "../json/canonical.ts";
import type { Position } from "../core/record.ts";
import type { DecidedBatch } from "../gateway/decide-batch.ts";
import { contentDigest, type Redecided } from "../gateway/decided.ts";
import { conflictOf } from "../gateway/duplicate.ts";
import type { Resolution } from "../gateway/resolution.ts";
import type { Difference, FailedRow, Holder, PassedRow, Receipt } from "../store/store.ts";

/**
 * The expected receipts, conflicts and resolutions of an entry: those of its passed records that are not facts of their
 * own.
 */
export type Claims = {
  readonly receipts: readonly Receipt[];
  readonly conflicts: readonly FailedRow[];
  readonly resolutions: readonly Resolution[];
  /** How each of them is counted, by offset. */
  readonly kinds: ReadonlyMap<bigint, Taken>;
};

type Taken = "duplicate" | "redelivery" | "conflict";

/**
 * Separates duplicates from conflicts by comparing with the stored facts. It shares no code with the module that
 * applies entries (gateway/apply.ts), so that a mistake there becomes visible.
 * @param facts differences between the facts of the batch and the stored ones, by place in the batch.
 */
export function claimsOf(batch: DecidedBatch, facts: ReadonlyMap<number, Difference>): Claims {
  const holders = new Map<string, Holder>();
  for (const [place, one] of facts) if (one.kind === "held") holders.set(batch.facts.at(place).id, one.holder);
  if (holders.size === 0 && batch.repeats.length === 0) return NO_CLAIMS;
  const first = new Map<string, PassedRow>();
  const receipts: Receipt[] = [];
  const conflicts: FailedRow[] = [];
  const resolutions: Resolution[] = [];
  const kinds = new Map<bigint, Taken>();
  for (const row of batch.rows().filter(isFact)) {
    const holder = holders.get(row.id) ?? holderFrom(first.get(row.id));
    if (!first.has(row.id)) first.set(row.id, row);
    if (holder === null || samePlace(row.position, holder.position)) continue;
    const { position } = row;
    const same = contentOf(row) === contentAt(holder, row);
    if (same) receipts.push({ position, of: row.id });
    else conflicts.push(conflictOf(row, holder));
    resolutions.push({ offset: position.offset, letter: same ? "D" : "C", holder: holder.position });
    const again = row.timestampMs === holder.timestampMs ? "redelivery" : "duplicate";
    kinds.set(position.offset, same ? again : "conflict");
  }
  return { receipts, conflicts, resolutions, kinds };
}

const NO_CLAIMS: Claims = { receipts: [], conflicts: [], resolutions: [], kinds: new Map() };

function isFact(row: Redecided): row is PassedRow {
  return row.kind !== "failed";
}

function holderFrom(row: PassedRow | undefined): Holder | null {
  if (row === undefined) return null;
  const { id, position, timestampMs } = row;
  // The bytes are not needed: the comparison uses the text.
  const holder = { id, position, timestampMs, payloadBytes: new Uint8Array(0) };
  if (row.kind === "validated") return { ...holder, payloadText: () => canonicalText(row.payload) };
  return { ...holder, erased: row.content, payloadText: () => "" };
}

/** The content digest of a record; an erased record has kept its digest. */
function contentOf(row: PassedRow): string {
  return row.kind === "erased" ? row.content : contentDigest(canonicalText(row.payload), row.numbers);
}

/** The content digest of a stored fact, with the number types of the record's contract. */
function contentAt({ erased, payloadText }: Holder, row: PassedRow): string {
  return erased ?? contentDigest(payloadText(), row.kind === "erased" ? null : row.numbers);
}

function samePlace(a: Position, b: Position): boolean {
  return a.stream === b.stream && a.offset === b.offset;
}
