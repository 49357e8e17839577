import { compareNumbers, compileMultiple, type IsMultiple } from "../json/decimal.ts";
import { compilePattern, type Matches } from "../schema/linear-pattern.ts";
import { spend } from "./effort.ts";
import { evaluatedItems, evaluatedNames } from "./evaluated.ts";
import type { Numeric } from "./multiples.ts";
import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { INTEGER_RANGES, isInteger } from "../schema/assertions.ts";
import { equalityKey, jsonEqual } from "../schema/equal.ts";
import { FORMATS } from "../schema/formats/formats.ts";
import {
  childOf,
  isList,
  nodesByName,
  nodesInList,
  nodeUnder,
  numberUnder,
  numericUnder,
  own,
  textsOf,
  type SchemaNode,
} from "./schema-node.ts";

/** The six kinds of JSON values. `integer` is a kind of number. */
export type JsonType = "null" | "boolean" | "number" | "string" | "array" | "object";

export const JSON_TYPES: readonly JsonType[] = ["null", "boolean", "number", "string", "array", "object"];

export function typeOfValue(value: JsonValue): JsonType {
  if (value === null) return "null";
  if (isNumeric(value)) return "number";
  if (isList(value)) return "array";
  return typeof value as JsonType;
}

/**
 * Whether one part of a schema accepts a value. The answer must be that of the engine (`src/schema/schema.ts`; a test compares
 * the two). The engine compiles whole documents; the comparison asks about single parts, thousands of times.
 * @throws when a reference cannot be followed. Callers exclude schemas with circular references beforehand.
 */
export function accepts(node: SchemaNode, value: JsonValue): boolean {
  const { schema } = node;
  if (typeof schema === "boolean") return schema;
  spend(node.document.shared.effort, 1);
  const ref = own(schema, "$ref");
  if (typeof ref === "string") {
    const target = node.document.resolve(ref);
    if (target === null) throw new Error(`Cannot follow the reference at ${node.pointer}`);
    if (!accepts(target, value)) return false;
  }
  return (
    acceptsAny(schema, value) &&
    acceptsOwnType(node, value) &&
    acceptsCombined(node, value) &&
    acceptsLeftOver(node, value)
  );
}

/** Checks `unevaluatedProperties` and `unevaluatedItems`, for the members that no other keyword evaluated. */
function acceptsLeftOver(node: SchemaNode, value: JsonValue): boolean {
  if (isList(value)) {
    const rest = nodeUnder(node, "unevaluatedItems");
    if (rest === null) return true;
    const seen = evaluatedItems(node, value, accepts, true);
    return value.every((item, index) => seen.has(index) || accepts(rest, item));
  }
  const rest = isObject(value) ? nodeUnder(node, "unevaluatedProperties") : null;
  if (rest === null || !isObject(value)) return true;
  const seen = evaluatedNames(node, value, { judge: accepts, matches }, true);
  return Object.entries(value).every(([name, part]) => seen.has(name) || accepts(rest, part));
}

const multiples = new Map<Numeric, IsMultiple>();

/** Whether a number is an integer multiple of another, in exact decimal arithmetic as in the engine. */
export function isMultiple(value: Numeric, divisor: Numeric): boolean {
  let test = multiples.get(divisor);
  if (test === undefined) {
    if (multiples.size >= PATTERNS_MAX) multiples.clear();
    test = compileMultiple(divisor);
    multiples.set(divisor, test);
  }
  return test(value);
}

/** Whether the value is a number: a double, or an integer that a double cannot represent. */
export function isNumeric(value: unknown): value is Numeric {
  return typeof value === "number" || typeof value === "bigint";
}

/** The number of code points, as `minLength` counts. */
export function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

const patterns = new Map<string, Matches>();
/** The most entries of the cache; it is emptied when full. */
const PATTERNS_MAX = 1_024;

/**
 * Whether a text matches a pattern, in linear time as in the engine.
 * @throws SyntaxError when the pattern has a syntax error.
 */
export function matches(pattern: string, text: string): boolean {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    if (patterns.size >= PATTERNS_MAX) patterns.clear();
    compiled = compilePattern(pattern);
    patterns.set(pattern, compiled);
  }
  return compiled(text);
}

function acceptsAny(schema: JsonObject, value: JsonValue): boolean {
  const type = own(schema, "type");
  if (type !== undefined && !(isList(type) ? type : [type]).some((name) => isOfType(value, name))) return false;
  const { const: only, enum: members } = schema;
  if (Object.hasOwn(schema, "const") && !jsonEqual(value, only ?? null)) return false;
  return !isList(members) || isAmong(value, members);
}

/** Longer lists get a set of the members' texts, since they are searched many times. */
const SCANNED_MAX = 8;
const membersByText = new WeakMap<readonly JsonValue[], ReadonlySet<string>>();

/** Whether a list contains an equal value. */
export function isAmong(value: JsonValue, list: readonly JsonValue[]): boolean {
  if (list.length <= SCANNED_MAX) return list.some((member) => jsonEqual(value, member));
  let texts = membersByText.get(list);
  if (texts === undefined) {
    texts = new Set(list.map(equalityKey));
    membersByText.set(list, texts);
  }
  return texts.has(equalityKey(value));
}

function isOfType(value: JsonValue, name: JsonValue): boolean {
  if (name === "integer") return isNumeric(value) && isInteger(value);
  return typeOfValue(value) === name;
}

function acceptsOwnType(node: SchemaNode, value: JsonValue): boolean {
  if (isNumeric(value)) return acceptsNumber(node, value);
  if (typeof value === "string") return acceptsString(node, value);
  if (isList(value)) return acceptsArray(node, value);
  return isObject(value) ? acceptsObject(node, value) : true;
}

function within(node: SchemaNode, size: number, least: string, most: string): boolean {
  return size >= (numberUnder(node, least) ?? -Infinity) && size <= (numberUnder(node, most) ?? Infinity);
}

function acceptsNumber(node: SchemaNode, value: Numeric): boolean {
  const keeps = (keyword: string, isKept: (order: number) => boolean): boolean => {
    const bound = numericUnder(node, keyword);
    return bound === null || isKept(compareNumbers(value, bound));
  };
  const divisor = numericUnder(node, "multipleOf");
  return (
    keeps("minimum", (order) => order >= 0) &&
    keeps("maximum", (order) => order <= 0) &&
    keeps("exclusiveMinimum", (order) => order > 0) &&
    keeps("exclusiveMaximum", (order) => order < 0) &&
    isInFormat(node, value) &&
    (divisor === null || isMultiple(value, divisor))
  );
}

function acceptsString(node: SchemaNode, value: string): boolean {
  if (!within(node, lengthOf(value), "minLength", "maxLength")) return false;
  const pattern = own(node.schema as JsonObject, "pattern");
  if (typeof pattern === "string" && !matches(pattern, value)) return false;
  const format = own(node.schema as JsonObject, "format");
  return typeof format !== "string" || (FORMATS.get(format)?.(value) ?? true);
}

/** Checks `int64` and `int32`, which restrict integers only. */
function isInFormat(node: SchemaNode, value: Numeric): boolean {
  const format = own(node.schema as JsonObject, "format");
  const range = typeof format === "string" ? INTEGER_RANGES.get(format) : undefined;
  if (range === undefined || !isInteger(value)) return true;
  return compareNumbers(value, range[0]) >= 0 && compareNumbers(value, range[1]) <= 0;
}

function acceptsArray(node: SchemaNode, value: readonly JsonValue[]): boolean {
  if (!within(node, value.length, "minItems", "maxItems")) return false;
  const prefix = nodesInList(node, "prefixItems");
  const items = nodeUnder(node, "items");
  const fits = value.every((item, index) => {
    const schema = prefix[index] ?? items;
    return schema === null || accepts(schema, item);
  });
  if (!fits) return false;
  const contains = nodeUnder(node, "contains");
  if (contains !== null) {
    const count = value.filter((item) => accepts(contains, item)).length;
    if (count < (numberUnder(node, "minContains") ?? 1) || count > (numberUnder(node, "maxContains") ?? Infinity))
      return false;
  }
  if (own(node.schema as JsonObject, "uniqueItems") !== true) return true;
  return new Set(value.map(equalityKey)).size === value.length;
}

function acceptsObject(node: SchemaNode, value: JsonObject): boolean {
  const schema = node.schema as JsonObject;
  const names = Object.keys(value);
  if (!within(node, names.length, "minProperties", "maxProperties")) return false;
  if (!textsOf(own(schema, "required")).every((name) => Object.hasOwn(value, name))) return false;
  const dependent = own(schema, "dependentRequired");
  for (const [name, needed] of isObject(dependent) ? Object.entries(dependent) : []) {
    if (Object.hasOwn(value, name) && !textsOf(needed).every((one) => Object.hasOwn(value, one))) return false;
  }
  for (const [name, part] of nodesByName(node, "dependentSchemas")) {
    if (Object.hasOwn(value, name) && !accepts(part, value)) return false;
  }
  const nameSchema = nodeUnder(node, "propertyNames");
  if (nameSchema !== null && !names.every((name) => accepts(nameSchema, name))) return false;
  return names.every((name) => schemasFor(node, name).every((part) => accepts(part, value[name] as JsonValue)));
}

/** The schemas that one object schema applies to the property of this name. */
export function schemasFor(node: SchemaNode, name: string): readonly SchemaNode[] {
  const properties = own(node.schema as JsonObject, "properties");
  const named = isObject(properties) ? own(properties, name) : undefined;
  const found = named === undefined ? [] : [childOf(node, named, "properties", name)];
  for (const [pattern, part] of nodesByName(node, "patternProperties")) if (matches(pattern, name)) found.push(part);
  if (found.length > 0) return found;
  const rest = nodeUnder(node, "additionalProperties");
  return rest === null ? [] : [rest];
}

function acceptsCombined(node: SchemaNode, value: JsonValue): boolean {
  const schema = node.schema as JsonObject;
  if (!nodesInList(node, "allOf").every((part) => accepts(part, value))) return false;
  if (own(schema, "anyOf") !== undefined && !nodesInList(node, "anyOf").some((part) => accepts(part, value)))
    return false;
  if (own(schema, "oneOf") !== undefined) {
    if (nodesInList(node, "oneOf").filter((part) => accepts(part, value)).length !== 1) return false;
  }
  const not = nodeUnder(node, "not");
  if (not !== null && accepts(not, value)) return false;
  const condition = nodeUnder(node, "if");
  if (condition === null) return true;
  const branch = nodeUnder(node, accepts(condition, value) ? "then" : "else");
  return branch === null || accepts(branch, value);
}
