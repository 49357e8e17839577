import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { compilePattern, type Matches } from "./linear-pattern.ts";
import type { Resources, SchemaPlace } from "./resources.ts";

// Reading a schema by the places of a payload that its parts apply to: what an assertion does not need, and a note such as a number
// type or a classification does.

/** The document whose parts are read. */
export type Reading = { readonly resources: Resources };

/** A part of the schema that is not a boolean; booleans declare nothing. */
export type Part = { readonly schema: JsonObject; readonly place: SchemaPlace };

/**
 * The targets of references. A reference to a dynamic anchor also leads to that of the whole schema, the outermost
 * possible one.
 */
export function targetsOf({ schema, place }: Part, { resources }: Reading): readonly SchemaPlace[] {
  return ["$ref", "$dynamicRef"].flatMap((keyword) => {
    const reference = own(schema, keyword);
    const target = typeof reference === "string" ? resources.resolve(place, reference) : null;
    if (target === null) return [];
    const { dynamicName } = target;
    const outermost = dynamicName === null ? undefined : resources.root.resource.dynamicAnchors.get(dynamicName);
    return outermost === undefined ? [target.place] : [target.place, outermost];
  });
}

/** One of `patternProperties`, and the schemas under it. */
export type Pattern = { readonly matches: Matches; readonly places: readonly SchemaPlace[] };
/** A part with its `patternProperties`, compiled. */
export type PartWithPatterns = Part & { readonly patterns: readonly Pattern[] };

/** The `patternProperties` of a part. */
export function patternsOf(part: Part, reading: Reading): readonly Pattern[] {
  return namesUnder(part, "patternProperties").map((source) => {
    // Names come from payloads, so a pattern must not backtrack.
    return { matches: compilePattern(source), places: under(part, reading, "patternProperties", source) };
  });
}

/**
 * The subschemas that a part applies to a member: by its name and the patterns it matches, else those for all others.
 */
export function membersOf(part: PartWithPatterns, name: string, reading: Reading): readonly SchemaPlace[] {
  const matching = part.patterns.filter(({ matches }) => matches(name)).flatMap(({ places }) => places);
  if (namesUnder(part, "properties").includes(name)) return [...under(part, reading, "properties", name), ...matching];
  if (part.patterns.some(({ matches }) => matches(name))) return matching;
  return [...under(part, reading, "additionalProperties"), ...under(part, reading, "unevaluatedProperties")];
}

/** The subschemas that a part applies to an item: by its index, else the one for all others. */
export function itemsOf(part: Part, index: number, reading: Reading): readonly SchemaPlace[] {
  const placed = listUnder(part, "prefixItems", reading)[index];
  if (placed !== undefined) return [placed];
  return [...under(part, reading, "items"), ...under(part, reading, "unevaluatedItems")];
}

/** The subschema below a part, by its steps; none when there is none. */
export function under(
  { schema, place }: Part,
  { resources }: Reading,
  ...steps: readonly string[]
): readonly SchemaPlace[] {
  let value: JsonValue | undefined = schema;
  for (const step of steps) value = isObject(value) ? own(value, step) : undefined;
  return typeof value === "boolean" || isObject(value) ? [resources.under(place, ...steps)] : [];
}

/** The subschemas in a list such as `allOf`. */
export function listUnder({ schema, place }: Part, keyword: string, { resources }: Reading): readonly SchemaPlace[] {
  const list = own(schema, keyword);
  if (!Array.isArray(list)) return [];
  return (list as readonly JsonValue[]).map((_, index) => resources.under(place, keyword, index));
}

/** The names in a map such as `properties`. */
export function namesUnder({ schema }: Part, keyword: string): readonly string[] {
  const map = own(schema, keyword);
  return isObject(map) ? Object.keys(map) : [];
}

/** The value of a keyword; undefined when the schema does not have it. */
export function own(schema: JsonObject, keyword: string): JsonValue | undefined {
  return Object.hasOwn(schema, keyword) ? schema[keyword] : undefined;
}
