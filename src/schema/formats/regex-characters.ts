import { DIGIT, HEX, isOf, LETTER } from "./characters.ts";

/** A pattern and the current position in it. */
export type PatternText = {
  readonly text: string;
  at: number;
  /** Whether each `\p{...}` seen so far names a property; cached, since the runtime takes 0.1 ms to tell. */
  readonly properties: Map<string, boolean>;
};

/** The next code unit, or "" at the end. */
export function at(pattern: PatternText): string {
  return pattern.text.charAt(pattern.at);
}

/** Consumes a short text if it comes next. */
export function takes(pattern: PatternText, next: string): boolean {
  if (!pattern.text.startsWith(next, pattern.at)) return false;
  pattern.at += next.length;
  return true;
}

/** Consumes decimal digits; returns them without leading zeros, or null if there are none. */
export function afterNumber(pattern: PatternText): string | null {
  const start = pattern.at;
  let significant = start;
  while (pattern.at < pattern.text.length && isOf(DIGIT, pattern.text.charCodeAt(pattern.at))) {
    if (significant === pattern.at && at(pattern) === "0") significant++;
    pattern.at++;
  }
  return pattern.at === start ? null : pattern.text.slice(significant, pattern.at);
}

/**
 * Reads a CharacterEscape with flag `u`, after the backslash: returns its code point, or null. `\-` is valid only in a
 * class, and `\a` nowhere.
 */
export function readCharacterEscape(pattern: PatternText): number | null {
  const next = at(pattern);
  pattern.at++;
  switch (next) {
    case "t":
      return 0x09;
    case "n":
      return 0x0a;
    case "v":
      return 0x0b;
    case "f":
      return 0x0c;
    case "r":
      return 0x0d;
    case "0":
      return isOf(DIGIT, pattern.text.charCodeAt(pattern.at)) ? null : 0;
    case "c":
      return isOf(LETTER, pattern.text.charCodeAt(pattern.at)) ? pattern.text.charCodeAt(pattern.at++) % 32 : null;
    case "x":
      return readHex(pattern, 2);
    case "u":
      return readUnicodeEscape(pattern);
    default:
      return next !== "" && SYNTAX_CHARACTERS.includes(next) ? next.charCodeAt(0) : null;
  }
}

/** Reads the name after `(?<` or `\k<`, with its `>` (RegExpIdentifierName with escapes); null when there is none. */
export function readGroupName(pattern: PatternText): string | null {
  let name = "";
  while (!takes(pattern, ">")) {
    let codePoint = pattern.text.codePointAt(pattern.at) ?? null;
    if (takes(pattern, "\\")) codePoint = takes(pattern, "u") ? readUnicodeEscape(pattern) : null;
    else if (codePoint !== null) pattern.at += codePoint > 0xffff ? 2 : 1;
    if (codePoint === null) return null;
    const character = String.fromCodePoint(codePoint);
    if (!(name === "" ? NAME_START : NAME_PART).test(character)) return null;
    name += character;
  }
  return name === "" ? null : name;
}

/** Reads `ims-ims:`: no flag may occur twice, and a hyphen needs at least one flag. */
export function readModifiers(pattern: PatternText): boolean {
  const seen = new Set<string>();
  let hyphen = false;
  for (;;) {
    const flag = at(pattern);
    pattern.at++;
    if (flag === ":") return !hyphen || seen.size > 0;
    if (flag === "-" && !hyphen) hyphen = true;
    else if ((flag === "i" || flag === "m" || flag === "s") && !seen.has(flag)) seen.add(flag);
    else return false;
  }
}

const SYNTAX_CHARACTERS = "^$\\.*+?()[]{}|/";
const NAME_START = /^[\p{ID_Start}$_]$/u;
const NAME_PART = /^[\p{ID_Continue}$\u200c\u200d]$/u;
const CODE_POINT_MAX = 0x10ffff;

/**
 * Reads the rest of an escape after `\u`: four digits, two times four for a surrogate pair, or any number in braces.
 */
function readUnicodeEscape(pattern: PatternText): number | null {
  if (!takes(pattern, "{")) {
    const lead = readHex(pattern, 4);
    if (lead === null || lead < 0xd800 || lead > 0xdbff || !pattern.text.startsWith("\\u", pattern.at)) return lead;
    const back = pattern.at;
    pattern.at += 2;
    const trail = readHex(pattern, 4);
    if (trail !== null && trail >= 0xdc00 && trail <= 0xdfff) return (lead - 0xd800) * 0x400 + trail - 0xdc00 + 0x10000;
    pattern.at = back;
    return lead;
  }
  let codePoint: number | null = null;
  while (pattern.at < pattern.text.length && isOf(HEX, pattern.text.charCodeAt(pattern.at))) {
    codePoint = (codePoint ?? 0) * 16 + Number.parseInt(at(pattern), 16);
    if (codePoint > CODE_POINT_MAX) return null;
    pattern.at++;
  }
  return takes(pattern, "}") ? codePoint : null;
}

function readHex(pattern: PatternText, digits: number): number | null {
  let value = 0;
  for (let count = 0; count < digits; count++) {
    if (!isOf(HEX, pattern.text.charCodeAt(pattern.at))) return null;
    value = value * 16 + Number.parseInt(at(pattern), 16);
    pattern.at++;
  }
  return value;
}
