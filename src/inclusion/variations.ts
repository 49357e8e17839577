import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { isList } from "./schema-node.ts";
import type { Pick } from "./seeded-pick.ts";

/** The most places of one value that are changed. */
const PLACES_MAX = 80;

/**
 * Values that differ from a value at one place: a property or item is dropped, added, repeated or replaced, or a text or number
 * is made smaller.
 * @param pick when given, only one variation is made, chosen by it.
 */
export function* variationsOf(
  value: JsonValue,
  pool: readonly JsonValue[],
  names: readonly string[],
  pick?: Pick,
): Generator<JsonValue> {
  const places = placesIn(value).slice(0, PLACES_MAX);
  if (pick === undefined) {
    for (const place of places)
      for (const other of each(changesOf(place.value, pool, names))) yield replaceAt(value, place.path, other);
    return;
  }
  const place = places[pick(places.length)];
  if (place === undefined) return;
  const { count, at } = changesOf(place.value, pool, names);
  const other = at(pick(count));
  if (other !== undefined) yield replaceAt(value, place.path, other);
}

/** Values that are made on demand: a part of a large value may have millions of changes. */
type Changes = { readonly count: number; readonly at: (index: number) => JsonValue | undefined };

type Place = { readonly path: readonly (string | number)[]; readonly value: JsonValue };

/** The places of the value and all its parts, outermost first. */
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

function changesOf(value: JsonValue, pool: readonly JsonValue[], names: readonly string[]): Changes {
  const asIs = made(pool.length, (index) => pool[index]);
  if (isList(value)) return oneAfterOther([...changedLists(value, pool), asIs]);
  if (isObject(value)) return oneAfterOther([...changedObjects(value, pool, names), asIs]);
  if (typeof value === "string") return oneAfterOther([...shorterTexts(value), asIs]);
  if (typeof value === "number") return oneAfterOther([...plainerNumbers(value), asIs]);
  return asIs;
}

function made(count: number, at: Changes["at"]): Changes {
  return { count, at };
}

function one(make: () => JsonValue): Changes {
  return { count: 1, at: make };
}

function oneAfterOther(all: readonly Changes[]): Changes {
  const count = all.reduce((sum, changes) => sum + changes.count, 0);
  return {
    count,
    at: (index) => {
      let left = index;
      for (const changes of all) {
        if (left < changes.count) return changes.at(left);
        left -= changes.count;
      }
      return undefined;
    },
  };
}

function* each({ count, at }: Changes): Generator<JsonValue> {
  for (let index = 0; index < count; index += 1) {
    const value = at(index);
    if (value !== undefined) yield value;
  }
}

function changedLists(value: readonly JsonValue[], pool: readonly JsonValue[]): readonly Changes[] {
  const twice = value.slice(0, 3);
  const added = pool.slice(0, 12);
  return [
    ...(value.length > 8 ? [one(() => value.slice(0, value.length >> 1))] : []),
    made(value.length, (index) => value.toSpliced(index, 1)),
    made(twice.length, (index) => [...value, twice[index] ?? null]),
    made(added.length, (index) => [...value, added[index] ?? null]),
  ];
}

function changedObjects(value: JsonObject, pool: readonly JsonValue[], names: readonly string[]): readonly Changes[] {
  const entries = Object.entries(value);
  const absent = names.filter((name) => !Object.hasOwn(value, name));
  return [
    ...(entries.length > 4 ? [one(() => Object.fromEntries(entries.slice(0, entries.length >> 1)))] : []),
    made(entries.length, (index) => Object.fromEntries(entries.toSpliced(index, 1))),
    made(absent.length * pool.length, (index) => {
      const name = absent[Math.trunc(index / pool.length)] ?? "";
      return { ...value, [name]: pool[index % pool.length] ?? null };
    }),
  ];
}

function shorterTexts(value: string): readonly Changes[] {
  const points = Array.from(value);
  return [
    ...(points.length > 2 ? [one(() => points.slice(0, points.length >> 1).join(""))] : []),
    ...(points.length > 0
      ? [
          one(() => points.slice(1).join("")),
          one(() => points.slice(0, -1).join("")),
          one(() => "a".repeat(points.length)),
        ]
      : []),
  ];
}

function plainerNumbers(value: number): readonly Changes[] {
  const others = [Math.trunc(value), Math.trunc(value / 2), -value, value + 1, value - 1];
  return others.filter((other) => other !== value).map((other) => one(() => other));
}

function replaceAt(value: JsonValue, path: readonly (string | number)[], part: JsonValue): JsonValue {
  const [step, ...rest] = path;
  if (step === undefined) return part;
  if (isList(value)) return value.with(Number(step), replaceAt(value[Number(step)] ?? null, rest, part));
  if (!isObject(value)) return value;
  return { ...value, [step]: replaceAt(value[step] ?? null, rest, part) };
}
