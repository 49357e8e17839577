import { hash } from "node:crypto";
import type { ExactInteger } from "../json/exact-integer.ts";
import { canonicalText } from "../json/canonical.ts";

/**
 * One link of a stream's chain.
 *
 * INIT opens a stream at `from`; BATCH says what was decided for `[from, to)`; GAP is an operator's word that
 * `[from, to)` can never be read again. Written before the documents it speaks of (P4), compared by `hash`.
 */
export type LedgerEntry = {
  readonly stream: string;
  /** 0, 1, 2 ... without a hole. */
  readonly seq: number;
  readonly kind: "INIT" | "BATCH" | "GAP";
  /** `hash` of the entry before; 64 zeros for seq 0. */
  readonly prevHash: string;
  readonly from: bigint;
  readonly to: bigint;
  /** Records in `[from, to)`; the other offsets are holes. */
  readonly count: number;
  /** What each offset became, run-length: `P` passed the contract, `F` failed it, `-` hole. `"P12F1-2"`. */
  readonly outcomes: string;
  /** SHA-256 of the evidence that is kept with the entry, hex: the records as they were fetched; "" without records. */
  readonly evidence: string;
  /** The latest time of its records, as the log recorded them; 0 without records. */
  readonly newestMs: ExactInteger;
  /** What applying the entry before did (P5), run-length: `S` stored, `D` duplicate, `C` conflict, `F` failed, `-` hole. */
  readonly applied: string;
  /** `holderRoot` of its duplicates and conflicts; "" when it had none. */
  readonly holders: string;
  /** `outcomeRoot` of the decisions. */
  readonly root: string;
  /** Digest of the contract set that decided. */
  readonly contractSet: string;
  /** Version of the decision semantics that decided. */
  readonly engine: string;
  /** Why, for GAP; {@link EVIDENCE_DROPPED} or nothing for BATCH; {@link SUCCEEDS} and a stream or nothing for INIT. */
  readonly note: string;
  /** SHA-256 of the RFC 8785 form of everything above, hex. */
  readonly hash: string;
};

/** How the note of an INIT begins whose topic was made anew, or whose log was replaced: the stream it follows comes behind. */
export const SUCCEEDS = "after ";

export type Outcome = "P" | "F";

/** Note of a BATCH whose evidence goes once the next entry is applied. It is in the chain: evidence that is gone without it was lost. */
export const EVIDENCE_DROPPED = "evidence: drop";

/** Hash before the first entry of a chain. */
export const GENESIS: string = "0".repeat(64);

/** Completes an entry with its hash. */
export function sealEntry(entry: Omit<LedgerEntry, "hash">): LedgerEntry {
  return { ...entry, hash: entryHash(entry) };
}

/** The hash an entry must carry. Offsets are hashed as decimal text: JSON numbers end at 2^53. */
export function entryHash(entry: Omit<LedgerEntry, "hash">): string {
  const { stream, seq, kind, prevHash, from, to, count, outcomes, evidence } = entry;
  const { newestMs, applied, holders, root, contractSet, engine, note } = entry;
  const range = { from: String(from), to: String(to), newestMs: String(newestMs) };
  const proof = { count, outcomes, evidence, applied, holders, root };
  return hash("sha256", canonicalText({ stream, seq, kind, prevHash, ...range, ...proof, contractSet, engine, note }));
}
