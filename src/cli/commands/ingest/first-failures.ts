import { type FailureReason, describeFailure, failureCode } from "../../../core/failure.ts";
import type { ContractRef } from "../../../core/compiled.ts";
import type { Redaction } from "../../../failures/redact.ts";
import { counted, print, printTable, styled } from "../../terminal/output.ts";

/** A FAILED record, by its place in the input. It holds no value of the record. */
export type FailedLine = {
  readonly file: string;
  readonly line: number;
  readonly code: string;
  readonly detail: string;
};

/** The first failures of a run, in input order. */
export type FirstFailures = {
  /** Whether more failures are wanted; else there is no need to search for them. */
  readonly isWanted: () => boolean;
  /** Adds a failure; it is counted even when it is not kept. */
  readonly add: (failed: FailedLine) => void;
  readonly count: () => number;
  readonly list: () => readonly FailedLine[];
};

/**
 * Longest detail: a payload that breaks its whole schema gives long sentences, and another command shows the record.
 */
const DETAIL_MAX = 300;

/** Creates the list. @param max the value of `--show-failures`. */
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

/** A failure by its place, without what is redacted. */
export function failedLine(
  file: string,
  line: number,
  { contract, reason }: { readonly contract: ContractRef | null; readonly reason: FailureReason },
  redaction: Redaction,
): FailedLine {
  return { file, line, code: failureCode(reason), detail: describeFailure(redaction.reason(contract, reason)) };
}

/** Prints the first failures. @param failed the number of all failures. */
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
