import { hash } from "node:crypto";
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
  /** `rawRoot` of the records, as they were fetched. */
  readonly rawRoot: string;
  /** SHA-256 of the evidence that is kept with the entry, hex: the records as they were fetched; "" without records. */
  readonly evidence: string;
  /** `outcomeRoot` of the decisions. */
  readonly root: string;
  /** Digest of the contract set that decided. */
  readonly contractSet: string;
  /** Version of the decision semantics that decided. */
  readonly engine: string;
  /** Why, for GAP; {@link BYTES_DROPPED} or nothing for BATCH; empty for INIT. */
  readonly note: string;
  /** SHA-256 of the RFC 8785 form of everything above, hex. */
  readonly hash: string;
};

export type Outcome = "P" | "F";

/**
 * Note of a BATCH whose facts are stored without their bytes. It is in the chain, so that whoever applies the entry stores the
 * same, and bytes that are gone without it were lost.
 */
export const BYTES_DROPPED = "passed.raw: drop";

/** Whether the bytes of PASSED records are kept beside their payload (`passed.raw`). */
export type PassedRaw = "keep" | "drop";

/** How the facts of an entry are stored. */
export function passedRawOf({ note }: Pick<LedgerEntry, "note">): PassedRaw {
  return note === BYTES_DROPPED ? "drop" : "keep";
}

/** Hash before the first entry of a chain. */
export const GENESIS: string = "0".repeat(64);

/** Completes an entry with its hash. */
export function sealEntry(entry: Omit<LedgerEntry, "hash">): LedgerEntry {
  return { ...entry, hash: entryHash(entry) };
}

/** The hash an entry must carry. Offsets are hashed as decimal text: JSON numbers end at 2^53. */
export function entryHash(entry: Omit<LedgerEntry, "hash">): string {
  const {
    stream,
    seq,
    kind,
    prevHash,
    from,
    to,
    count,
    outcomes,
    rawRoot: raw,
    evidence,
    root,
    contractSet,
    engine,
    note,
  } = entry;
  return hash(
    "sha256",
    canonicalText({
      stream,
      seq,
      kind,
      prevHash,
      from: String(from),
      to: String(to),
      count,
      outcomes,
      rawRoot: raw,
      evidence,
      root,
      contractSet,
      engine,
      note,
    }),
  );
}
