import type { ExactInteger } from "../json/exact-integer.ts";
import type { SourceRecord } from "../core/record.ts";
import type { LedgerEntry, Outcome } from "./entry.ts";
import { createLineHash, digestLines, putNumber, putText, type LineHash } from "./line-hash.ts";

/** What an entry proves of its batch, its evidence aside. */
export type Proof = Pick<LedgerEntry, "count" | "outcomes" | "newestMs" | "root">;

/** What {@link outcomeRoot} covers of one decision: `id` is the machine id when it passed, the position id when it failed. */
export type OutcomeLeaf = { readonly offset: bigint; readonly outcome: Outcome; readonly id: string };

/** Builds the proof of a batch that begins at `from`, record by record in offset order. */
export function createProof(from: bigint): {
  readonly add: (record: Pick<SourceRecord, "position" | "timestampMs">, outcome: Outcome, id: string) => void;
  /** An offset before `to` without a record is a hole. */
  readonly end: (to: bigint) => Proof;
} {
  const [decided, runs] = [createLineHash(), createRuns(from)];
  let count = 0;
  let newestMs: ExactInteger = 0;
  return {
    add: ({ position: { offset }, timestampMs }, outcome, id) => {
      putOutcomeLeaf(decided, offset, outcome, id);
      runs.add(offset, outcome);
      if (count === 0 || timestampMs > newestMs) newestMs = timestampMs;
      count += 1;
    },
    end: (to) => ({ count, outcomes: runs.end(to), newestMs, root: digestLines(decided) }),
  };
}

/** Of an entry without records, after one that had nothing to apply. */
export function proofOfNothing(): Proof & Pick<LedgerEntry, "evidence" | "applied" | "holders"> {
  return { ...createProof(0n).end(0n), evidence: "", applied: "", holders: "" };
}

/** SHA-256 over one line for each decision: offset, outcome, id. */
export function outcomeRoot(leaves: readonly OutcomeLeaf[]): string {
  const lines = createLineHash();
  for (const { offset, outcome, id } of leaves) putOutcomeLeaf(lines, offset, outcome, id);
  return digestLines(lines);
}

const SPACE = 0x20;
const NEWLINE = 0x0a;

function putOutcomeLeaf(lines: LineHash, offset: bigint, outcome: Outcome, id: string): void {
  putNumber(lines, offset, SPACE);
  putText(lines, outcome, SPACE);
  putText(lines, id, NEWLINE);
}

/** Run-length form of letters in offset order; an offset without one is a hole. */
export function createRuns(from: bigint): {
  readonly add: (offset: bigint, letter: string) => void;
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
    add: (offset, letter) => {
      if (offset !== next) {
        close();
        text += `-${offset - next}`;
      }
      if (letter !== symbol) close();
      symbol = letter;
      run += 1;
      next = offset + 1n;
    },
    end: (to) => {
      close();
      return next === to ? text : `${text}-${to - next}`;
    },
  };
}

type Leaf<Letter> = { readonly offset: bigint; readonly outcome: Letter };

type Decoded<Letter> = { readonly to: bigint; readonly leaves: readonly Leaf<Letter>[] };

/** The recorded offsets and outcomes of `[from, ...)`, holes left out; null when the text is not a run-length form. */
export function decodeOutcomes(from: bigint, outcomes: string): Decoded<Outcome> | null {
  return decodeRuns(from, outcomes, ["P", "F"]);
}

/** What became of a record that was applied. */
export type AppliedLetter = "S" | "D" | "C" | "F";

/** The same of what the next entry says was applied. */
export function decodeApplied(from: bigint, applied: string): Decoded<AppliedLetter> | null {
  return decodeRuns(from, applied, ["S", "D", "C", "F"]);
}

function decodeRuns<Letter extends string>(
  from: bigint,
  runs: string,
  letters: readonly Letter[],
): Decoded<Letter> | null {
  if (!/^(?:[A-Z-][1-9][0-9]{0,18})*$/.test(runs)) return null;
  const leaves: Leaf<Letter>[] = [];
  let next = from;
  for (const [, symbol, length] of runs.matchAll(/([A-Z-])(\d+)/g)) {
    const end = next + BigInt(length ?? 0);
    const outcome = letters.find((letter) => letter === symbol);
    if (outcome === undefined && symbol !== "-") return null;
    if (outcome !== undefined) {
      // A forged length must not make the reader allocate without bound.
      if (end - next > RUN_MAX) return null;
      for (let offset = next; offset < end; offset += 1n) leaves.push({ offset, outcome });
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
