import type { FormatsMode } from "../contract-set.ts";
import type { JsonObject, JsonValue } from "../../json/json.ts";
import { isDecimalText, provesDecimal } from "./decimal-pattern.ts";
import { isWhole, isZero, signOfNum, type Num } from "./exact.ts";
import {
  ANY,
  ANY_STRING,
  BOOL,
  intersect,
  intersectAll,
  lazily,
  LIST,
  NEVER,
  NULL,
  NUMBER,
  numberShape,
  OBJECT,
  STRING,
  stringShape,
  union,
  unionAll,
  type FieldShape,
  type Lazy,
  type Shape,
} from "./shape.ts";

/**
 * The shape of every payload that a schema accepts, read from `type`, `const`, `enum`, the bounds of numbers, texts and lists,
 * `properties`, `required`, `items`, `allOf`, `anyOf`, `oneOf`, `if`, and local references. What says more than these is left
 * out, which makes the shape wider and never wrong.
 */
export function shapeOfSchema(schema: JsonObject | boolean, formats: FormatsMode): Shape {
  const reading: Reading = { root: schema, formats, made: new Map(), anchors: anchorsIn(schema), left: PARTS_MAX };
  return shapeOf(schema, reading, new Set());
}

type Reading = {
  readonly root: JsonObject | boolean;
  readonly formats: FormatsMode;
  /** By subschema: a schema that refers to itself comes back to the same shape. */
  readonly made: Map<JsonObject, Lazy>;
  readonly anchors: ReadonlyMap<string, JsonValue>;
  /** Parts that may still be read: definitions that name each other twice over would be read without end. */
  left: number;
};

const PARTS_MAX = 100_000;

function lazyShape(schema: JsonValue | undefined, reading: Reading): Lazy {
  if (!isObject(schema)) return () => shapeOf(schema, reading, new Set());
  const known = reading.made.get(schema);
  if (known !== undefined) return known;
  const made = lazily(() => shapeOf(schema, reading, new Set()));
  reading.made.set(schema, made);
  return made;
}

/** @param open subschemas that speak of the same place and are being read: one that comes back asks nothing new. */
function shapeOf(schema: JsonValue | undefined, reading: Reading, open: ReadonlySet<JsonObject>): Shape {
  if (schema === false) return NEVER;
  if (!isObject(schema) || open.has(schema) || open.size > REFERENCES_MAX) return ANY;
  // References inside an embedded document are its own.
  if (schema !== reading.root && typeof schema["$id"] === "string") return ANY;
  reading.left -= 1;
  if (reading.left < 0) return ANY;
  const inside = new Set(open).add(schema);
  const same = (part: JsonValue | undefined): Shape => shapeOf(part, reading, inside);
  const all = [ofType(schema["type"]), ofLiterals(schema), ofNumbers(schema), ofStrings(schema, reading.formats)];
  all.push(ofLists(schema, reading), ofObjects(schema, reading));
  if (typeof schema["$ref"] === "string") all.push(same(follow(schema["$ref"], reading)));
  for (const part of partsOf(schema["allOf"])) all.push(same(part));
  for (const keyword of ["anyOf", "oneOf"]) {
    if (Array.isArray(schema[keyword])) all.push(unionAll(partsOf(schema[keyword]).map(same)));
  }
  if (schema["if"] !== undefined) all.push(ofCondition(schema, same));
  return intersectAll(all);
}

/** A chain of references and branches at one place that is longer is not followed further. */
const REFERENCES_MAX = 32;

function ofType(type: JsonValue | undefined): Shape {
  if (type === undefined) return ANY;
  const names: readonly JsonValue[] = Array.isArray(type) ? (type as readonly JsonValue[]) : [type];
  return unionAll(names.map((name) => (typeof name === "string" ? (BY_TYPE.get(name) ?? ANY) : ANY)));
}

const BY_TYPE: ReadonlyMap<string, Shape> = new Map([
  ["null", NULL],
  ["boolean", BOOL],
  ["integer", numberShape({ whole: true })],
  ["number", NUMBER],
  ["string", STRING],
  ["array", LIST],
  ["object", OBJECT],
]);

function ofLiterals(schema: JsonObject): Shape {
  const fixed = Object.hasOwn(schema, "const") ? shapeOfLiteral(schema["const"] as JsonValue) : ANY;
  const listed = schema["enum"];
  if (!Array.isArray(listed)) return fixed;
  return intersect(fixed, unionAll((listed as readonly JsonValue[]).map(shapeOfLiteral)));
}

/** The shape of exactly one value. */
function shapeOfLiteral(value: JsonValue): Shape {
  if (value === null) return NULL;
  if (typeof value === "boolean") return BOOL;
  if (typeof value === "string") return shapeOfText(value);
  if (typeof value !== "object") return numberShape({ whole: isWhole(value), nonZero: !isZero(value) });
  if (Array.isArray(value)) {
    const prefix = (value as readonly JsonValue[]).map((item) => lazily(() => shapeOfLiteral(item)));
    return { ...NEVER, list: { prefix, items: () => NEVER, min: prefix.length, max: prefix.length } };
  }
  const fields = Object.entries(value as JsonObject).map(
    ([name, part]) => [name, { shape: lazily(() => shapeOfLiteral(part)), required: true }] as const,
  );
  return { ...NEVER, object: { fields: new Map(fields), rest: null, isMap: false } };
}

/** The shape of one text. */
export function shapeOfText(text: string): Shape {
  return stringShape({ decimal: isDecimalText(text), values: new Set([text]), lengthMax: text.length });
}

function ofNumbers(schema: JsonObject): Shape {
  const above = (keyword: string, isEnough: (bound: Num) => boolean): boolean => {
    const bound = schema[keyword];
    return (typeof bound === "number" || typeof bound === "bigint") && isEnough(bound);
  };
  const nonZero =
    above("minimum", (bound) => signOfNum(bound) > 0) ||
    above("exclusiveMinimum", (bound) => signOfNum(bound) >= 0) ||
    above("maximum", (bound) => signOfNum(bound) < 0) ||
    above("exclusiveMaximum", (bound) => signOfNum(bound) <= 0);
  const whole = above("multipleOf", isWhole);
  return nonZero || whole ? { ...ANY, number: { whole, nonZero, degree: 1 } } : ANY;
}

function ofStrings(schema: JsonObject, formats: FormatsMode): Shape {
  const { format, pattern, maxLength } = schema;
  const asserted = formats === "assert" && (format === "date-time" || format === "date") ? format : null;
  const decimal = typeof pattern === "string" && provesDecimal(pattern);
  // Counted in code points: a pair of UTF-16 units each at most.
  const lengthMax = typeof maxLength === "number" ? maxLength * 2 : Infinity;
  if (asserted === null && !decimal && lengthMax === Infinity) return ANY;
  return { ...ANY, string: { ...ANY_STRING, format: asserted, decimal, lengthMax } };
}

function ofLists(schema: JsonObject, reading: Reading): Shape {
  const { items, prefixItems, minItems, maxItems } = schema;
  if (![items, prefixItems, minItems, maxItems].some((value) => value !== undefined)) return ANY;
  const prefix = partsOf(prefixItems).map((part) => lazyShape(part, reading));
  const isClosed = items === false;
  const max = typeof maxItems === "number" ? maxItems : Infinity;
  return {
    ...ANY,
    list: {
      prefix,
      items: lazyShape(items, reading),
      min: typeof minItems === "number" ? minItems : 0,
      max: isClosed ? Math.min(max, prefix.length) : max,
    },
  };
}

function ofObjects(schema: JsonObject, reading: Reading): Shape {
  const { properties, required, additionalProperties, patternProperties } = schema;
  const fields = new Map<string, FieldShape>();
  const [patterns, rest] = restOf(additionalProperties, patternProperties, reading);
  const names = new Set(partsOf(required).filter((name) => typeof name === "string"));
  for (const [name, part] of entriesOf(properties)) {
    fields.set(name, { shape: lazyShape(part, reading), required: names.has(name) });
  }
  for (const name of names) {
    if (!fields.has(name)) fields.set(name, { shape: rest ?? ((): Shape => NEVER), required: true });
  }
  const isMap = patterns || isSaying(additionalProperties);
  if (fields.size === 0 && rest !== null && !isMap) return ANY;
  return { ...ANY, object: { fields, rest, isMap } };
}

/** What fields without a name of their own hold, and whether patterns say so. */
function restOf(
  additional: JsonValue | undefined,
  patterns: JsonValue | undefined,
  reading: Reading,
): readonly [byPattern: boolean, rest: Lazy | null] {
  const matched = entriesOf(patterns).map(([, part]) => lazyShape(part, reading));
  const others = additional === false ? null : lazyShape(additional, reading);
  if (matched.length === 0) return [false, others];
  const parts = others === null ? matched : [...matched, others];
  return [additional === false || isSaying(additional), lazily(() => unionAll(parts.map((part) => part())))];
}

function isSaying(schema: JsonValue | undefined): boolean {
  return isObject(schema) && Object.keys(schema).length > 0;
}

/** Either the condition held, and `then` with it, or it did not, and `else` holds. */
function ofCondition(schema: JsonObject, same: (part: JsonValue | undefined) => Shape): Shape {
  return union(intersect(same(schema["if"]), same(schema["then"])), same(schema["else"]));
}

/** `#/$defs/x`, `#anchor`, `#`; anything else says nothing here. */
function follow(ref: string, { root, anchors }: Reading): JsonValue | undefined {
  if (ref === "#") return root;
  if (!ref.startsWith("#")) return undefined;
  const fragment = decoded(ref.slice(1));
  if (fragment === null) return undefined;
  if (!fragment.startsWith("/")) return anchors.get(fragment);
  let node: JsonValue | undefined = root;
  for (const step of fragment.slice(1).split("/")) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (node === undefined || node === null || typeof node !== "object" || !Object.hasOwn(node, name)) return undefined;
    node = (node as JsonObject)[name];
    // From here on references are relative to another document.
    if (isObject(node) && typeof node["$id"] === "string") return undefined;
  }
  return node;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Subschemas by `$anchor`; those of embedded documents and those that stand twice are left out. */
function anchorsIn(root: JsonValue): ReadonlyMap<string, JsonValue> {
  const found = new Map<string, JsonValue>();
  const pending: JsonValue[] = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node === null || typeof node !== "object") continue;
    if (isObject(node)) {
      if (node !== root && typeof node["$id"] === "string") continue;
      const anchor = node["$anchor"];
      if (typeof anchor === "string") found.set(anchor, found.has(anchor) ? true : node);
    }
    for (const part of Object.values<JsonValue>(node as JsonObject)) pending.push(part);
  }
  return found;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function partsOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

function entriesOf(value: JsonValue | undefined): readonly (readonly [string, JsonValue])[] {
  return isObject(value) ? Object.entries(value) : [];
}
