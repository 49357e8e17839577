import type { JsonObject, JsonValue } from "../json/json.ts";
import { compileSchema, type CompiledSchema } from "./schema.ts";

const SCHEMA: JsonObject = { $ref: "#" };
const SCHEMAS: JsonObject = { type: "array", minItems: 1, items: SCHEMA };
const MAP: JsonObject = { type: "object", additionalProperties: SCHEMA };
const COUNT: JsonObject = { type: "integer", minimum: 0 };
const NUMBER: JsonObject = { type: "number" };
const TEXT: JsonObject = { type: "string" };
const TRUTH: JsonObject = { type: "boolean" };
const NAMES: JsonObject = { type: "array", items: TEXT, uniqueItems: true };
const NAME: JsonObject = { type: "string", pattern: "^[A-Za-z_][-A-Za-z0-9._]*$" };
const TYPE: JsonObject = { enum: ["array", "boolean", "integer", "null", "number", "object", "string"] };

const BY_KEYWORD: readonly (readonly [keywords: string, schema: JsonValue])[] = [
  ["$schema $ref $dynamicRef $comment title description format contentEncoding contentMediaType pattern", TEXT],
  ["$id", { type: "string", pattern: "^[^#]*#?$" }],
  ["$anchor $dynamicAnchor", NAME],
  ["additionalProperties contains contentSchema else if items not propertyNames then", SCHEMA],
  ["unevaluatedItems unevaluatedProperties", SCHEMA],
  ["allOf anyOf oneOf prefixItems", SCHEMAS],
  ["$defs definitions dependentSchemas patternProperties properties", MAP],
  ["type", { anyOf: [TYPE, { type: "array", items: TYPE, minItems: 1, uniqueItems: true }] }],
  ["enum examples", { type: "array" }],
  ["multipleOf", { type: "number", exclusiveMinimum: 0 }],
  ["maximum exclusiveMaximum minimum exclusiveMinimum", NUMBER],
  ["maxLength minLength maxItems minItems maxContains minContains maxProperties minProperties", COUNT],
  ["uniqueItems deprecated readOnly writeOnly", TRUTH],
  ["required", NAMES],
  ["dependentRequired", { type: "object", additionalProperties: NAMES }],
];

/**
 * The meta-schema of JSON Schema 2020-12 as one schema without dynamic references, for the supported keywords (a test
 * compares its results with those of the official one). A schema that it refuses is meaningless, or does not mean what
 * was intended: `multipleOf: 0` would refuse every number, and `type: []` would assert nothing.
 */
export const META_SCHEMA: JsonObject = {
  type: ["object", "boolean"],
  properties: Object.fromEntries(
    BY_KEYWORD.flatMap(([keywords, schema]) => keywords.split(" ").map((keyword) => [keyword, schema] as const)),
  ),
};

let compiled: CompiledSchema | null = null;

/** The meta-schema, compiled once. */
export function metaSchema(): CompiledSchema {
  compiled ??= compileSchema(META_SCHEMA);
  return compiled;
}
