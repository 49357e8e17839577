import type { Malformed } from "./failure.ts";
import { LOSSY } from "../json/json-scan.ts";
import type { JsonValue } from "../json/json.ts";
import { pathsTo } from "../json/paths-to.ts";
import { nearestPointer, pointerOf, stepsOf, type Path } from "../json/pointer.ts";
import { typesAt, type NumberTypes } from "../schema/number-types.ts";

/** Where in a payload an integer stands that no double keeps, and where in its bytes. */
export type LongInteger = { readonly path: Path | null; readonly byteOffset: number | null };

/** A payload, before a contract has said how its integers are declared. */
export type Parsed = {
  readonly ok: true;
  readonly payload: JsonValue;
  /** Every bigint in the payload, in document order; absent when there is none. Only a contract says whether they may pass. */
  readonly integers?: readonly LongInteger[];
};

/** An integer of up to 64 bits that no double keeps, as its literal stands in the bytes. */
export type LongLiteral = { readonly byteOffset: number; readonly value: bigint };

/** A container that was parsed a moment ago and is nobody else's yet. */
type Container = { [step: string | number]: JsonValue };

/** Puts integers in the places where JSON.parse has left the nearest double. @param payload is changed. */
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

/** The same payload so many bytes further on in what holds it; null where it has no place of its own in that. */
export function movedBy(parsed: Parsed, bytes: number | null): Parsed {
  const { integers } = parsed;
  if (integers === undefined || bytes === 0) return parsed;
  const moved = integers.map(({ path, byteOffset }) => {
    return { path, byteOffset: bytes === null || byteOffset === null ? null : byteOffset + bytes };
  });
  return { ...parsed, integers: moved };
}

/** Sets values in a payload. Those of one container follow one another, and share its path. */
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
 * Holds the integers of a payload to a contract. Where it declares `int64` they stand as they are; elsewhere a number is a
 * double, so that an integer becomes one when its exact value is that of a double, and is refused otherwise.
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

/** A copy: a payload may be judged by several versions. */
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
