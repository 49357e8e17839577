import { compareNumbers } from "../json/decimal.ts";
import type { JsonObject, JsonValue } from "../json/json.ts";

/**
 * Equality of JSON values (JSON Schema 2020-12, 4.2.2): the order of members does not matter, 0 equals -0, and only own
 * members count, even ones named `toString` or `valueOf`.
 */
export function jsonEqual(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true;
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b) === 0;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (isList(a))
    return isList(b) && a.length === b.length && a.every((item, index) => jsonEqual(item, b[index] ?? null));
  return !isList(b) && membersEqual(a, b);
}

function membersEqual(a: JsonObject, b: JsonObject): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && jsonEqual(a[name] ?? null, b[name] ?? null));
}

/** A text that is the same for equal values only: it finds equal values among many in linear time. */
export function equalityKey(value: JsonValue): string {
  if (value === null || typeof value !== "object")
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  if (isList(value)) return `[${value.map(equalityKey).join(",")}]`;
  const members = Object.keys(value).toSorted();
  return `{${members.map((name) => `${JSON.stringify(name)}:${equalityKey(value[name] ?? null)}`).join(",")}}`;
}

/** The indexes of the first two equal items, or null. Linear in the size of the items. */
export function firstEqualItems(items: readonly JsonValue[]): readonly [number, number] | null {
  const scalars = new Map<JsonValue, number>();
  const others = new Map<JsonValue, number>();
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index] ?? null;
    const isScalar = item === null || typeof item !== "object";
    const [seen, key] = isScalar ? [scalars, item] : [others, equalityKey(item)];
    const earlier = seen.get(key);
    if (earlier !== undefined) return [earlier, index];
    seen.set(key, index);
  }
  return null;
}

/**
 * Compiles a test for membership in a list. Scalars, the usual members, are looked up in a set; others are compared.
 */
export function compileMembership(members: readonly JsonValue[]): (value: JsonValue) => boolean {
  const scalars: ReadonlySet<JsonValue> = new Set(
    members.filter((member) => member === null || typeof member !== "object"),
  );
  const others = members.filter((member) => typeof member === "bigint" || typeof member === "object");
  const [only] = members;
  if (members.length === 1 && typeof only === "string") return (value) => value === only;
  if (others.length === 0)
    return (value) => scalars.has(value) || (typeof value === "bigint" && isAmong(value, members));
  return (value) => scalars.has(value) || isAmong(value, others);
}

function isAmong(value: JsonValue, members: readonly JsonValue[]): boolean {
  return members.some((member) => jsonEqual(value, member));
}

function isNumber(value: JsonValue): value is number {
  return typeof value === "number" || typeof value === "bigint";
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
