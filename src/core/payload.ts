import { isAscii, isUtf8 } from "node:buffer";
import type { PayloadLimits } from "./contract-set.ts";
import type { Malformed, MalformedCode } from "./failure.ts";
import { findPolicyFault, findSyntaxFault } from "../json/json-scan.ts";
import type { JsonValue } from "../json/json.ts";
import { fitOf } from "../json/number-literal.ts";
import { mayHoldLongInteger } from "../json/parse-json.ts";
import { firstInvalidByte } from "../json/utf8.ts";
import { nearestPointer } from "../json/pointer.ts";
import { movedBy, placeIntegers, type LongLiteral, type Parsed } from "./long-integers.ts";
import { frameBytes } from "./wire-format.ts";

export type ParsedPayload = Parsed | { readonly ok: false; readonly reason: Malformed };

/**
 * Parses bytes as strict JSON (RFC 8259, RFC 7493). Pure and total.
 *
 * Of several faults the first of this list is reported: empty, too-large, not-utf8, not-json, too-deep; then, by
 * position in the document, the first duplicate-key, forbidden-key, lone-surrogate or lossy-number.
 *
 * The fast path can only prove that a payload is valid. One pass over the bytes counts the colons outside strings: the
 * same number of keys in the parsed value proves that no key was a duplicate. At most 15 digits and a short exponent
 * prove that a double represents a number exactly; other numbers are tried one by one. The absence of `\u` escapes of
 * NUL and of surrogates proves that the payload holds neither; when there are such escapes, the walk over the value
 * checks every string. Whatever is not proved is left to the exact scanner.
 */
export function parsePayload(bytes: Uint8Array | null, limits: PayloadLimits): ParsedPayload {
  if (bytes === null || bytes.length === 0)
    return malformed("empty", bytes === null ? "No value" : "No bytes", null, null);
  if (bytes.length > limits.bytesMax) {
    return malformed("too-large", `${bytes.length} bytes; the limit is ${limits.bytesMax}`, null, null);
  }
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const survey = surveyBytes(buffer);
  // A byte order mark stays in the text, so that JSON.parse refuses it.
  if (!survey.ascii && !isUtf8(buffer)) return malformed("not-utf8", "Not UTF-8", firstInvalidByte(buffer), null);
  const text = buffer.toString(survey.ascii ? "latin1" : "utf8");
  let payload: JsonValue;
  const { stackTraceLimit } = Error;
  // Nobody reads the error, and collecting its stack took several times as long as the rest (measured, Node 24).
  Error.stackTraceLimit = 0;
  try {
    payload = JSON.parse(text) as JsonValue;
  } catch {
    // The message of JSON.parse quotes the payload, so our own scanner's message is used.
    const { index, message } = findSyntaxFault(text);
    return malformed("not-json", `Not JSON: ${message}`, byteOffsetOf(text, index), null);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  if (survey.depth > limits.depthMax) {
    return malformed("too-deep", `Nested ${survey.depth} deep; the limit is ${limits.depthMax}`, null, null);
  }
  const keys = survey.escapes ? countKeysAndCheckTexts(payload) : countKeys(payload);
  const integers = survey.numbers === null ? [] : longIntegersAt(buffer, survey.numbers);
  if (keys === survey.colons && integers !== null) return placeIntegers(payload, buffer, integers);
  const fault = findPolicyFault(text);
  if (fault === null) return placeIntegers(payload, buffer, integers ?? []);
  return malformed(fault.code, fault.message, byteOffsetOf(text, fault.index), fault.pointer);
}

/**
 * Parses a record's value without its wire-format prefix ({@link frameBytes}). Byte offsets count from the start of the
 * value.
 */
export function parseValue(value: Uint8Array | null, limits: PayloadLimits): ParsedPayload {
  const frame = value === null ? 0 : frameBytes(value);
  if (value === null || frame === 0) return parsePayload(value, limits);
  const parsed = parsePayload(value.subarray(frame), limits);
  if (parsed.ok) return movedBy(parsed, frame);
  if (parsed.reason.byteOffset === null) return parsed;
  return { ok: false, reason: { ...parsed.reason, byteOffset: parsed.reason.byteOffset + frame } };
}

/** Parses text that {@link parsePayload} accepted before. @throws when it is not JSON: the text was changed since. */
export function reparse(text: string): ParsedPayload {
  if (!mayHoldLongInteger(text)) return { ok: true, payload: JSON.parse(text) as JsonValue };
  return parsePayload(Buffer.from(text, "utf8"), NO_LIMITS);
}

const NO_LIMITS: PayloadLimits = { bytesMax: Number.POSITIVE_INFINITY, depthMax: Number.POSITIVE_INFINITY };

type Survey = {
  readonly ascii: boolean;
  /** Whether a string has a `\u` escape of NUL or of a surrogate. */
  readonly escapes: boolean;
  /** Colons outside strings: in valid JSON the number of keys, duplicates included. */
  readonly colons: number;
  readonly depth: number;
  /**
   * One index inside each number that has a long exponent or more than 15 digits; null when there is no such number.
   */
  readonly numbers: readonly number[] | null;
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const POINT = 0x2e;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const LETTER_U = 0x75;
/** Setting this bit maps "[" to "{", "]" to "}" and "E" to "e". */
const LOWER = 0x20;
/** A double represents any decimal of at most 15 significant digits without loss (IEEE 754 binary64). */
const DIGITS_SAFE = 15;
/**
 * With at most this many exponent digits, DIGITS_SAFE digits stay between 1e-113 and 1e114, where doubles are normal.
 */
const EXPONENT_DIGITS_SAFE = 2;

/**
 * This many bytes of a string are surveyed one by one; the runtime then searches the rest for its end. A search costs about
 * as much as the survey of 40 bytes, and a string of 16 kB takes a fortieth of the time.
 */
const WALKED = 40;

/**
 * Surveys the bytes in one pass with hardly any allocation. When the bytes are not JSON, only `ascii` is meaningful.
 * The tests of bytes up to "9" come first: on a document of 2 kB that takes a quarter less time than the tests in
 * reading order.
 */
function surveyBytes(bytes: Buffer): Survey {
  const { length } = bytes;
  let high = 0;
  let leaps: Leaps | null = null;
  let escapes = false;
  let colons = 0;
  let depth = 0;
  let deepest = 0;
  let digits = 0;
  let numbers: number[] | null = null;
  for (let at = 0; at < length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      let walkedTo = at + WALKED;
      for (at += 1; at < length; at += 1) {
        if (at > walkedTo) {
          at = leap((leaps ??= { quote: -1, backslash: -1 }), bytes, at);
          walkedTo = at + WALKED;
        }
        const inside = bytes[at] as number;
        if (inside === QUOTE) break;
        high |= inside;
        if (inside === BACKSLASH) {
          at += 1;
          // The escaped byte counts for `high` too. When it is not ASCII, the bytes are no JSON, and the decoder tells whether they are UTF-8.
          high |= bytes[at] ?? 0;
          if (bytes[at] === LETTER_U && isDoubtfulEscape(bytes, at + 1)) escapes = true;
        }
      }
      digits = 0;
    } else if (byte <= DIGIT_9) {
      if (byte >= DIGIT_0) {
        digits += 1;
        if (digits === DIGITS_SAFE + 1) (numbers ??= []).push(at);
      } else if (byte !== POINT) digits = 0;
    } else if (byte === COLON) {
      colons += 1;
      digits = 0;
    } else {
      high |= byte;
      // A long number with a long exponent is listed twice; it is then only tried twice.
      if (digits > 0 && (byte | LOWER) === 0x65 && hasLongExponent(bytes, at + 1)) (numbers ??= []).push(at);
      digits = 0;
      if ((byte | LOWER) === 0x7b) {
        depth += 1;
        if (depth > deepest) deepest = depth;
      } else if ((byte | LOWER) === 0x7d) depth -= 1;
    }
  }
  const ascii = high < 0x80 && (leaps === null || isAscii(bytes));
  return { ascii, escapes, colons, depth: deepest, numbers };
}

/** The next quote and the next backslash that were found; each is searched again only once it was passed. */
type Leaps = { quote: number; backslash: number };

/** The first quote or backslash from `from` on; the last byte when there is none. */
function leap(leaps: Leaps, bytes: Buffer, from: number): number {
  if (leaps.quote < from) leaps.quote = indexOrEnd(bytes, QUOTE, from);
  if (leaps.backslash < from) leaps.backslash = indexOrEnd(bytes, BACKSLASH, from);
  return Math.min(leaps.quote, leaps.backslash, bytes.length - 1);
}

function indexOrEnd(bytes: Buffer, byte: number, from: number): number {
  const found = bytes.indexOf(byte, from);
  return found === -1 ? bytes.length : found;
}

/** Whether the four digits of a `\u` escape name NUL (0000) or may name a surrogate (d8 to df, then two digits). */
function isDoubtfulEscape(bytes: Buffer, at: number): boolean {
  const first = bytes[at];
  if (first === DIGIT_0) return bytes[at + 1] === DIGIT_0 && bytes[at + 2] === DIGIT_0 && bytes[at + 3] === DIGIT_0;
  return first !== undefined && (first | LOWER) === 0x64 && (bytes[at + 1] ?? 0) >= 0x38;
}

/** Whether the exponent that begins here, sign included, has too many digits for the proof. */
function hasLongExponent(bytes: Buffer, start: number): boolean {
  let at = start;
  while (bytes[at] === 0x2b || bytes[at] === 0x2d) at += 1;
  for (let count = 0; count <= EXPONENT_DIGITS_SAFE; count += 1) {
    const byte = bytes[at + count] ?? 0;
    if (byte < DIGIT_0 || byte > DIGIT_9) return false;
  }
  return true;
}

/** Finds the integers at these indexes that no double represents; null when a number cannot be represented at all. */
function longIntegersAt(bytes: Buffer, inside: readonly number[]): readonly LongLiteral[] | null {
  const found: LongLiteral[] = [];
  for (const index of inside) {
    let start = index;
    while (start > 0 && mayBelongToNumber(bytes[start - 1])) start -= 1;
    let end = index;
    while (end < bytes.length && mayBelongToNumber(bytes[end])) end += 1;
    const literal = bytes.toString("latin1", start, end);
    const fit = fitOf(literal);
    if (fit === "lossy") return null;
    if (fit === "int64") found.push({ byteOffset: start, value: BigInt(literal) });
  }
  return found;
}

/** Whether a byte may belong to a number: digit, sign, point or exponent letter. */
function mayBelongToNumber(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  if (byte >= DIGIT_0 && byte <= DIGIT_9) return true;
  return byte === POINT || byte === 0x2d || byte === 0x2b || (byte | LOWER) === 0x65;
}

/** Counts the keys of every object in the value; -1 when a key is forbidden, which matches no count of colons. */
function countKeys(value: JsonValue): number {
  if (value === null || typeof value !== "object") return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) {
      if (typeof item !== "object" || item === null) continue;
      const inside = countKeys(item);
      if (inside < 0) return -1;
      count += inside;
    }
    return count;
  }
  const object = value as { readonly [key: string]: JsonValue };
  for (const key in object) {
    if (isForbiddenKey(key)) return -1;
    count += 1;
    const item = object[key];
    if (typeof item !== "object" || item === null) continue;
    const inside = countKeys(item);
    if (inside < 0) return -1;
    count += inside;
  }
  return count;
}

/** As {@link countKeys}, and also -1 for a NUL in a key or a lone surrogate anywhere. */
function countKeysAndCheckTexts(value: JsonValue): number {
  if (typeof value === "string") return value.isWellFormed() ? 0 : -1;
  if (value === null || typeof value !== "object") return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) {
      const inside = countKeysAndCheckTexts(item);
      if (inside < 0) return -1;
      count += inside;
    }
    return count;
  }
  const object = value as { readonly [key: string]: JsonValue };
  for (const key in object) {
    if (isForbiddenKey(key) || key.includes("\u0000") || !key.isWellFormed()) return -1;
    const inside = countKeysAndCheckTexts(object[key] as JsonValue);
    if (inside < 0) return -1;
    count += 1 + inside;
  }
  return count;
}

/** Whether a key is one through which careless merging code downstream could change a prototype. */
function isForbiddenKey(key: string): boolean {
  if (key.length !== 9 && key.length !== 11) return false;
  return key === "__proto__" || key === "prototype" || key === "constructor";
}

function byteOffsetOf(text: string, index: number): number {
  return Buffer.byteLength(text.slice(0, index), "utf8");
}

function malformed(
  code: MalformedCode,
  message: string,
  byteOffset: number | null,
  pointer: string | null,
): ParsedPayload {
  const near = pointer === null ? null : nearestPointer(pointer);
  return { ok: false, reason: { kind: "malformed", code, message, byteOffset, pointer: near } };
}
