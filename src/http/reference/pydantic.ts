import { isObject, type JsonObject, type JsonValue } from "../../json/json.ts";
import { stepsIn, valueAt } from "../../json/pointer.ts";
import type { Violation } from "../../schema/violation.ts";

// Clients of the reference read the `type` of an error as Pydantic 2 names it. The names are compared with Pydantic's own
// (test/http/pydantic.json, which scripts/pydantic-types.py writes).

type Broken = Pick<Violation, "pointer" | "keyword" | "schemaPath" | "expected">;

/** Types that depend on the keyword alone. A keyword without a counterpart in Pydantic gets the type of its custom validators. */
const BY_KEYWORD: Readonly<Record<string, string>> = {
  dependentRequired: "missing",
  identity: "missing",
  additionalProperties: "extra_forbidden",
  unevaluatedProperties: "extra_forbidden",
  const: "literal_error",
  enum: "enum",
  pattern: "string_pattern_mismatch",
  minLength: "string_too_short",
  maxLength: "string_too_long",
  minItems: "too_short",
  maxItems: "too_long",
  minProperties: "too_short",
  maxProperties: "too_long",
  exclusiveMinimum: "greater_than",
  minimum: "greater_than_equal",
  exclusiveMaximum: "less_than",
  maximum: "less_than_equal",
  multipleOf: "multiple_of",
};
const OTHERWISE = "value_error";

const BY_FORMAT: Readonly<Record<string, string>> = {
  time: "time_parsing",
  duration: "time_delta_parsing",
  uuid: "uuid_parsing",
  ipv4: "ip_v4_address",
  ipv6: "ip_v6_address",
  uri: "url_parsing",
  iri: "url_parsing",
  regex: "pattern_regex",
};

/** Texts that Pydantic converts to a number, an integer or a boolean. */
const FLOAT_TEXT = /^[+-]?(?:(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+)(?:[eE][+-]?\d+)?|inf|infinity|nan)$/i;
const INTEGER_TEXT = /^[+-]?\d+(?:_\d+)*(?:\.0+)?$/;
const BOOLEAN_TEXT = /^(?:0|off|f|false|n|no|1|on|t|true|y|yes)$/i;
const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?$/;

/**
 * Pydantic 2's name for a violation. Pydantic converts some values that we refuse (`"12.5"` for a number); they get the name of its strict
 * mode (`float_type`).
 * @param schema of the version that judged. @param payload as it was judged.
 */
export function pydanticType(
  { pointer, keyword, schemaPath, expected }: Broken,
  schema: JsonObject | boolean,
  payload: JsonValue,
): string {
  const around = valueAt(schema, stepsIn(schemaPath).slice(0, -1));
  const constraint = isObject(around) ? around : {};
  const value = valueAt(payload, stepsIn(pointer));
  switch (keyword) {
    case "type":
      return isOfUnion(schemaPath) && expected === "object"
        ? "model_attributes_type"
        : typeError(constraint, expected, value);
    case "required":
      // The missing field is the one that tells the branches apart.
      return isOfUnion(schemaPath) ? "union_tag_not_found" : "missing";
    case "format":
      return formatError(constraint["format"], value);
    case "oneOf":
    case "anyOf":
      return unionError(constraint[keyword], value);
    default:
      return BY_KEYWORD[keyword] ?? OTHERWISE;
  }
}

/** Whether a violation concerns all branches of a union. */
function isOfUnion(schemaPath: string): boolean {
  return /\/(?:oneOf|anyOf)$/.test(schemaPath);
}

/** The first type that is not null gives the name: for Pydantic a union with null is an optional value of that type. */
function typeError({ type, properties, required }: JsonObject, expected: string, value: JsonValue | undefined): string {
  const named =
    type === undefined ? expected.split(" or ") : Array.isArray(type) ? (type as readonly JsonValue[]) : [type];
  const types = named.map(String);
  switch (types.find((one) => one !== "null") ?? "null") {
    case "string":
      return "string_type";
    case "number":
      return typeof value === "string" && !FLOAT_TEXT.test(value.trim()) ? "float_parsing" : "float_type";
    case "integer":
      if (typeof value === "number") return "int_from_float";
      return typeof value === "string" && !INTEGER_TEXT.test(value.trim()) ? "int_parsing" : "int_type";
    case "boolean":
      return booleanError(value);
    case "array":
      return "list_type";
    case "object":
      return properties === undefined && required === undefined ? "dict_type" : "model_type";
    case "null":
      return "none_required";
    default:
      return OTHERWISE;
  }
}

function booleanError(value: JsonValue | undefined): string {
  if (typeof value === "string") return BOOLEAN_TEXT.test(value) ? "bool_type" : "bool_parsing";
  const isOther = typeof value === "number" && Number.isInteger(value) && value !== 0 && value !== 1;
  return isOther && Math.abs(value) < 2 ** 63 ? "bool_parsing" : "bool_type";
}

function formatError(format: JsonValue | undefined, value: JsonValue | undefined): string {
  const text = typeof value === "string" ? value : "";
  const isTime = DATE_TIME.test(text) && !Number.isNaN(Date.parse(text.replace(" ", "T"))) && isDay(text.slice(0, 10));
  if (format === "date") return isTime ? "date_from_datetime_inexact" : "date_from_datetime_parsing";
  if (format === "date-time") return isTime ? "timezone_aware" : "datetime_from_date_parsing";
  return (typeof format === "string" ? BY_FORMAT[format] : undefined) ?? OTHERWISE;
}

/** Whether a date exists. `Date.parse` reads 2023-02-30 as the second of March. */
function isDay(day: string): boolean {
  const parsed = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(day);
}

/** The name for a broken union. Branches that differ in a constant field are a tagged union of Pydantic. */
function unionError(branches: JsonValue | undefined, value: JsonValue | undefined): string {
  const properties = (Array.isArray(branches) ? (branches as readonly JsonValue[]) : []).map((branch) =>
    isObject(branch) && isObject(branch["properties"]) ? branch["properties"] : {},
  );
  const tag = Object.keys(properties[0] ?? {}).find((name) =>
    properties.every((one) => isObject(one[name]) && ("const" in one[name] || "enum" in one[name])),
  );
  if (tag === undefined) return OTHERWISE;
  // The violation is at the tag, or at the object that should have it.
  if (value === undefined) return "union_tag_not_found";
  return isObject(value) && !(tag in value) ? "union_tag_not_found" : "union_tag_invalid";
}
