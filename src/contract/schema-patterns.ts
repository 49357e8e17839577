import { escapeStep } from "../json/pointer.ts";
import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";

/** A regular expression of a schema and the RFC 6901 pointer to it. */
export type SchemaPattern = { readonly pattern: string; readonly pointer: string };

/** Keywords of 2020-12 whose value is a schema. */
const SCHEMA_KEYWORDS: readonly string[] = [
  "additionalProperties",
  "contains",
  "contentSchema",
  "else",
  "if",
  "items",
  "not",
  "propertyNames",
  "then",
  "unevaluatedItems",
  "unevaluatedProperties",
];
/** Keywords whose value is a list of schemas. */
const LIST_KEYWORDS: readonly string[] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/** Keywords whose value maps names to schemas. */
const MAP_KEYWORDS: readonly string[] = ["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"];

/**
 * Every pattern that the schema matches text with: `pattern` and the names under `patternProperties`, at each place where a
 * schema may stand. A property named "pattern" and a constant are not patterns.
 */
export function schemaPatterns(schema: JsonObject | boolean): readonly SchemaPattern[] {
  const found: SchemaPattern[] = [];
  collect(schema, "", found);
  return found;
}

function collect(schema: JsonValue | undefined, pointer: string, found: SchemaPattern[]): void {
  if (!isObject(schema)) return;
  const pattern = own(schema, "pattern");
  if (typeof pattern === "string") found.push({ pattern, pointer: `${pointer}/pattern` });
  for (const keyword of SCHEMA_KEYWORDS) collect(own(schema, keyword), `${pointer}/${keyword}`, found);
  for (const keyword of LIST_KEYWORDS) {
    const list = own(schema, keyword);
    if (!Array.isArray(list)) continue;
    for (const [index, part] of (list as readonly JsonValue[]).entries())
      collect(part, `${pointer}/${keyword}/${index}`, found);
  }
  for (const keyword of MAP_KEYWORDS) {
    const map = own(schema, keyword);
    if (!isObject(map)) continue;
    for (const [name, part] of Object.entries(map)) {
      const at = `${pointer}/${keyword}/${escapeStep(name)}`;
      if (keyword === "patternProperties") found.push({ pattern: name, pointer: at });
      collect(part, at, found);
    }
  }
}

function own(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
