import type { JsonObject, JsonValue } from "../../json/json.ts";
import { isList, isObject } from "./schema-node.ts";
import type { Pick } from "./seeded-pick.ts";

/** Places of one value that are changed. */
const PLACES_MAX = 80;

/**
 * Values that differ from a value at one place: a field or item dropped, added, repeated or replaced, a text or number made
 * a little smaller.
 * @param pick with it, one random change only.
 */
export function* mutationsOf(
  value: JsonValue,
  pool: readonly JsonValue[],
  names: readonly string[],
  pick?: Pick,
): Generator<JsonValue> {
  const places = placesIn(value).slice(0, PLACES_MAX);
  if (pick === undefined) {
    for (const place of places)
      for (const other of changesOf(place.value, pool, names)) yield replaceAt(value, place.path, other);
    return;
  }
  const place = places[pick(places.length)];
  if (place === undefined) return;
  const changes = [...changesOf(place.value, pool, names)];
  const other = changes[pick(changes.length)];
  if (other !== undefined) yield replaceAt(value, place.path, other);
}

type Place = { readonly path: readonly (string | number)[]; readonly value: JsonValue };

/** The value and all its parts, outermost first. */
function placesIn(value: JsonValue): readonly Place[] {
  const places: Place[] = [{ path: [], value }];
  for (const place of places) {
    if (places.length > PLACES_MAX) break;
    const parts = isList(place.value)
      ? [...place.value.entries()]
      : isObject(place.value)
        ? Object.entries(place.value)
        : [];
    for (const [step, part] of parts) places.push({ path: [...place.path, step], value: part });
  }
  return places;
}

function* changesOf(value: JsonValue, pool: readonly JsonValue[], names: readonly string[]): Generator<JsonValue> {
  if (isList(value)) yield* changedLists(value, pool);
  else if (isObject(value)) yield* changedObjects(value, pool, names);
  else if (typeof value === "string") yield* shorterTexts(value);
  else if (typeof value === "number") yield* plainerNumbers(value);
  yield* pool;
}

function* changedLists(value: readonly JsonValue[], pool: readonly JsonValue[]): Generator<JsonValue> {
  if (value.length > 8) yield value.slice(0, value.length >> 1);
  for (const index of value.keys()) yield value.toSpliced(index, 1);
  for (const item of value.slice(0, 3)) yield [...value, item];
  for (const item of pool.slice(0, 12)) yield [...value, item];
}

function* changedObjects(
  value: JsonObject,
  pool: readonly JsonValue[],
  names: readonly string[],
): Generator<JsonValue> {
  const entries = Object.entries(value);
  if (entries.length > 4) yield Object.fromEntries(entries.slice(0, entries.length >> 1));
  for (const index of entries.keys()) yield Object.fromEntries(entries.toSpliced(index, 1));
  for (const name of names) {
    if (Object.hasOwn(value, name)) continue;
    for (const item of pool) yield { ...value, [name]: item };
  }
}

function* shorterTexts(value: string): Generator<JsonValue> {
  const points = Array.from(value);
  if (points.length > 2) yield points.slice(0, points.length >> 1).join("");
  if (points.length > 0) {
    yield points.slice(1).join("");
    yield points.slice(0, -1).join("");
    yield "a".repeat(points.length);
  }
}

function* plainerNumbers(value: number): Generator<JsonValue> {
  for (const other of [Math.trunc(value), Math.trunc(value / 2), -value, value + 1, value - 1])
    if (other !== value) yield other;
}

function replaceAt(value: JsonValue, path: readonly (string | number)[], part: JsonValue): JsonValue {
  const [step, ...rest] = path;
  if (step === undefined) return part;
  if (isList(value)) return value.with(Number(step), replaceAt(value[Number(step)] ?? null, rest, part));
  if (!isObject(value)) return value;
  return { ...value, [step]: replaceAt(value[step] ?? null, rest, part) };
}
