import { hash } from "node:crypto";
import { canonicalText } from "../core/canonical.ts";
import { createLineHash, digestLines, putNumber, putText } from "./line-hash.ts";

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
  /** {@link rawRoot} of the records, as they were fetched. */
  readonly rawRoot: string;
  /** {@link outcomeRoot} of the decisions. */
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
      root,
      contractSet,
      engine,
      note,
    }),
  );
}

/** What {@link rawRoot} covers of one record. */
export type RawLeaf = {
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly rawHash: string;
  readonly envelopeHash: string;
};

const SPACE = 0x20;
const NEWLINE = 0x0a;

/** SHA-256 over one line for each record: offset, timestamp, hash of the bytes, hash of key and headers. */
export function rawRoot(leaves: readonly RawLeaf[]): string {
  const lines = createLineHash();
  for (const { offset, timestampMs, rawHash, envelopeHash } of leaves) {
    putNumber(lines, offset, SPACE);
    putNumber(lines, timestampMs, SPACE);
    putText(lines, rawHash, SPACE);
    putText(lines, envelopeHash, NEWLINE);
  }
  return digestLines(lines);
}

/** What {@link outcomeRoot} covers of one decision: `id` is the machine id when it passed, the position id when it failed. */
export type OutcomeLeaf = { readonly offset: bigint; readonly outcome: Outcome; readonly id: string };

/** SHA-256 over one line for each decision: offset, outcome, id. */
export function outcomeRoot(leaves: readonly OutcomeLeaf[]): string {
  const lines = createLineHash();
  for (const { offset, outcome, id } of leaves) {
    putNumber(lines, offset, SPACE);
    putText(lines, outcome, SPACE);
    putText(lines, id, NEWLINE);
  }
  return digestLines(lines);
}

/** Run-length form of the outcomes of `[from, to)`; an offset without a leaf is a hole. Leaves are in offset order. */
export function encodeOutcomes(
  from: bigint,
  to: bigint,
  leaves: readonly Pick<OutcomeLeaf, "offset" | "outcome">[],
): string {
  let text = "";
  let next = from;
  let run = 0;
  let symbol = "";
  const end = (): void => {
    if (run > 0) text += `${symbol}${run}`;
    run = 0;
  };
  for (const { offset, outcome } of leaves) {
    if (offset !== next) {
      end();
      text += `-${offset - next}`;
    }
    if (outcome !== symbol) end();
    symbol = outcome;
    run += 1;
    next = offset + 1n;
  }
  end();
  return next === to ? text : `${text}-${to - next}`;
}

/** The recorded offsets and outcomes of `[from, ...)`, holes left out; null when the text is not a run-length form. */
export function decodeOutcomes(
  from: bigint,
  outcomes: string,
): { readonly to: bigint; readonly leaves: readonly { readonly offset: bigint; readonly outcome: Outcome }[] } | null {
  if (!/^(?:[PF-][1-9][0-9]{0,18})*$/.test(outcomes)) return null;
  const leaves: { offset: bigint; outcome: Outcome }[] = [];
  let next = from;
  for (const [, symbol, length] of outcomes.matchAll(/([PF-])(\d+)/g)) {
    const end = next + BigInt(length ?? 0);
    if (symbol === "P" || symbol === "F") {
      // A forged length must not make the reader allocate without bound.
      if (end - next > RUN_MAX) return null;
      for (let offset = next; offset < end; offset += 1n) leaves.push({ offset, outcome: symbol });
    }
    next = end;
  }
  return { to: next, leaves };
}

/** No batch holds more records than this. */
const RUN_MAX = 1_000_000n;
