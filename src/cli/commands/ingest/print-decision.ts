import type { Decision, Failed } from "../../../core/decide.ts";
import { describeFailure, failureCode, type Malformed } from "../../../core/failure.ts";
import type { ByteRange } from "../../../json/locate.ts";
import type { Violation } from "../../../schema/violation.ts";
import { excerptOf } from "../../terminal/excerpt.ts";
import { print, styled } from "../../terminal/output.ts";

/**
 * Prints the decision of a payload, and where in its bytes the fault is.
 * @param line of the file; null when the file is the payload.
 * @param bytes null when they are redacted.
 */
export function printDecision(file: string, line: number | null, decision: Decision, bytes: Uint8Array | null): void {
  const where = line === null ? file : `${file}:${line}`;
  const name = decision.contract === null ? "" : `  ${decision.contract.subject}@${decision.contract.version}`;
  if (decision.status === "PASSED") return print(`${styled("green", "PASSED")}  ${where}${name}  id ${decision.id}`);
  print(`${styled("red", "FAILED")}  ${where}${name}  ${failureCode(decision.reason)}`);
  printReason(decision, bytes);
}

function printReason({ reason }: Failed, bytes: Uint8Array | null): void {
  switch (reason.kind) {
    case "schema":
      for (const violation of reason.violations) printViolation(violation, bytes);
      return;
    case "rule":
      return reason.violations.forEach(({ id, message }) => print(`  rule ${id}  ${message}`));
    case "malformed":
      return printMalformed(reason, bytes);
    case "contract":
    case "store-rejected":
    case "unexplained":
      return print(`  ${reason.message}`);
    case "erased":
      return print(`  ${describeFailure(reason)}`);
    case "conflict":
      return print(`  conflicts with ${reason.storedAt}`);
  }
}

function printViolation(
  { pointer, keyword, message, got, branches = [], bytes: range }: Violation,
  bytes: Uint8Array | null,
): void {
  const where = pointer === "" ? "(the payload)" : pointer;
  // The kind found is printed when the kind is wrong; `got` holds the value only when the contract allows showing it.
  const found = keyword === "type" || got.includes(" ") ? `, got ${got}` : "";
  const chosen = branches.map(({ name }) => ` (${name})`).join("");
  print(`  ${where}  ${message}${found}${chosen}  [${keyword}]`);
  if (range === undefined) return;
  // A missing field is marked where it could be added: before the end of the object.
  const [from, to] = range;
  printExcerpt(bytes, got === "nothing" && to > from ? [to - 1, to] : range);
}

function printMalformed({ pointer, message, byteOffset }: Malformed, bytes: Uint8Array | null): void {
  const at = byteOffset === null ? "" : `  at byte ${byteOffset}`;
  print(`  ${pointer === null ? "" : `${pointer}  `}${message}${at}`);
  if (byteOffset !== null) printExcerpt(bytes, [byteOffset, byteOffset + 1]);
}

function printExcerpt(bytes: Uint8Array | null, range: ByteRange): void {
  if (bytes === null) return;
  const { line, marks } = excerptOf(bytes, range);
  print(`    ${styled("dim", line)}`);
  print(`    ${styled("red", marks)}`);
}
