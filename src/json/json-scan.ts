import { fitOf } from "./number-literal.ts";
import { pointerOf } from "./pointer.ts";

/** The place where a text stops being JSON: an index into the text, and a message that does not quote it. */
export type SyntaxFault = { readonly index: number; readonly message: string };

/** Faults of valid JSON that the parser of payloads refuses. */
export type PolicyCode = "duplicate-key" | "forbidden-key" | "lone-surrogate" | "lossy-number";

/** The place of such a fault in a JSON text. */
export type PolicyFault = {
  readonly code: PolicyCode;
  readonly index: number;
  readonly pointer: string;
  readonly message: string;
};

/** The message for a number that no double represents and that is not declared as a 64-bit integer. */
export const LOSSY = "A number does not survive as a double";

/** An open array or object. `keys` is null for an array. */
type Level = { readonly keys: Set<string> | null; step: string; count: number };

type Fault = SyntaxFault | PolicyFault;

const FORBIDDEN: ReadonlySet<string> = new Set(["__proto__", "prototype", "constructor"]);
const SPACE = /[ \t\n\r]*/y;
/** The loop is unrolled, so that a long string needs no backtracking stack. */
// oxlint-disable-next-line no-control-regex -- RFC 8259 forbids exactly these in a string
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\u0000-\u001f]*)*"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null/y;

/** Finds where a text that JSON.parse refused first violates the grammar of RFC 8259. */
export function findSyntaxFault(text: string): SyntaxFault {
  const fault = scan(text, false);
  return fault ?? { index: text.length, message: "it does not parse" };
}

/** Finds the first policy fault of a JSON text in document order; null when there is none. */
export function findPolicyFault(text: string): PolicyFault | null {
  const fault = scan(text, true);
  if (fault === null) return null;
  if (!("code" in fault)) throw new Error(`Cannot scan: JSON.parse took a text that is not JSON at ${fault.index}`);
  return fault;
}

/**
 * Scans a text exactly by the grammar in one pass, without recursion, so that deep nesting cannot overflow the stack.
 * @param policy whether policy faults are searched for; otherwise only syntax faults.
 */
function scan(text: string, policy: boolean): Fault | null {
  const levels: Level[] = [];
  let at = skip(SPACE, text, 0);
  if (at === text.length) return { index: at, message: "only white space" };
  for (;;) {
    // Here a value is expected, or the end of an empty container.
    const opened = openAt(text, at, levels);
    if (opened !== null) {
      at = skip(SPACE, text, opened);
      const level = levels.at(-1);
      if (text[at] === (level?.keys === null ? "]" : "}")) {
        levels.pop();
        at += 1;
      } else if (level !== undefined && level.keys !== null) {
        const key = keyAt(text, at, level, levels, policy);
        if (typeof key !== "number") return key;
        at = key;
        continue;
      } else continue;
    } else {
      const value = scalarAt(text, at, levels, policy);
      if (typeof value !== "number") return value;
      at = value;
    }
    const after = closeOrNext(text, at, levels, policy);
    if (after === null) return null;
    if (typeof after !== "number") return after;
    at = after;
  }
}

/**
 * Continues after a value: closes the containers that end here. Returns the index of the next value, null at the end,
 * or the fault.
 */
function closeOrNext(text: string, from: number, levels: Level[], policy: boolean): number | Fault | null {
  let at = skip(SPACE, text, from);
  for (;;) {
    const level = levels.at(-1);
    if (level === undefined) return at === text.length ? null : unexpected(text, at);
    if (text[at] === (level.keys === null ? "]" : "}")) {
      levels.pop();
      at = skip(SPACE, text, at + 1);
      continue;
    }
    if (text[at] !== ",") return unexpected(text, at);
    at = skip(SPACE, text, at + 1);
    level.count += 1;
    return level.keys === null ? at : keyAt(text, at, level, levels, policy);
  }
}

function openAt(text: string, at: number, levels: Level[]): number | null {
  const symbol = text[at];
  if (symbol !== "{" && symbol !== "[") return null;
  levels.push({ keys: symbol === "{" ? new Set() : null, step: "", count: 0 });
  return at + 1;
}

/** Reads a key and its colon: returns the index of the value after them, or the fault. */
function keyAt(text: string, at: number, level: Level, levels: readonly Level[], policy: boolean): number | Fault {
  const end = match(STRING, text, at);
  if (end === null) return text[at] === '"' ? badString(text, at) : unexpected(text, at);
  if (policy) {
    const key = stringAt(text, at, end);
    level.step = key;
    const fault = keyFault(key, at, level, levels);
    if (fault !== null) return fault;
    level.keys?.add(key);
  }
  const colon = skip(SPACE, text, end);
  if (text[colon] !== ":") return unexpected(text, colon);
  return skip(SPACE, text, colon + 1);
}

function keyFault(key: string, index: number, level: Level, levels: readonly Level[]): PolicyFault | null {
  // A pointer is built only for a reported fault: below a long key each pointer would be as long.
  const at = (code: PolicyCode, message: string): PolicyFault => ({ code, index, pointer: placeOf(levels), message });
  if (level.keys?.has(key) === true) return at("duplicate-key", "A key appears twice in one object");
  if (FORBIDDEN.has(key)) return at("forbidden-key", `The key ${key} is not allowed`);
  if (key.includes("\u0000")) return at("forbidden-key", "A key contains NUL");
  if (key.isWellFormed()) return null;
  const pointer = placeOf(levels.slice(0, -1));
  return { code: "lone-surrogate", index, pointer, message: "A key contains a lone surrogate" };
}

/** Reads a string, number or word: returns the index after it, or the fault. */
function scalarAt(text: string, at: number, levels: readonly Level[], policy: boolean): number | Fault {
  const symbol = text[at];
  if (symbol === '"') {
    const end = match(STRING, text, at);
    if (end === null) return badString(text, at);
    if (policy && !stringAt(text, at, end).isWellFormed()) {
      return {
        code: "lone-surrogate",
        index: at,
        pointer: placeOf(levels),
        message: "A string contains a lone surrogate",
      };
    }
    return end;
  }
  const number = match(NUMBER, text, at);
  if (number !== null) {
    // The contract decides whether a 64-bit integer is allowed.
    if (!policy || fitOf(text.slice(at, number)) !== "lossy") return number;
    return { code: "lossy-number", index: at, pointer: placeOf(levels), message: LOSSY };
  }
  return match(WORD, text, at) ?? unexpected(text, at);
}

function placeOf(levels: readonly Level[]): string {
  return pointerOf(levels.map(({ keys, step, count }) => (keys === null ? count : step)));
}

/** Decodes a string literal; one without escapes is its own value. */
function stringAt(text: string, at: number, end: number): string {
  const inside = text.slice(at + 1, end - 1);
  return inside.includes("\\") ? (JSON.parse(text.slice(at, end)) as string) : inside;
}

function skip(pattern: RegExp, text: string, at: number): number {
  return match(pattern, text, at) ?? at;
}

function match(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}

function unexpected(text: string, index: number): SyntaxFault {
  if (text[index] === "\uFEFF") return { index, message: "a byte order mark (EF BB BF)" };
  return { index, message: index >= text.length ? "it ends too early" : "an unexpected character" };
}

function badString(text: string, index: number): SyntaxFault {
  const closed = text.indexOf('"', index + 1) !== -1;
  return { index, message: closed ? "a string with an invalid character or escape" : "it ends inside a string" };
}
