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

/** Reads `{Name}` or `{Name=Value}` behind `\p`, and whether ECMA-262 has such a property (tables 69 to 71). */
export function isUnicodeProperty(pattern: PatternText): boolean {
  const start = pattern.at;
  if (!takes(pattern, "{")) return false;
  while (pattern.at - start <= PROPERTY_MAX && isPropertyCharacter(pattern.text.charCodeAt(pattern.at))) pattern.at++;
  if (!takes(pattern, "}")) return false;
  const written = pattern.text.slice(start, pattern.at);
  const known = pattern.properties.get(written) ?? hasProperty(written);
  pattern.properties.set(written, known);
  return known;
}

/** Reads a class with its brackets. */
export function readClass(pattern: PatternText): boolean {
  pattern.at++;
  takes(pattern, "^");
  while (pattern.at < pattern.text.length) {
    if (takes(pattern, "]")) return true;
    const low = readClassAtom(pattern);
    if (low === null) return false;
    if (at(pattern) !== "-" || pattern.text.startsWith("-]", pattern.at)) continue;
    pattern.at++;
    const high = readClassAtom(pattern);
    if (high === null || low === "set" || high === "set" || low > high) return false;
  }
  return false;
}

const SYNTAX_CHARACTERS = "^$\\.*+?()[]{}|/";
const NAME_START = /^[\p{ID_Start}$_]$/u;
const NAME_PART = /^[\p{ID_Continue}$\u200c\u200d]$/u;
/** Longer than any; "{Script_Extensions=Inscriptional_Parthian}" has 42. */
const PROPERTY_MAX = 80;
const UNDERSCORE = 0x5f;
const EQUALS = 0x3d;
const CODE_POINT_MAX = 0x10ffff;

/** The code point that an atom of a class names, "set" for `\d` and the like, or null. */
function readClassAtom(pattern: PatternText): number | "set" | null {
  if (!takes(pattern, "\\")) {
    const codePoint = pattern.text.codePointAt(pattern.at) ?? null;
    pattern.at += codePoint !== null && codePoint > 0xffff ? 2 : 1;
    return codePoint;
  }
  const next = at(pattern);
  if (takes(pattern, "b")) return 0x08;
  if (takes(pattern, "-")) return 0x2d;
  if (next !== "" && "dDsSwW".includes(next)) {
    pattern.at++;
    return "set";
  }
  if (takes(pattern, "p") || takes(pattern, "P")) return isUnicodeProperty(pattern) ? "set" : null;
  return readCharacterEscape(pattern);
}

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

function isPropertyCharacter(code: number): boolean {
  return isOf(LETTER | DIGIT, code) || code === UNDERSCORE || code === EQUALS;
}

function hasProperty(written: string): boolean {
  try {
    void new RegExp(`\\p${written}`, "u");
    return true;
  } catch {
    return false;
  }
}
