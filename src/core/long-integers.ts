import type { Malformed } from "./failure.ts";
import { LOSSY } from "../json/json-scan.ts";
import type { JsonValue } from "../json/json.ts";
import { pathsTo } from "../json/paths-to.ts";
import { nearestPointer, pointerOf, stepsOf, type Path } from "../json/pointer.ts";
import { typesAt, type NumberTypes } from "../schema/number-types.ts";

/** Place of an integer that no double represents: its path in the payload, and its offset in the bytes. */
export type LongInteger = { readonly path: Path | null; readonly byteOffset: number | null };

/** A parsed payload, before a contract has said how its integers are declared. */
export type Parsed = {
  readonly ok: true;
  readonly payload: JsonValue;
  /**
   * Every bigint in the payload, in document order; absent when there is none. The contract decides whether they are
   * allowed.
   */
  readonly integers?: readonly LongInteger[];
};

/** An integer of up to 64 bits that no double represents, and the offset of its literal. */
export type LongLiteral = { readonly byteOffset: number; readonly value: bigint };

/** A freshly parsed object or array, which may still be changed. */
type Container = { [step: string | number]: JsonValue };

/**
 * Puts exact integers into a payload in place of the rounded doubles that JSON.parse made.
 * @param payload is changed.
 */
export function placeIntegers(payload: JsonValue, bytes: Buffer, literals: readonly LongLiteral[]): Parsed {
  if (literals.length === 0) return { ok: true, payload };
  let whole = payload;
  const place = placing(payload);
  const paths = pathsTo(
    bytes,
    literals.map(({ byteOffset }) => byteOffset),
  );
  const integers = literals.map(({ byteOffset, value }, index) => {
    const path = paths[index] ?? null;
    if (path === null) whole = value;
    else place(path, value);
    return { path, byteOffset };
  });
  return { ok: true, payload: whole, integers };
}

/**
 * Adds an offset to the places of a payload's integers; null removes the offsets, when the payload has no place of its
 * own in the record.
 */
export function movedBy(parsed: Parsed, bytes: number | null): Parsed {
  const { integers } = parsed;
  if (integers === undefined || bytes === 0) return parsed;
  const moved = integers.map(({ path, byteOffset }) => {
    return { path, byteOffset: bytes === null || byteOffset === null ? null : byteOffset + bytes };
  });
  return { ...parsed, integers: moved };
}

/**
 * Sets values in a payload. Values of one container come in sequence and share the path object, so the container is
 * looked up once.
 */
function placing(payload: JsonValue): (path: Path, value: JsonValue) => void {
  let above: Path | null | undefined;
  let container = payload as Container;
  return (path, value) => {
    if (path.above !== above) {
      container = valueAt(payload, path.above) as Container;
      above = path.above;
    }
    container[path.step] = value;
  };
}

function valueAt(payload: JsonValue, path: Path | null): JsonValue {
  return stepsOf(path).reduce<JsonValue>((value, step) => (value as Container)[step] ?? null, payload);
}

/**
 * Checks the long integers of a payload against a contract. Where it declares `int64` they stay bigints. Elsewhere a
 * number is a double: the integer becomes one when the double is exactly equal, and is refused otherwise.
 */
export function resolveIntegers(
  { payload, integers = [] }: Parsed,
  numbers: NumberTypes,
): { readonly ok: true; readonly payload: JsonValue } | { readonly ok: false; readonly reason: Malformed } {
  const doubles: { readonly path: Path | null; readonly value: number }[] = [];
  for (const { path, byteOffset } of integers) {
    const steps = stepsOf(path);
    if (typesAt(numbers, steps).here === "int64") continue;
    const integer = valueAt(payload, path);
    const value = Number(integer);
    if (BigInt(value) !== integer) {
      const pointer = nearestPointer(pointerOf(steps));
      return { ok: false, reason: { kind: "malformed", code: "lossy-number", message: LOSSY, byteOffset, pointer } };
    }
    doubles.push({ path, value });
  }
  return { ok: true, payload: doubles.length === 0 ? payload : withDoubles(payload, doubles) };
}

/** A copy of the payload in which these integers are doubles. It is a copy because other versions may judge the same payload. */
function withDoubles(
  payload: JsonValue,
  doubles: readonly { readonly path: Path | null; readonly value: number }[],
): JsonValue {
  let whole = structuredClone<JsonValue>(payload);
  const place = placing(whole);
  for (const { path, value } of doubles) {
    if (path === null) whole = value;
    else place(path, value);
  }
  return whole;
}
