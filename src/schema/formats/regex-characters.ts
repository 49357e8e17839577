import { DIGIT, HEX, isOf, LETTER } from "./characters.ts";

/** A pattern and how far it is read. */
export type PatternText = {
  readonly text: string;
  at: number;
  /** Of each `\p{...}` that was seen whether there is such a property: the engine takes 0.1 ms to say so. */
  readonly properties: Map<string, boolean>;
};

/** The next code unit, or "" at the end. */
export function at(pattern: PatternText): string {
  return pattern.text.charAt(pattern.at);
}

/** Passes a short text if it is next. */
export function takes(pattern: PatternText, next: string): boolean {
  if (!pattern.text.startsWith(next, pattern.at)) return false;
  pattern.at += next.length;
  return true;
}

/** Passes decimal digits; gives them without leading zeros, or null if there are none. */
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
 * CharacterEscape with `u`, from behind the backslash: the code point that it names, or null. `\-` is one only in a class, and
 * `\a` nowhere.
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

/** The name that follows `(?<` or `\k<`, with its `>`: RegExpIdentifierName, escapes read; or null. */
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

/** Reads `ims-ims:`, where no flag is named twice and one is named at least if there is a hyphen. */
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

/** From behind `\u`: four digits, two times four for a surrogate pair, or any number in braces. */
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
