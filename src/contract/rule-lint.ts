import { parse, type ASTNode } from "@marcbachmann/cel-js";
import type { Rule } from "../core/contract-set.ts";
import { lintRule } from "../core/rules.ts";
import type { ContractCode } from "./fault.ts";

/** What is wrong with one rule; `position` is the character in its expression, 0-based. */
type RuleFinding = {
  readonly code: ContractCode;
  readonly position: number;
  readonly message: string;
  readonly remedy: string;
};

/** A regular expression a rule matches with, still to be shown safe. It is compiled without flags. */
type RulePattern = { readonly pattern: string; readonly position: number };

export type RuleReading = { readonly findings: readonly RuleFinding[]; readonly patterns: readonly RulePattern[] };

/**
 * Finds what would make a rule slow or dependent on the machine it runs on.
 *
 * Besides what the expression language itself refuses: a pattern must be a literal, so that it can be checked before any
 * record meets it; and nothing may read the machine's time zone. Measured in cel-js 8.0.0: `getDayOfYear()` takes the local
 * zone even without an argument (182 in UTC, 181 in Europe/Dublin for 1 July 2024), and `timestamp("2024-01-01T00:00:00.000")`
 * is local time because the text names no zone; with text from a payload nobody can know.
 */
export function readRule(rule: Rule): RuleReading {
  const fault = lintRule(rule);
  if (fault !== null) {
    const remedy = "Correct the expression; it must parse and yield true or false";
    const message = `Rule "${rule.id}" cannot be used: ${withoutStop(fault.message)}`;
    return { findings: [{ code: "SIG-C-016", position: fault.position ?? 0, message, remedy }], patterns: [] };
  }
  const findings: RuleFinding[] = [];
  const patterns: RulePattern[] = [];
  for (const node of nodesOf(parse(rule.expression).ast)) {
    if (node.op !== "call" && node.op !== "rcall") continue;
    const [name] = node.args;
    const values: readonly ASTNode[] = node.op === "call" ? node.args[1] : node.args[2];
    const call = { rule, name, values, start: node.start };
    if (name === "matches") readPattern(call, findings, patterns);
    const finding = zoneFinding(call);
    if (finding !== null) findings.push(finding);
  }
  return { findings, patterns };
}

type Call = {
  readonly rule: Rule;
  readonly name: string;
  /** Arguments, without the receiver. */
  readonly values: readonly ASTNode[];
  readonly start: number;
};

function readPattern({ rule, values, start }: Call, findings: RuleFinding[], patterns: RulePattern[]): void {
  const argument = values.at(-1);
  const pattern = literalText(argument);
  const position = argument?.start ?? start;
  if (pattern === null) {
    const message = `Rule "${rule.id}" matches with a pattern that is not a literal`;
    findings.push({
      code: "SIG-C-017",
      position,
      message,
      remedy: 'Write the pattern out, as in x.matches("^[A-Z]+$")',
    });
    return;
  }
  if (!isPattern(pattern)) {
    const message = `Rule "${rule.id}" matches with a pattern that is not a regular expression`;
    findings.push({ code: "SIG-C-016", position, message, remedy: "Correct the pattern" });
    return;
  }
  patterns.push({ pattern, position });
}

/** RFC 3339 with seconds and a zone: the one form of which every machine makes the same instant. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?(?:Z|[+-]\d{2}:\d{2})$/;

function zoneFinding({ rule, name, values, start }: Call): RuleFinding | null {
  const code = "SIG-C-019";
  if (name === "getDayOfYear") {
    const message = `Rule "${rule.id}" calls getDayOfYear(), which depends on the machine's time zone`;
    return { code, position: start, message, remedy: "Use getMonth() and getDate()" };
  }
  if (name.startsWith("get") && values.length > 0) {
    const message = `Rule "${rule.id}" calls ${name}() with a time zone, which depends on the machine's time zone data`;
    return {
      code,
      position: values[0]?.start ?? start,
      message,
      remedy: `Use ${name}() without an argument: it is UTC`,
    };
  }
  if (name === "timestamp") {
    const text = literalText(values[0]);
    if (isWholeNumber(values[0]) || (text !== null && INSTANT.test(text))) return null;
    const message = `Rule "${rule.id}" makes a timestamp of a text that need not name its time zone`;
    const remedy =
      'Use a literal such as timestamp("2026-01-31T00:00:00Z"), or compare the texts, or put the date form into the schema';
    return { code, position: values[0]?.start ?? start, message, remedy };
  }
  return null;
}

/** Seconds since the epoch name no zone: a literal, or the result of `int()`. */
function isWholeNumber(node: ASTNode | undefined): boolean {
  if (node?.op === "value") return typeof node.args === "bigint";
  return node?.op === "call" && node.args[0] === "int";
}

function literalText(node: ASTNode | undefined): string | null {
  return node?.op === "value" && typeof node.args === "string" ? node.args : null;
}

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern) instanceof RegExp;
  } catch {
    return false;
  }
}

/** Every node below, arguments of macros included; depth is bounded by the parser. */
function* nodesOf(part: unknown): Generator<ASTNode> {
  if (Array.isArray(part)) {
    for (const item of part) yield* nodesOf(item);
    return;
  }
  if (!isNode(part)) return;
  yield part;
  yield* nodesOf(part.args);
}

function isNode(part: unknown): part is ASTNode {
  return typeof part === "object" && part !== null && "op" in part && "args" in part;
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, "");
}
