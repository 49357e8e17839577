import { type FailureReason, describeFailure, failureCode } from "../../../core/failure.ts";
import { counted, print, printTable, styled } from "../../terminal/output.ts";

/** A record that FAILED, by where it stood in its input. No value of it is part of this. */
export type FailedLine = {
  readonly file: string;
  readonly line: number;
  readonly code: string;
  readonly detail: string;
};

/** The first failures of a run, in the order of the input. */
export type FirstFailures = {
  /** Whether there is room for more: nobody need look for them otherwise. */
  readonly isWanted: () => boolean;
  /** Counted even where it is not kept. */
  readonly add: (failed: FailedLine) => void;
  readonly count: () => number;
  readonly list: () => readonly FailedLine[];
};

/** A schema that a whole payload breaks has long sentences; the record itself is one command away. */
const DETAIL_MAX = 300;

/** @param max as `--show-failures` has it. */
export function createFirstFailures(max: number): FirstFailures {
  const kept: FailedLine[] = [];
  let count = 0;
  return {
    isWanted: () => kept.length < max,
    add: (failed) => {
      count += 1;
      if (kept.length < max) kept.push(failed);
    },
    count: () => count,
    list: () => kept,
  };
}

export function failedLine(file: string, line: number, reason: FailureReason): FailedLine {
  return { file, line, code: failureCode(reason), detail: describeFailure(reason) };
}

/** @param failed how many there were in all. */
export function printFirstFailures(failures: readonly FailedLine[], failed: number): void {
  if (failures.length === 0) return;
  print("");
  print(failures.length < failed ? `The first ${failures.length} of ${counted(failed, "failure")}:` : "Failures:");
  printTable(
    failures.map(({ file, line, code, detail }) => [`  ${file}:${line}`, styled("red", code), shorten(detail)]),
  );
}

function shorten(detail: string): string {
  return detail.length <= DETAIL_MAX ? detail : `${detail.slice(0, DETAIL_MAX).toWellFormed()}…`;
}
