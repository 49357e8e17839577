import type { ExactInteger } from "../json/exact-integer.ts";
import { hash } from "node:crypto";
import type { Header, Position } from "../core/record.ts";
import type { LedgerEntry, Outcome } from "./ledger.ts";
import { createLineHash, digestLines, putNumber, putText, type LineHash } from "./line-hash.ts";

/** What an entry proves of its batch, its evidence aside. */
export type Proof = Pick<LedgerEntry, "count" | "outcomes" | "rawRoot" | "root">;

/** What {@link rawRoot} covers of one record, stored or not. */
export type RawLeaf = {
  readonly position: Position;
  readonly timestampMs: ExactInteger;
  /** SHA-256 of the value, hex; "-" for a tombstone. */
  readonly rawHash: string;
  readonly key: Uint8Array | null;
  readonly headers: readonly Header[];
};

/** What {@link outcomeRoot} covers of one decision: `id` is the machine id when it passed, the position id when it failed. */
export type OutcomeLeaf = { readonly offset: bigint; readonly outcome: Outcome; readonly id: string };

/** Builds the proof of a batch that begins at `from`, record by record in offset order. */
export function createProof(from: bigint): {
  readonly add: (record: RawLeaf, outcome: Outcome, id: string) => void;
  /** An offset before `to` without a record is a hole. */
  readonly end: (to: bigint) => Proof;
} {
  const [raw, decided, runs] = [createLineHash(), createLineHash(), createRuns(from)];
  let count = 0;
  return {
    add: (record, outcome, id) => {
      const { offset } = record.position;
      putRawLeaf(raw, record);
      putOutcomeLeaf(decided, offset, outcome, id);
      runs.add(offset, outcome);
      count += 1;
    },
    end: (to) => ({ count, outcomes: runs.end(to), rawRoot: digestLines(raw), root: digestLines(decided) }),
  };
}

/** Of an entry without records. */
export function proofOfNothing(): Proof & Pick<LedgerEntry, "evidence"> {
  return { ...createProof(0n).end(0n), evidence: "" };
}

/** SHA-256 over one line for each record: offset, timestamp, hash of the bytes, hash of key and headers. */
export function rawRoot(leaves: readonly RawLeaf[]): string {
  const lines = createLineHash();
  for (const leaf of leaves) putRawLeaf(lines, leaf);
  return digestLines(lines);
}

/** SHA-256 over one line for each decision: offset, outcome, id. */
export function outcomeRoot(leaves: readonly OutcomeLeaf[]): string {
  const lines = createLineHash();
  for (const { offset, outcome, id } of leaves) putOutcomeLeaf(lines, offset, outcome, id);
  return digestLines(lines);
}

const SPACE = 0x20;
const NEWLINE = 0x0a;

function putRawLeaf(lines: LineHash, { position, timestampMs, rawHash, key, headers }: RawLeaf): void {
  putNumber(lines, position.offset, SPACE);
  putNumber(lines, timestampMs, SPACE);
  putText(lines, rawHash, SPACE);
  putText(lines, hashEnvelope(key, headers), NEWLINE);
}

function putOutcomeLeaf(lines: LineHash, offset: bigint, outcome: Outcome, id: string): void {
  putNumber(lines, offset, SPACE);
  putText(lines, outcome, SPACE);
  putText(lines, id, NEWLINE);
}

/** Key and headers in one hash, each part preceded by its length; "-" when there are none. */
export function hashEnvelope(key: Uint8Array | null, headers: readonly Header[]): string {
  if (key === null && headers.length === 0) return "-";
  const parts: Uint8Array[] = [];
  const push = (part: Uint8Array): void => {
    parts.push(Buffer.from(`${part.length}:`), part);
  };
  parts.push(Buffer.from(key === null ? "n" : "k"));
  if (key !== null) push(key);
  for (const [name, value] of headers) {
    push(Buffer.from(name, "utf8"));
    push(value);
  }
  return hash("sha256", Buffer.concat(parts));
}

/** Run-length form of outcomes in offset order; an offset without one is a hole. */
function createRuns(from: bigint): {
  readonly add: (offset: bigint, outcome: Outcome) => void;
  readonly end: (to: bigint) => string;
} {
  let text = "";
  let next = from;
  let run = 0;
  let symbol = "";
  const close = (): void => {
    if (run > 0) text += `${symbol}${run}`;
    run = 0;
  };
  return {
    add: (offset, outcome) => {
      if (offset !== next) {
        close();
        text += `-${offset - next}`;
      }
      if (outcome !== symbol) close();
      symbol = outcome;
      run += 1;
      next = offset + 1n;
    },
    end: (to) => {
      close();
      return next === to ? text : `${text}-${to - next}`;
    },
  };
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

/**
 * What an offset became, by the recorded outcomes of `[from, ...)`; null for a hole, and when the outcomes do not reach it or
 * are not a run-length form.
 */
export function outcomeAt(from: bigint, outcomes: string, offset: bigint): Outcome | null {
  let next = from;
  for (const [, symbol, length] of outcomes.matchAll(/([PF-])(\d{1,19})/g)) {
    next += BigInt(length ?? 0);
    if (offset < next) return symbol === "P" || symbol === "F" ? symbol : null;
  }
  return null;
}

/** No batch holds more records than this. */
const RUN_MAX = 1_000_000n;
