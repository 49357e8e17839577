import { hash } from "node:crypto";
import type { ExactInteger } from "../json/exact-integer.ts";
import { canonicalText } from "../json/canonical.ts";

/**
 * One link of the hash chain of a stream.
 *
 * INIT opens a stream at `from`. BATCH records the decisions of the offsets `[from, to)`. GAP records that an operator
 * accepted the loss of `[from, to)`. An entry is written before its documents (P4). Two entries are compared by `hash`.
 */
export type LedgerEntry = {
  readonly stream: string;
  /** 0, 1, 2 ... without a gap. */
  readonly seq: number;
  readonly kind: "INIT" | "BATCH" | "GAP";
  /** `hash` of the entry before; 64 zeros for seq 0. */
  readonly prevHash: string;
  readonly from: bigint;
  readonly to: bigint;
  /** Number of records in `[from, to)`; the other offsets are holes. */
  readonly count: number;
  /** The outcome of each offset in run lengths: `P` passed the contract, `F` failed it, `-` hole. Example: `"P12F1-2"`. */
  readonly outcomes: string;
  /** SHA-256 in hex of the evidence, the records as they were fetched; "" without records. */
  readonly evidence: string;
  /** The latest timestamp of its records in the log, in milliseconds; 0 without records. */
  readonly newestMs: ExactInteger;
  /** The result of applying the previous entry (P5) in run lengths: `S` stored, `D` duplicate, `C` conflict, `F` failed, `-` hole. */
  readonly applied: string;
  /** SHA-256 over the duplicates and conflicts of the previous entry with their holders (gateway/resolution.ts); "" without any. */
  readonly holders: string;
  /** `outcomeRoot` (proof.ts) of the decisions. */
  readonly root: string;
  /** Digest of the contract set that decided the records. */
  readonly contractSet: string;
  /** Version of the decision rules, `ENGINE` in core/decide.ts, that decided the records. */
  readonly engine: string;
  /** GAP: the operator's reason. BATCH: {@link EVIDENCE_DROPPED} or "". INIT: {@link SUCCEEDS} and the previous stream, `redriveNote`, {@link COUNTED}, or "" from an older program. */
  readonly note: string;
  /** SHA-256 of the RFC 8785 form of everything above, hex. */
  readonly hash: string;
};

/** First part of the note of an INIT whose topic was recreated or whose log was replaced; the id of the previous stream follows. */
export const SUCCEEDS = "after ";

/**
 * Note of an INIT without a previous stream: all records of the stream are counted (store/volume.ts). Programs before wrote "", and did not
 * count at first. The note is hashed: counters that are missing behind it were removed.
 */
export const COUNTED = "counted";

export type Outcome = "P" | "F";

/** Note of a BATCH whose evidence is dropped once the next entry is applied. The note is hashed: evidence missing without it is lost. */
export const EVIDENCE_DROPPED = "evidence: drop";

/** Hash before the first entry of a chain. */
export const GENESIS: string = "0".repeat(64);

/** Completes an entry with its hash. */
export function sealEntry(entry: Omit<LedgerEntry, "hash">): LedgerEntry {
  return { ...entry, hash: entryHash(entry) };
}

/** Computes the hash of an entry. Offsets are hashed as decimal text, because JSON numbers are exact only up to 2^53. */
export function entryHash(entry: Omit<LedgerEntry, "hash">): string {
  const { stream, seq, kind, prevHash, from, to, count, outcomes, evidence } = entry;
  const { newestMs, applied, holders, root, contractSet, engine, note } = entry;
  const range = { from: String(from), to: String(to), newestMs: String(newestMs) };
  const proof = { count, outcomes, evidence, applied, holders, root };
  return hash("sha256", canonicalText({ stream, seq, kind, prevHash, ...range, ...proof, contractSet, engine, note }));
}
