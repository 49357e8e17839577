import type { JsonObject, JsonValue } from "../json/json.ts";
import { bothMarks, NOTHING_MARKED, type Marks } from "../json/marks.ts";
import { KEYWORDS } from "./keywords.ts";
import {
  itemsOf,
  listUnder,
  membersOf,
  namesUnder,
  own,
  patternsOf,
  targetsOf,
  under,
  type Part,
  type PartWithPatterns,
} from "./parts.ts";
import { readResources, type Resources, type SchemaPlace } from "./resources.ts";

/**
 * Keyword by which a schema says of what class a value is: a text such as `personal`, or a list of them. Like every keyword that
 * begins with `x-` it is a note: no decision, no proof of compatibility and no lint depends on it.
 */
export const CLASSIFICATION = "x-classification";

/**
 * Marks the values that a schema classifies with one of these classes, in upper or lower case. A value counts as classified when
 * any part of the schema that can apply to it classifies it, whichever branch of `anyOf`, `oneOf` or `if` a payload takes.
 * @param schema that passed the lint, so every `$ref` is local.
 */
export function classifiedBy(schema: JsonObject | boolean, classes: readonly string[]): Marks {
  const resources = readResources(schema);
  const wanted = new Set(classes.map((name) => name.toLowerCase()));
  const caches = { numbers: new Map(), made: new Map(), reaching: new Map() };
  const reading: Reading = { resources, wanted, dynamic: dynamicAnchors(resources), ...caches };
  return marksOf([resources.root], reading);
}

type Reading = {
  readonly resources: Resources;
  readonly wanted: ReadonlySet<string>;
  /** Every schema with a `$dynamicAnchor`, by its name: which of them a `$dynamicRef` means depends on the way to it. */
  readonly dynamic: ReadonlyMap<string, readonly SchemaPlace[]>;
  /** A number for each visited part of the schema. */
  readonly numbers: Map<JsonObject, number>;
  /** Marks by the numbers of the parts that apply to a place. */
  readonly made: Map<string, Marks>;
  /** Whether a class is reached from a part. */
  readonly reaching: Map<JsonObject, boolean>;
};

/** Most cached combinations of parts: names that match patterns come from payloads. */
const MADE_MAX = 10_000;

/** Keywords whose subschemas apply to the same value. A class under `not` or `if` tells of the value as well. */
const LISTS = ["allOf", "anyOf", "oneOf"] as const;
const BESIDE = ["if", "then", "else", "not"] as const;
/** Keywords that tell what is in an object, and in a list. */
const OF_OBJECTS = ["properties", "patternProperties", "additionalProperties", "unevaluatedProperties"] as const;
const OF_LISTS = ["items", "prefixItems", "contains", "unevaluatedItems"] as const;
const SCALARS: ReadonlySet<JsonValue> = new Set(["string", "number", "integer", "boolean"]);

function marksOf(places: readonly SchemaPlace[], reading: Reading): Marks {
  const found = new Map<JsonObject, SchemaPlace>();
  for (const place of places) addParts(place, found, reading);
  if (![...found].some(([schema, place]) => reaches({ schema, place }, reading))) return NOTHING_MARKED;
  const key = [...found.keys()].map((part) => numberOf(part, reading)).join();
  const known = reading.made.get(key);
  if (known !== undefined) return known;
  const parts = [...found].map(([schema, place]): Part => ({ schema, place }));
  const made = createMarks(
    parts.map((part) => ({ ...part, patterns: patternsOf(part, reading) })),
    reading,
  );
  if (reading.made.size < MADE_MAX) reading.made.set(key, made);
  return made;
}

function numberOf(part: JsonObject, { numbers }: Reading): number {
  const known = numbers.get(part);
  if (known !== undefined) return known;
  numbers.set(part, numbers.size);
  return numbers.size - 1;
}

function dynamicAnchors(resources: Resources): ReadonlyMap<string, readonly SchemaPlace[]> {
  const found = new Map<string, SchemaPlace[]>();
  const walk = (place: SchemaPlace): void => {
    const { schema } = place;
    if (typeof schema === "boolean") return;
    const name = own(schema, "$dynamicAnchor");
    if (typeof name === "string") found.set(name, [...(found.get(name) ?? []), place]);
    placesIn({ schema, place }, { resources }, NONE).forEach(walk);
  };
  walk(resources.root);
  return found;
}

function referredBy(part: Part, reading: Reading): readonly SchemaPlace[] {
  const reference = own(part.schema, "$dynamicRef");
  const name = typeof reference === "string" ? reference.slice(reference.lastIndexOf("#") + 1) : "";
  return [...targetsOf(part, reading), ...(reading.dynamic.get(name) ?? [])];
}

/** Adds a schema and every other one that it can apply to the same value. */
function addParts(place: SchemaPlace, parts: Map<JsonObject, SchemaPlace>, reading: Reading): void {
  const { schema } = place;
  if (typeof schema === "boolean" || parts.has(schema)) return;
  parts.set(schema, place);
  const part = { schema, place };
  const beside = [
    ...referredBy(part, reading),
    ...LISTS.flatMap((keyword) => listUnder(part, keyword, reading)),
    ...BESIDE.flatMap((keyword) => under(part, reading, keyword)),
    ...namesUnder(part, "dependentSchemas").flatMap((name) => under(part, reading, "dependentSchemas", name)),
  ];
  for (const one of beside) addParts(one, parts, reading);
}

function createMarks(parts: readonly PartWithPatterns[], reading: Reading): Marks {
  const has = (keywords: readonly string[]): boolean =>
    parts.some(({ schema }) => keywords.some((keyword) => own(schema, keyword) !== undefined));
  const isOfObjects = has(OF_OBJECTS);
  const isOfLists = has(OF_LISTS);
  const marks: Marks = {
    // What a text encodes is of its class, too.
    here: parts.some((part) => isClassified(part, reading) || reachesUnder(part, "contentSchema", reading)),
    below: true,
    scalar: !parts.some(({ schema }) => takesScalars(schema)),
    names: parts.some((part) => reachesUnder(part, "propertyNames", reading)),
    // A list where only objects are described is taken as a list of them, and an object where only lists are as an item, or several.
    member: (name) => {
      if (isOfObjects || !isOfLists) return ofMember(parts, name, reading);
      const item = ofAnyItem(parts, reading);
      return bothMarks(item, item.member(name));
    },
    item: (index) => (isOfLists || !isOfObjects ? ofItem(parts, index, reading) : marks),
  };
  return marks;
}

function ofMember(parts: readonly PartWithPatterns[], name: string, reading: Reading): Marks {
  return marksOf(
    parts.flatMap((part) => membersOf(part, name, reading)),
    reading,
  );
}

function ofItem(parts: readonly Part[], index: number, reading: Reading): Marks {
  return marksOf(
    parts.flatMap((part) => [...itemsOf(part, index, reading), ...under(part, reading, "contains")]),
    reading,
  );
}

function ofAnyItem(parts: readonly Part[], reading: Reading): Marks {
  const prefix = Math.max(...parts.map((part) => listUnder(part, "prefixItems", reading).length));
  const each = Array.from({ length: prefix + 1 }, (_, index) => ofItem(parts, index, reading));
  return each.reduce(bothMarks, NOTHING_MARKED);
}

function isClassified({ schema }: Part, { wanted }: Reading): boolean {
  const classes = own(schema, CLASSIFICATION);
  const named = Array.isArray(classes) ? (classes as readonly JsonValue[]) : [classes];
  return named.some((one) => typeof one === "string" && wanted.has(one.toLowerCase()));
}

/** Whether a schema allows texts, numbers or truth values on purpose. */
function takesScalars(schema: JsonObject): boolean {
  const type = own(schema, "type");
  const types = Array.isArray(type) ? (type as readonly JsonValue[]) : [type ?? null];
  return types.some((one) => SCALARS.has(one)) || Object.hasOwn(schema, "enum") || Object.hasOwn(schema, "const");
}

function reachesUnder(part: Part, keyword: string, reading: Reading): boolean {
  return under(part, reading, keyword).some(
    (place) => typeof place.schema !== "boolean" && reaches({ schema: place.schema, place }, reading),
  );
}

/** Whether the schema, or any schema that it leads to, has one of the classes. */
function reaches(part: Part, reading: Reading): boolean {
  const known = reading.reaching.get(part.schema);
  if (known !== undefined) return known;
  const seen = new Set<JsonObject>([part.schema]);
  const waiting: Part[] = [part];
  let found = false;
  for (let one = waiting.pop(); one !== undefined && !found; one = waiting.pop()) {
    found = isClassified(one, reading);
    for (const place of [...referredBy(one, reading), ...placesIn(one, reading, DEFINITIONS)]) {
      const { schema } = place;
      if (typeof schema === "boolean" || seen.has(schema)) continue;
      seen.add(schema);
      waiting.push({ schema, place });
    }
  }
  reading.reaching.set(part.schema, found);
  return found;
}

/** Definitions apply to nothing by themselves. */
const DEFINITIONS: ReadonlySet<string> = new Set(["$defs", "definitions"]);
const NONE: ReadonlySet<string> = new Set();

/** The subschemas directly in a part, but for those under some keywords. */
function placesIn(
  part: Part,
  reading: Pick<Reading, "resources">,
  without: ReadonlySet<string>,
): readonly SchemaPlace[] {
  return Object.keys(part.schema).flatMap((keyword) => {
    const shape = Object.hasOwn(KEYWORDS, keyword) && !without.has(keyword) ? KEYWORDS[keyword] : "value";
    if (shape === "schema") return under(part, reading, keyword);
    if (shape === "schemas") return listUnder(part, keyword, reading);
    if (keyword === "contentSchema") return under(part, reading, keyword);
    if (shape === "value") return [];
    return namesUnder(part, keyword).flatMap((name) => under(part, reading, keyword, name));
  });
}
