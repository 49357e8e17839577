import type { ExactInteger } from "../json/exact-integer.ts";
import type { SourceRecord } from "../core/record.ts";
import type { LedgerEntry, Outcome } from "./entry.ts";
import { createLineHash, digestLines, putNumber, putText, type LineHash } from "./line-hash.ts";

/** The fields of an entry that are computed from the decisions of its batch. */
export type Proof = Pick<LedgerEntry, "count" | "outcomes" | "newestMs" | "root">;

/** One decision as {@link outcomeRoot} hashes it. `id` is the machine id of a passed record, the position id of a failed one. */
export type OutcomeLeaf = { readonly offset: bigint; readonly outcome: Outcome; readonly id: string };

/** Builds the proof of a batch that begins at `from`, record by record in offset order. */
export function createProof(from: bigint): {
  readonly add: (record: Pick<SourceRecord, "position" | "timestampMs">, outcome: Outcome, id: string) => void;
  /** Ends the proof. An offset before `to` without a record is a hole. */
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

/** The proof of an entry without records that follows an entry with nothing to apply. */
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

/** Encodes letters of offsets as run lengths, such as "P12F1-2". They are added in offset order; a skipped offset is a hole, "-". */
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

/** Decodes run lengths of outcomes that begin at `from`, without the holes; null when the text is malformed. */
export function decodeOutcomes(from: bigint, outcomes: string): Decoded<Outcome> | null {
  return decodeRuns(from, outcomes, ["P", "F"]);
}

/** The result of applying a record: stored, duplicate, conflict or failed. */
export type AppliedLetter = "S" | "D" | "C" | "F";

/** Decodes the `applied` field of the next entry: run lengths that begin at `from`; null when the text is malformed. */
export function decodeApplied(from: bigint, applied: string): Decoded<AppliedLetter> | null {
  return decodeRuns(from, applied, ["S", "D", "C", "F"]);
}

/** Decodes the offsets of a redrive plan's page: run lengths that begin at `from`; null when the text is malformed. */
export function decodeSelected(from: bigint, runs: string): Decoded<"R"> | null {
  return decodeRuns(from, runs, ["R"]);
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
 * The outcome of one offset, from run lengths that begin at `from`; null for a hole, for an offset that they do not reach, and
 * for malformed text.
 */
export function outcomeAt(from: bigint, outcomes: string, offset: bigint): Outcome | null {
  let next = from;
  for (const [, symbol, length] of outcomes.matchAll(/([PF-])(\d{1,19})/g)) {
    next += BigInt(length ?? 0);
    if (offset < next) return symbol === "P" || symbol === "F" ? symbol : null;
  }
  return null;
}

/** The most records that one run may have. No batch holds more. */
const RUN_MAX = 1_000_000n;
