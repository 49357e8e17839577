import { DIGIT, isOf } from "./characters.ts";

/**
 * `duration`: RFC 3339 appendix A. Units follow each other without a gap (`P1Y2D` lacks its months), weeks are not
 * combined with other units, numbers have digits only. Letters may be lower case, since a literal of ABNF matches both
 * cases (RFC 5234 section 2.3).
 */
export function isDuration(text: string): boolean {
  if (upperAt(text, 0) !== "P") return false;
  if (upperAt(text, text.length - 1) === "W") return text.length > 2 && afterDigits(text, 1) === text.length - 1;
  const timeAt = afterUnits(text, 1, "YMD");
  if (timeAt < 0) return false;
  if (timeAt === text.length) return timeAt > 1;
  if (upperAt(text, timeAt) !== "T") return false;
  return timeAt + 1 < text.length && afterUnits(text, timeAt + 1, "HMS") === text.length;
}

/**
 * The index after the numbers with units; -1 if a number has no unit, or its unit does not directly follow the previous
 * one in order.
 */
function afterUnits(text: string, from: number, units: string): number {
  let at = from;
  let last = -1;
  while (at < text.length && isOf(DIGIT, text.charCodeAt(at))) {
    const unitAt = afterDigits(text, at);
    const unit = unitAt < text.length ? units.indexOf(upperAt(text, unitAt)) : -1;
    if (unit < 0 || (last >= 0 && unit !== last + 1)) return -1;
    last = unit;
    at = unitAt + 1;
  }
  return at;
}

function afterDigits(text: string, from: number): number {
  let at = from;
  while (at < text.length && isOf(DIGIT, text.charCodeAt(at))) at++;
  return at;
}

/** The ASCII letter at an index, in upper case; "-" for any other character (`ſ` is not an S). */
function upperAt(text: string, at: number): string {
  const code = text.charCodeAt(at);
  if (code >= 0x61 && code <= 0x7a) return String.fromCharCode(code - 0x20);
  return code >= 0x41 && code <= 0x5a ? String.fromCharCode(code) : "-";
}
