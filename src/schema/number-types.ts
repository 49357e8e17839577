import type { JsonObject, JsonValue } from "../json/json.ts";

/**
 * How the numbers of a payload are declared by its schema. JSON has one kind of number and 2 is the same text under
 * `integer` and `number`; an engine with typed numbers must not make the type of a field depend on its value. And an integer
 * of more than 53 bits is only kept where it is declared to have 64.
 */
export type NumberTypes = {
  /**
   * What the schema says of a number here: `int64` where it is an `integer` of that `format`, `integer`, `number`, or nothing.
   * Of several parts of a schema that speak of one place the first of these counts that any says, `number` before `integer`: what
   * one branch of a choice declares must be kept exactly, whichever is chosen.
   */
  readonly here: "int64" | "integer" | "number" | null;
  readonly member: (name: string) => NumberTypes;
  readonly item: (index: number) => NumberTypes;
};

/** Of a schema that says nothing. */
export const NOTHING_DECLARED: NumberTypes = {
  here: null,
  member: () => NOTHING_DECLARED,
  item: () => NOTHING_DECLARED,
};

/** What is declared at a place in the payload. */
export function typesAt(numbers: NumberTypes, steps: readonly (string | number)[]): NumberTypes {
  let at = numbers;
  for (const step of steps) at = typeof step === "number" ? at.item(step) : at.member(step);
  return at;
}

/**
 * Reads the number types out of a schema that passed the lint: every `$ref` is local. They are made when they are asked for:
 * a place has those of all the parts of the schema that speak of it, and recursive schemas have endlessly many places.
 */
export function compileNumberTypes(schema: JsonValue): NumberTypes {
  const reading: Reading = { root: schema, named: new Map(), numbers: new Map(), made: new Map() };
  nameParts(schema, reading.named);
  return typesOf([schema], reading);
}

type Reading = {
  readonly root: JsonValue;
  /** Parts of the schema by what a `$ref` may call them: `#anchor`, or their `$id`. */
  readonly named: Map<string, JsonObject>;
  /** A number for each part of the schema that was looked at. */
  readonly numbers: Map<JsonObject, number>;
  /** By the numbers of the parts that speak of a place. */
  readonly made: Map<string, NumberTypes>;
};

/** Combinations that are kept. Names that match patterns come from payloads: without an end, each could bring another. */
const MADE_MAX = 10_000;
const MATCHING_MAX = 1_000;

/** The types at a place that these parts of the schema speak of. */
function typesOf(schemas: readonly (JsonValue | undefined)[], reading: Reading): NumberTypes {
  const parts = new Set<JsonObject>();
  for (const schema of schemas) addParts(schema, parts, reading);
  if (parts.size === 0) return NOTHING_DECLARED;
  const key = [...parts].map((part) => numberOf(part, reading)).join();
  const known = reading.made.get(key);
  if (known !== undefined) return known;
  const types = createTypes([...parts], reading);
  if (reading.made.size < MADE_MAX) reading.made.set(key, types);
  return types;
}

function numberOf(part: JsonObject, { numbers }: Reading): number {
  const known = numbers.get(part);
  if (known !== undefined) return known;
  numbers.set(part, numbers.size);
  return numbers.size - 1;
}

/** Applicators whose subschemas speak of the same place: what all must keep, then what some may keep. */
const LISTS = ["allOf", "anyOf", "oneOf"] as const;
const BESIDE = ["then", "else"] as const;

/** A schema and every other that it applies to the same place. */
function addParts(schema: JsonValue | undefined, parts: Set<JsonObject>, reading: Reading): void {
  if (!isObject(schema) || parts.has(schema)) return;
  // Before its parts: a recursive schema refers to itself.
  parts.add(schema);
  for (const keyword of ["$ref", "$dynamicRef"]) {
    const ref = own(schema, keyword);
    if (typeof ref === "string") addParts(follow(reading, ref), parts, reading);
  }
  for (const keyword of LISTS) for (const part of listOf(own(schema, keyword))) addParts(part, parts, reading);
  for (const keyword of BESIDE) addParts(own(schema, keyword), parts, reading);
  const dependent = own(schema, "dependentSchemas");
  if (isObject(dependent)) for (const part of Object.values(dependent)) addParts(part, parts, reading);
}

function createTypes(schemas: readonly JsonObject[], reading: Reading): NumberTypes {
  const parts = schemas.map((schema) => ({ schema, patterns: patternsOf(schema) }));
  const named = new Map<string, NumberTypes>();
  for (const { schema } of parts)
    for (const name of Object.keys(objectOf(own(schema, "properties")))) named.set(name, UNREAD);
  const make = (name: string): NumberTypes =>
    typesOf(
      parts.flatMap((part) => membersOf(part, name)),
      reading,
    );
  const hasPatterns = parts.some(({ patterns }) => patterns.length > 0);
  /** Of members that no `properties` name: all alike, or by the patterns they match. */
  let rest: NumberTypes | null = null;
  const matching = new Map<string, NumberTypes>();
  const prefix = Math.max(...schemas.map((schema) => listOf(own(schema, "prefixItems")).length));
  const items: NumberTypes[] = [];
  return {
    here: declaredBy(schemas),
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
        schemas.flatMap((schema) => itemsOf(schema, at)),
        reading,
      ));
    },
  };
}

/** One of `patternProperties`. */
type Pattern = { readonly pattern: RegExp; readonly schema: JsonValue };
type SchemaPart = { readonly schema: JsonObject; readonly patterns: readonly Pattern[] };

function patternsOf(schema: JsonObject): readonly Pattern[] {
  return Object.entries(objectOf(own(schema, "patternProperties"))).map(([source, part]) => {
    return { pattern: new RegExp(source, "u"), schema: part };
  });
}

/** Which patterns a name matches, as text. */
function matchKey(parts: readonly SchemaPart[], name: string): string {
  return parts.map(({ patterns }) => patterns.map(({ pattern }) => (pattern.test(name) ? 1 : 0)).join("")).join();
}

/** Stands for the types of a named member until they are asked for. */
const UNREAD: NumberTypes = { ...NOTHING_DECLARED };

function declaredBy(parts: readonly JsonObject[]): NumberTypes["here"] {
  const types = parts.map((part) => typesIn(part));
  const isInteger = types.some((some) => some?.includes("integer"));
  const isLong = parts.some((part, index) => {
    // A format beside another type says something of that, as of texts of digits; one beside no type says it of any.
    return own(part, "format") === "int64" && (types[index]?.includes("integer") ?? isInteger);
  });
  if (isLong) return "int64";
  if (types.some((some) => some?.includes("number"))) return "number";
  return isInteger ? "integer" : null;
}

/** The types a part asks for; null when it asks for none. */
function typesIn(part: JsonObject): readonly JsonValue[] | null {
  const type = own(part, "type");
  if (type === undefined) return null;
  return Array.isArray(type) ? (type as readonly JsonValue[]) : [type];
}

/** What a part says of a member: by its name, by the patterns it matches, else for all others. */
function membersOf({ schema, patterns }: SchemaPart, name: string): readonly (JsonValue | undefined)[] {
  const named = own(objectOf(own(schema, "properties")), name);
  const matching = patterns.filter(({ pattern }) => pattern.test(name)).map((one) => one.schema);
  if (named !== undefined) return [named, ...matching];
  return matching.length > 0 ? matching : [own(schema, "additionalProperties"), own(schema, "unevaluatedProperties")];
}

/** What a part says of an item: by its place, else for all others. */
function itemsOf(part: JsonObject, index: number): readonly (JsonValue | undefined)[] {
  const placed = listOf(own(part, "prefixItems"))[index];
  return placed === undefined ? [own(part, "items"), own(part, "unevaluatedItems")] : [placed];
}

/** `#/$defs/x`, `#anchor`, or the `$id` of a part; undefined when it leads nowhere. */
function follow({ root, named }: Reading, ref: string): JsonValue | undefined {
  const known = named.get(ref);
  if (known !== undefined) return known;
  if (ref === "#") return root;
  if (!ref.startsWith("#/")) return undefined;
  let node: JsonValue | undefined = root;
  for (const step of decoded(ref.slice(2)).split("/")) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (node === undefined || node === null || typeof node !== "object" || !Object.hasOwn(node, name)) return undefined;
    node = (node as JsonObject)[name];
  }
  return node;
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

function nameParts(value: JsonValue, named: Map<string, JsonObject>): void {
  if (value === null || typeof value !== "object") return;
  if (isObject(value)) {
    const { $id, $anchor, $dynamicAnchor } = value;
    if (typeof $id === "string") named.set($id, value);
    for (const anchor of [$anchor, $dynamicAnchor]) if (typeof anchor === "string") named.set(`#${anchor}`, value);
  }
  for (const part of Object.values(value) as readonly JsonValue[]) nameParts(part, named);
}

function own(schema: JsonObject, keyword: string): JsonValue | undefined {
  return Object.hasOwn(schema, keyword) ? schema[keyword] : undefined;
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return value !== undefined && value !== null && typeof value === "object" && !Array.isArray(value);
}
