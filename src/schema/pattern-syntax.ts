/**
 * Why a pattern is not a regular expression of ECMA-262 with flag `u`, as JSON Schema 2020-12 requires. Both indexes
 * count UTF-16 units; `end` is the index after the faulty part. `equal` is a replacement that means the same as the
 * part did without flag `u`; null when the part had no meaning, or hardly the intended one.
 */
export type PatternFault = {
  readonly index: number;
  readonly end: number;
  readonly message: string;
  readonly remedy: string;
  readonly equal: string | null;
};

/** The first fault of a pattern; null when it compiles with flag `u`. */
export function findPatternFault(pattern: string): PatternFault | null {
  if (compiles(pattern, "u")) return null;
  return scanPattern(pattern) ?? whole(pattern);
}

/**
 * Rewrites a pattern without flag `u` to one with it that means the same: `\-` becomes `-`, a brace that repeats
 * nothing `\{`.
 * @returns the fault when no such pattern is certain.
 */
export function modernisePattern(
  pattern: string,
): { readonly ok: true; readonly pattern: string } | { readonly ok: false; readonly fault: PatternFault } {
  // A pattern that compiles neither with nor without the flag has no meaning to keep.
  const meant = compiles(pattern, "");
  let modern = pattern;
  for (;;) {
    const fault = findPatternFault(modern);
    if (fault === null) return { ok: true, pattern: modern };
    const first = fault.equal !== null && meant && compiles(modern, "");
    if (!first) return { ok: false, fault: modern === pattern ? fault : (findPatternFault(pattern) ?? fault) };
    modern = `${modern.slice(0, fault.index)}${fault.equal}${modern.slice(fault.end)}`;
  }
}

/** Describes a fault for people, with its position unless the whole pattern is wrong. */
export function describePatternFault({ index, end, message, remedy }: PatternFault, pattern: string): string {
  const where = index === 0 && end === pattern.length ? "" : ` at character ${index + 1} of it`;
  return `the pattern is no regular expression under flag u: ${message}${where}; ${remedy}`;
}

function compiles(pattern: string, flags: string): boolean {
  try {
    return new RegExp(pattern, flags) instanceof RegExp;
  } catch {
    return false;
  }
}

/** The runtime's message without the pattern, which may be long. */
function whole(pattern: string): PatternFault {
  let message = "it is not one";
  try {
    void new RegExp(pattern, "u");
  } catch (error) {
    message = (error as Error).message.split(": ").at(-1)?.toLowerCase() ?? message;
  }
  return { index: 0, end: pattern.length, message, remedy: "correct its syntax", equal: null };
}

/** Where a token ends, and whether a quantifier may follow it. */
type Token = { readonly end: number; readonly repeatable: boolean };

type Outside = {
  /** The index of each open group, and whether it may be repeated when closed. */
  readonly open: { readonly index: number; readonly repeatable: boolean }[];
  readonly groups: number;
  repeatable: boolean;
};

/** Scans the tokens up to the first that flag `u` forbids; null when no single token is wrong. */
function scanPattern(pattern: string): PatternFault | null {
  const outside: Outside = { open: [], groups: countGroups(pattern), repeatable: false };
  for (let at = 0; at < pattern.length;) {
    const token = pattern[at] === "[" ? readClass(pattern, at) : readToken(pattern, at, outside);
    if ("message" in token) return token;
    outside.repeatable = token.repeatable;
    at = token.end;
  }
  const [unclosed] = outside.open;
  return unclosed === undefined ? null : faultOf(unclosed.index, 1, "a group is never closed", "write ) behind it");
}

function readToken(pattern: string, at: number, outside: Outside): Token | PatternFault {
  const symbol = String.fromCodePoint(pattern.codePointAt(at) ?? 0);
  switch (symbol) {
    case "\\":
      return readEscape(pattern, at, outside.groups);
    case "(":
      return readGroup(pattern, at, outside);
    case ")": {
      const group = outside.open.pop();
      if (group === undefined)
        return faultOf(at, 1, "there is no group to close", String.raw`write \) for the bracket itself`);
      return { end: at + 1, repeatable: group.repeatable };
    }
    case "*":
    case "+":
    case "?":
      return outside.repeatable ? behindQuantifier(pattern, at + 1) : nothingToRepeat(at, 1);
    case "{":
      return readBrace(pattern, at, outside.repeatable);
    case "}":
    case "]":
      return faultOf(at, 1, `"${symbol}" closes nothing`, `write \\${symbol} for the character itself`, `\\${symbol}`);
    case "^":
    case "$":
    case "|":
      return { end: at + 1, repeatable: false };
    default:
      return { end: at + symbol.length, repeatable: true };
  }
}

function nothingToRepeat(at: number, length: number): PatternFault {
  return faultOf(at, length, "there is nothing to repeat", "write a backslash before it for the character itself");
}

/** Reads the optional question mark that makes a quantifier lazy; no quantifier may follow another. */
function behindQuantifier(pattern: string, at: number): Token {
  return { end: pattern[at] === "?" ? at + 1 : at, repeatable: false };
}

function readBrace(pattern: string, at: number, repeatable: boolean): Token | PatternFault {
  const [quantifier, from, , to] = match(/\{(\d+)(,(\d*))?\}/y, pattern, at) ?? [];
  if (quantifier === undefined) {
    const upTo = match(/\{,(\d+)\}/y, pattern, at);
    if (upTo !== null) return faultOf(at, upTo[0].length, `"${upTo[0]}" repeats nothing`, `write {0,${upTo[1] ?? ""}}`);
    return faultOf(at, 1, '"{" repeats nothing', String.raw`write \{ for the character itself`, String.raw`\{`);
  }
  if (!repeatable) return nothingToRepeat(at, quantifier.length);
  if (to !== undefined && to !== "" && Number(to) < Number(from))
    return faultOf(at, quantifier.length, "a repetition ends before it begins", "write the smaller number first");
  return behindQuantifier(pattern, at + quantifier.length);
}

const GROUP = /\((?:\?(?::|[=!]|<[=!]|<[\p{ID_Start}$_][\p{ID_Continue}$]*>|[ims]*(?:-[ims]*)?:))?/uy;

function readGroup(pattern: string, at: number, { open }: Outside): Token | PatternFault {
  const [opening = "("] = match(GROUP, pattern, at) ?? [];
  if (opening === "(" && pattern[at + 1] === "?") {
    const name = match(/\(\?P<(\w+)>/y, pattern, at);
    if (name !== null) return faultOf(at, name[0].length, "a group is not named so", `write (?<${name[1] ?? ""}>`);
    const flags = match(/\(\?[a-zA-Z-]+\)/y, pattern, at);
    if (flags !== null) {
      const remedy = "write both cases where it matters, as [Aa]";
      return faultOf(at, flags[0].length, "there are no flags for the rest of a pattern", remedy);
    }
    return faultOf(at, 2, "there is no such kind of group", "write (?: or one of (?= (?! (?<= (?<!");
  }
  open.push({ index: at, repeatable: !/^\(\?<?[=!]$/.test(opening) });
  return { end: at + opening.length, repeatable: false };
}

const ESCAPE =
  /\\(?:[bBdDsSwWfnrtv^$\\.*+?()[\]{}|/]|0(?!\d)|c[A-Za-z]|x[\dA-Fa-f]{2}|u(?:[\dA-Fa-f]{4}|\{[\dA-Fa-f]+\})|[pP]\{[^{}]*\}|k<[^<>]+>)/y;

function readEscape(pattern: string, at: number, groups: number): Token | PatternFault {
  const [escape] = match(ESCAPE, pattern, at) ?? [];
  if (escape !== undefined) {
    if (/^\\[pP]/.test(escape) && !compiles(escape, "u")) return noProperty(at, escape);
    return { end: at + escape.length, repeatable: !/^\\[bB]$/.test(escape) };
  }
  const [reference] = match(/\\[1-9]\d*/y, pattern, at) ?? [];
  if (reference !== undefined && Number(reference.slice(1)) <= groups)
    return { end: at + reference.length, repeatable: true };
  if (reference !== undefined)
    return faultOf(at, reference.length, "it refers to a group that is not there", "name a group that is");
  return badEscape(pattern, at);
}

/** Escapes of other regular expression dialects, and their replacements. */
const DIALECTS: Readonly<Record<string, string>> = {
  A: "write ^ for the beginning",
  Z: "write $ for the end",
  z: "write $ for the end",
  h: String.raw`write [ \t] for blanks`,
  x: "write two hexadecimal digits behind it",
  u: "write four hexadecimal digits behind it, or up to six in braces",
  p: "write the name of a property in braces behind it",
  P: "write the name of a property in braces behind it",
  c: "write a letter behind it",
  k: "write the name of a group in < > behind it",
};

function badEscape(pattern: string, at: number): PatternFault {
  const point = pattern.codePointAt(at + 1);
  if (point === undefined)
    return faultOf(at, 1, "it ends in a backslash", String.raw`write \\ for the backslash itself`);
  const symbol = String.fromCodePoint(point);
  const message = `there is no escape of "${symbol}"`;
  // An escaped letter is usually meant as in another dialect, never as the letter itself.
  if (/[A-Za-z0-9]/.test(symbol))
    return faultOf(at, 2, message, DIALECTS[symbol] ?? `write "${symbol}" for the character itself`);
  return faultOf(at, 1 + symbol.length, message, `write "${symbol}"`, symbol);
}

function noProperty(at: number, escape: string): PatternFault {
  return faultOf(at, escape.length, "no property of characters is called so", String.raw`name one that is, as \p{L}`);
}

/** One character of a class, or a set of characters; `code` is null for a set. */
type Atom = { readonly end: number; readonly code: number | null };

function readClass(pattern: string, from: number): Token | PatternFault {
  let at = from + (pattern[from + 1] === "^" ? 2 : 1);
  while (at < pattern.length) {
    if (pattern[at] === "]") return { end: at + 1, repeatable: true };
    const start = at;
    const first = readAtom(pattern, start);
    if ("message" in first) return first;
    at = first.end;
    if (pattern[at] !== "-" || pattern[at + 1] === "]" || at + 1 >= pattern.length) continue;
    const last = readAtom(pattern, at + 1);
    if ("message" in last) return last;
    if (first.code === null || last.code === null) {
      const message = "a range begins or ends with a set of characters";
      return faultOf(at, 1, message, String.raw`write \- for the dash itself`, String.raw`\-`);
    }
    if (first.code > last.code) {
      return faultOf(start, last.end - start, "a range ends before it begins", "write the smaller character first");
    }
    at = last.end;
  }
  return faultOf(
    from,
    1,
    "a class of characters is never closed",
    String.raw`write ] behind it, or \[ for the bracket itself`,
  );
}

const CLASS_ESCAPE =
  /\\(?:[bdDsSwWfnrtv^$\\.*+?()[\]{}|/-]|0(?!\d)|c[A-Za-z]|x[\dA-Fa-f]{2}|u(?:[\dA-Fa-f]{4}|\{[\dA-Fa-f]+\})|[pP]\{[^{}]*\})/y;

function readAtom(pattern: string, at: number): Atom | PatternFault {
  if (pattern[at] !== "\\") {
    const code = pattern.codePointAt(at) ?? 0;
    return { end: at + String.fromCodePoint(code).length, code };
  }
  const [escape] = match(CLASS_ESCAPE, pattern, at) ?? [];
  if (escape === undefined) return badEscape(pattern, at);
  const end = at + escape.length;
  if (/^\\[pP]/.test(escape) && !compiles(escape, "u")) return noProperty(at, escape);
  if (/^\\[dDsSwWpP]/.test(escape)) return { end, code: null };
  return { end, code: codeOf(escape) };
}

function codeOf(escape: string): number {
  const [, hex] = /^\\[xu]\{?([\dA-Fa-f]+)\}?$/.exec(escape) ?? [];
  if (hex !== undefined) return Number.parseInt(hex, 16);
  const control: Readonly<Record<string, number>> = { b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, "0": 0 };
  const letter = escape[1] ?? "";
  if (letter === "c") return (escape.codePointAt(2) ?? 0) % 32;
  return control[letter] ?? letter.codePointAt(0) ?? 0;
}

/** The number of capturing groups; parentheses in a class do not count. */
function countGroups(pattern: string): number {
  const bare = pattern.replaceAll(/\\[^]|\[(?:\\[^]|[^\]\\])*\]/g, "");
  return [...bare.matchAll(/\((?!\?)|\(\?<(?![=!])/g)].length;
}

function match(expression: RegExp, text: string, at: number): RegExpExecArray | null {
  expression.lastIndex = at;
  return expression.exec(text);
}

function faultOf(
  index: number,
  length: number,
  message: string,
  remedy: string,
  equal: string | null = null,
): PatternFault {
  return { index, end: index + length, message, remedy, equal };
}
