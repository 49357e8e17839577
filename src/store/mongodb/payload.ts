import { Double, Int32 } from "mongodb";
import type { JsonValue } from "../../core/json.ts";
import { NOTHING_DECLARED, type NumberTypes } from "../../core/number-types.ts";

/**
 * A payload as BSON keeps it: keys verbatim, and each number with the type its contract declares. Without a declaration
 * the value decides, as in every JSON import.
 *
 * Objects become maps where a key could mean something to the driver: a plain object with the key `_bsontype` makes bson
 * throw for the whole batch (measured, bson 7.3).
 */
export function toBson(payload: JsonValue, numbers: NumberTypes): unknown {
  if (typeof payload === "number") return toBsonNumber(payload, numbers.here);
  if (payload === null || typeof payload !== "object") return payload;
  if (Array.isArray(payload)) {
    const items = payload as readonly JsonValue[];
    return items.map((item, index) => toBson(item, numbers.prefix[index] ?? numbers.items ?? NOTHING_DECLARED));
  }
  const made: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(payload)) {
    if (key === "_bsontype" || key === "toBSON" || key === "__proto__")
      return toMap(payload as { readonly [key: string]: JsonValue }, numbers);
    made[key] = toBson(value, typesOf(numbers, key));
  }
  return made;
}

function toMap(payload: { readonly [key: string]: JsonValue }, numbers: NumberTypes): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(payload).map(([key, value]) => [key, toBson(value, typesOf(numbers, key))]));
}

function typesOf(numbers: NumberTypes, key: string): NumberTypes {
  return numbers.properties.get(key) ?? numbers.rest ?? NOTHING_DECLARED;
}

const INT32_MAX = 2_147_483_647;

function toBsonNumber(value: number, declared: NumberTypes["here"]): Double | Int32 | bigint {
  const whole = Number.isSafeInteger(value) && !Object.is(value, -0);
  if (declared === "number" || !whole) return new Double(value);
  if (value >= -INT32_MAX - 1 && value <= INT32_MAX) return new Int32(value);
  return BigInt(value);
}

/**
 * The payload of a document whose bytes are not kept, as JSON text.
 * @throws when it is no JSON: somebody changed it.
 */
export function jsonTextOf(stored: unknown): string {
  return JSON.stringify(fromBson(stored));
}

function fromBson(stored: unknown): JsonValue {
  if (typeof stored === "bigint") return Number(stored);
  if (typeof stored === "number" && Number.isFinite(stored)) return stored;
  if (stored === null || typeof stored === "string" || typeof stored === "boolean") return stored;
  if (Array.isArray(stored)) return stored.map(fromBson);
  if (typeof stored !== "object" || Object.getPrototypeOf(stored) !== Object.prototype)
    throw new Error("its payload is no JSON");
  return Object.fromEntries(Object.entries(stored).map(([key, value]) => [key, fromBson(value)]));
}

/** Whether a payload as the driver reads it is this JSON value: the types of its numbers say nothing, their values do. */
export function isSamePayload(stored: unknown, payload: JsonValue | undefined): boolean {
  if (payload === undefined) return true;
  if (typeof payload === "number") return Number(stored) === payload && typeof stored !== "string";
  if (payload === null || typeof payload !== "object") return stored === payload;
  if (typeof stored !== "object" || stored === null || Array.isArray(stored) !== Array.isArray(payload)) return false;
  const [there, wanted] = [Object.entries(stored), Object.entries(payload)];
  if (there.length !== wanted.length) return false;
  const found = new Map<string, unknown>(there);
  return wanted.every(([key, value]) => found.has(key) && isSamePayload(found.get(key), value));
}
