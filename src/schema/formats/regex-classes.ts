import { DIGIT, isOf, LETTER } from "./characters.ts";
import { at, type PatternText, readCharacterEscape, takes } from "./regex-characters.ts";

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

/** Reads `{Name}` or `{Name=Value}` after `\p`; returns whether ECMA-262 has such a property (tables 69 to 71). */
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

/** Consumes the letter of `\d`, `\w`, `\s` or their opposites, if it comes next. */
export function takesSetEscape(pattern: PatternText): boolean {
  const next = at(pattern);
  if (next === "" || !"dDsSwW".includes(next)) return false;
  pattern.at++;
  return true;
}

/** Longer than every property: "{Script_Extensions=Inscriptional_Parthian}" has 42 characters. */
const PROPERTY_MAX = 80;
const UNDERSCORE = 0x5f;
const EQUALS = 0x3d;

/** Reads an atom of a class: returns its code point, "set" for `\d` and the like, or null. */
function readClassAtom(pattern: PatternText): number | "set" | null {
  if (!takes(pattern, "\\")) {
    const codePoint = pattern.text.codePointAt(pattern.at) ?? null;
    pattern.at += codePoint !== null && codePoint > 0xffff ? 2 : 1;
    return codePoint;
  }
  if (takes(pattern, "b")) return 0x08;
  if (takes(pattern, "-")) return 0x2d;
  if (takesSetEscape(pattern)) return "set";
  if (takes(pattern, "p") || takes(pattern, "P")) return isUnicodeProperty(pattern) ? "set" : null;
  return readCharacterEscape(pattern);
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
