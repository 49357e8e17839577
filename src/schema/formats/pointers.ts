import { DIGIT, isOf } from "./characters.ts";

/** `json-pointer`: RFC 6901 section 3 in its plain form; the URI fragment form (`#/a`) is not included. */
export function isJsonPointer(text: string): boolean {
  return isPointerFrom(text, 0);
}

/**
 * `relative-json-pointer`: section 3 of draft-bhutton-relative-json-pointer-00, which JSON Schema 2020-12 refers to, so
 * with an optional `+1` or `-1` that moves within an array; also before `#`, as in its examples (`0-1#`).
 */
export function isRelativeJsonPointer(text: string): boolean {
  let at = afterInteger(text, 0);
  if (at < 0) return false;
  const code = text.charCodeAt(at);
  if (code === PLUS || code === MINUS) {
    at = afterInteger(text, at + 1);
    if (at < 0) return false;
  }
  return (text.charCodeAt(at) === HASH && at + 1 === text.length) || isPointerFrom(text, at);
}

const HASH = 0x23;
const PLUS = 0x2b;
const MINUS = 0x2d;
const SLASH = 0x2f;
const DIGIT_0 = 0x30;
const DIGIT_1 = 0x31;

function isPointerFrom(text: string, from: number): boolean {
  if (from === text.length) return true;
  if (text.charCodeAt(from) !== SLASH) return false;
  for (let at = text.indexOf("~", from); at >= 0; at = text.indexOf("~", at + 1)) {
    const escaped = text.charCodeAt(at + 1);
    if (escaped !== DIGIT_0 && escaped !== DIGIT_1) return false;
  }
  return true;
}

/** The index after a number without leading zeros; -1 if there is none. */
function afterInteger(text: string, from: number): number {
  let at = from;
  while (at < text.length && isOf(DIGIT, text.charCodeAt(at))) at++;
  if (at === from || (text.charCodeAt(from) === DIGIT_0 && at > from + 1)) return -1;
  return at;
}
