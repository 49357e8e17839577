import type { JsonObject, JsonValue } from "../json/json.ts";
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
 * How a schema declares the numbers of a payload. JSON has one number type, and 2 is the same text under `integer` and
 * `number`; an engine with typed numbers must not choose a field's type by its value. An integer of more than 53 bits
 * is kept only where the schema declares 64 bits.
 */
export type NumberTypes = {
  /**
   * The declared type of a number here: `int64` for an `integer` with that `format`, `integer`, `number`, or null. When
   * several parts of the schema apply to one place, the first of these counts that any part declares, but `number`
   * before `integer`: a value that one branch declares exactly must be kept exactly, whichever branch is chosen.
   */
  readonly here: "int64" | "integer" | "number" | null;
  readonly member: (name: string) => NumberTypes;
  readonly item: (index: number) => NumberTypes;
};

/** The types of a schema that declares none. */
export const NOTHING_DECLARED: NumberTypes = {
  here: null,
  member: () => NOTHING_DECLARED,
  item: () => NOTHING_DECLARED,
};

/** The types declared at a place in the payload. */
export function typesAt(numbers: NumberTypes, steps: readonly (string | number)[]): NumberTypes {
  let at = numbers;
  for (const step of steps) at = typeof step === "number" ? at.item(step) : at.member(step);
  return at;
}

/**
 * Reads the number types of a schema that passed the lint, so every `$ref` is local. They are built on demand: a place
 * has the types of all schema parts that apply to it, and recursive schemas have infinitely many places.
 */
export function compileNumberTypes(schema: JsonObject | boolean): NumberTypes {
  const resources = readResources(schema);
  return typesOf([resources.root], { resources, numbers: new Map(), made: new Map() });
}

type Reading = {
  readonly resources: Resources;
  /** A number for each visited part of the schema. */
  readonly numbers: Map<JsonObject, number>;
  /** Types by the numbers of the parts that apply to a place. */
  readonly made: Map<string, NumberTypes>;
};

/**
 * Most cached combinations. Names that match patterns come from payloads, so without a limit each could add another.
 */
const MADE_MAX = 10_000;
const MATCHING_MAX = 1_000;

/** The types at a place to which these parts of the schema apply. */
function typesOf(places: readonly SchemaPlace[], reading: Reading): NumberTypes {
  const parts = new Map<JsonObject, SchemaPlace>();
  for (const place of places) addParts(place, parts, reading);
  if (parts.size === 0) return NOTHING_DECLARED;
  const key = [...parts.keys()].map((part) => numberOf(part, reading)).join();
  const known = reading.made.get(key);
  if (known !== undefined) return known;
  const types = createTypes(
    [...parts].map(([schema, place]) => ({ schema, place })),
    reading,
  );
  if (reading.made.size < MADE_MAX) reading.made.set(key, types);
  return types;
}

function numberOf(part: JsonObject, { numbers }: Reading): number {
  const known = numbers.get(part);
  if (known !== undefined) return known;
  numbers.set(part, numbers.size);
  return numbers.size - 1;
}

/** Keywords whose subschemas apply to the same place. */
const LISTS = ["allOf", "anyOf", "oneOf"] as const;
const BESIDE = ["then", "else"] as const;

/** Adds a schema and every other one that it applies to the same place. */
function addParts(place: SchemaPlace, parts: Map<JsonObject, SchemaPlace>, reading: Reading): void {
  const { schema } = place;
  if (typeof schema === "boolean" || parts.has(schema)) return;
  // The part is stored before its own parts are added, because a recursive schema refers to itself.
  parts.set(schema, place);
  const part = { schema, place };
  for (const target of targetsOf(part, reading)) addParts(target, parts, reading);
  for (const keyword of LISTS) for (const one of listUnder(part, keyword, reading)) addParts(one, parts, reading);
  for (const keyword of BESIDE) for (const one of under(part, reading, keyword)) addParts(one, parts, reading);
  for (const name of namesUnder(part, "dependentSchemas")) {
    for (const one of under(part, reading, "dependentSchemas", name)) addParts(one, parts, reading);
  }
}

function createTypes(schemas: readonly Part[], reading: Reading): NumberTypes {
  const parts = schemas.map((part) => ({ ...part, patterns: patternsOf(part, reading) }));
  const named = new Map<string, NumberTypes>();
  for (const part of parts) for (const name of namesUnder(part, "properties")) named.set(name, UNREAD);
  const make = (name: string): NumberTypes =>
    typesOf(
      parts.flatMap((part) => membersOf(part, name, reading)),
      reading,
    );
  const hasPatterns = parts.some(({ patterns }) => patterns.length > 0);
  /** Types of undeclared members: the same for all, or by the patterns they match. */
  let rest: NumberTypes | null = null;
  const matching = new Map<string, NumberTypes>();
  const prefix = Math.max(...parts.map((part) => listUnder(part, "prefixItems", reading).length));
  const items: NumberTypes[] = [];
  return {
    here: declaredBy(parts),
    member: (name) => {
      const known = named.get(name);
      if (known !== undefined && known !== UNREAD) return known;
      if (known === UNREAD) {
        const made = make(name);
        named.set(name, made);
        return made;
      }
      if (!hasPatterns) return (rest ??= make(name));
      const key = matchKey(parts, name);
      const kept = matching.get(key) ?? make(name);
      if (matching.size < MATCHING_MAX) matching.set(key, kept);
      return kept;
    },
    item: (index) => {
      const at = index < prefix ? index : prefix;
      return (items[at] ??= typesOf(
        parts.flatMap((part) => itemsOf(part, at, reading)),
        reading,
      ));
    },
  };
}

/** A cache key: which patterns a name matches. */
function matchKey(parts: readonly PartWithPatterns[], name: string): string {
  return parts.map(({ patterns }) => patterns.map(({ matches }) => (matches(name) ? 1 : 0)).join("")).join();
}

/** Placeholder for the types of a named member until they are read. */
const UNREAD: NumberTypes = { ...NOTHING_DECLARED };

function declaredBy(parts: readonly Part[]): NumberTypes["here"] {
  const types = parts.map(({ schema }) => typesIn(schema));
  const isInteger = types.some((some) => some?.includes("integer"));
  const isLong = parts.some(({ schema }, index) => {
    // A format next to another type applies to that type, such as texts of digits; next to no type it applies to any.
    return own(schema, "format") === "int64" && (types[index]?.includes("integer") ?? isInteger);
  });
  if (isLong) return "int64";
  if (types.some((some) => some?.includes("number"))) return "number";
  return isInteger ? "integer" : null;
}

/** The types that a part requires; null when it requires none. */
function typesIn(schema: JsonObject): readonly JsonValue[] | null {
  const type = own(schema, "type");
  if (type === undefined) return null;
  return Array.isArray(type) ? (type as readonly JsonValue[]) : [type];
}
