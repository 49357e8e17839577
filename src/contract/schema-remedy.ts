import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { stepsIn, valueAt } from "../json/pointer.ts";
import { FORMATS } from "../schema/formats/formats.ts";
import { KEYWORDS } from "../schema/keywords.ts";
import type { Refusal } from "../schema/schema-lint.ts";
import { nearestName } from "../json/nearest.ts";

/** The remedy for a refusal of a schema: it names the usual mistakes and what was meant by them. */
export function remedyFor({ pointer, code, message }: Refusal, schema: JsonObject | boolean): string {
  const steps = stepsIn(pointer);
  const value = valueAt(schema, steps);
  switch (code) {
    case "dialect":
      return "Write that dialect, or convert the schema first: sigma contract import FILE";
    case "unknown-keyword":
      return keywordRemedy(steps.at(-1) ?? "");
    case "unknown-format":
      return formatRemedy(value);
    case "invalid":
      return invalidRemedy(steps, value, message);
    case "remote-ref":
      return "Copy what it refers to under $defs, or let sigma contract import do it";
    case "unresolved-ref":
      return refRemedy(schema, value);
    case "repeated-name":
      return "Give one of the two another name, and leave it out where nothing refers to it";
    case "pattern-syntax":
      return "Correct the pattern";
    case "forbidden-property":
      return "Give the property another name";
    case "too-large":
    case "too-deep":
      return "Make it smaller: most large schemas describe more than one kind of record";
    case "does-not-compile":
      return "Write the constraint in another way";
  }
}

/** Keywords from older drafts, from OpenAPI and from habit, with what to write instead. */
const MEANT: Readonly<Record<string, string>> = {
  id: 'Write "$id"',
  nullable: 'Write "type": ["string", "null"], or whichever type may be null',
  dependencies: "Write dependentRequired for names, dependentSchemas for schemas",
  additionalItems: "Write prefixItems for the first items and items for the rest",
  example: 'Write "examples": [...]',
  $recursiveRef: "Write $ref or $dynamicRef",
  $recursiveAnchor: "Write $dynamicAnchor",
  optional: "Leave the name out of required of the object around it",
  maxlength: "Write maxLength",
  length: "Write minLength and maxLength",
  min: "Write minimum, minLength or minItems",
  max: "Write maximum, maxLength or maxItems",
  regex: "Write pattern",
  values: "Write enum",
};

function keywordRemedy(keyword: string): string {
  const meant = Object.hasOwn(MEANT, keyword) ? MEANT[keyword] : undefined;
  if (meant !== undefined) return meant;
  const nearest = nearestName(keyword, Object.keys(KEYWORDS));
  if (nearest !== null) return `Write "${nearest}" if that was meant`;
  return `A property is described under "properties"; a note begins with "x-"`;
}

function formatRemedy(value: JsonValue | undefined): string {
  const name = typeof value === "string" ? value.replaceAll("_", "-") : "";
  const meant: Readonly<Record<string, string>> = {
    datetime: "date-time",
    timestamp: "date-time",
    url: "uri",
    mail: "email",
    guid: "uuid",
    ip: "ipv4",
    long: "int64",
    integer: "int32",
  };
  const nearest = meant[name.toLowerCase()] ?? nearestName(name, [...FORMATS.keys(), "int64", "int32"]);
  return nearest === null
    ? "Use one of those, or a pattern; formats: annotate makes every format of the version a note"
    : `Write "${nearest}" if that was meant`;
}

const TYPES = ["array", "boolean", "integer", "null", "number", "object", "string"];
/** The names of the types in other languages. */
const OTHER_TYPES: Readonly<Record<string, string>> = {
  int: "integer",
  long: "integer",
  float: "number",
  double: "number",
  decimal: "number",
  bool: "boolean",
  str: "string",
  text: "string",
  dict: "object",
  map: "object",
  list: "array",
  date: 'string", "format": "date',
  datetime: 'string", "format": "date-time',
};

function invalidRemedy(steps: readonly string[], value: JsonValue | undefined, message: string): string {
  const keyword = steps.findLast((step) => Object.hasOwn(KEYWORDS, step)) ?? "";
  if (keyword === "type" && typeof value === "string") {
    const meant = OTHER_TYPES[value.toLowerCase()] ?? nearestName(value, TYPES);
    if (meant !== null) return `Write "type": "${meant}"`;
  }
  if (keyword === "required" && typeof value === "boolean")
    return "List the name under required of the object around it, as in required: [...] beside properties";
  if (keyword === "required" && typeof value === "string") return `Write "required": ["${value}"]`;
  if (keyword.startsWith("exclusiveM") && typeof value === "boolean")
    return `Write the bound itself, as in "${keyword}": 0, and leave ${keyword === "exclusiveMinimum" ? "minimum" : "maximum"} out`;
  if (keyword === "items" && Array.isArray(value)) return "Write prefixItems for a list of schemas, one for each place";
  if (typeof value === "string" && /must be (?:number|integer|boolean)/.test(message))
    return `Write ${value === "" ? "it" : value} without quotes`;
  if (message.endsWith("must be array") && value !== undefined && steps.length > 0)
    return `Write it as a list, as in "${keyword}": [${typeof value === "string" ? JSON.stringify(value) : "..."}]`;
  return `Correct the value of ${keyword === "" ? "the schema" : keyword}`;
}

function refRemedy(schema: JsonObject | boolean, value: JsonValue | undefined): string {
  const name = typeof value === "string" ? (value.split("/").at(-1) ?? "") : "";
  const definitions = ["$defs", "definitions"].flatMap((keyword) => {
    const map = typeof schema === "boolean" ? undefined : schema[keyword];
    return isObject(map) ? Object.keys(map).map((one) => `#/${keyword}/${one}`) : [];
  });
  const nearest =
    definitions.find((pointer) => pointer.endsWith(`/${name}`)) ??
    nearestName(typeof value === "string" ? value : "", definitions);
  if (nearest !== null) return `Write "${nearest}" if that was meant`;
  return definitions.length === 0
    ? "Put what it refers to under $defs, and refer to it as #/$defs/NAME"
    : `Refer to one of ${definitions.slice(0, 8).join(", ")}`;
}
