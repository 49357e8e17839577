import type { FormatsMode } from "../contract-set.ts";
import { isObject, type JsonObject, type JsonValue } from "../../json/json.ts";
import { readResources, type Resources, type SchemaPlace } from "../../schema/resources.ts";
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
 * The shape of all payloads that a schema accepts. It is read from `type`, `const`, `enum`, the bounds of numbers, texts and
 * lists, `properties`, `required`, `items`, `allOf`, `anyOf`, `oneOf`, `if`, and local references. Other keywords are ignored,
 * which makes the shape wider and never wrong.
 */
export function shapeOfSchema(schema: JsonObject | boolean, formats: FormatsMode): Shape {
  const resources = readResources(schema);
  return shapeOf(resources.root, { resources, formats, made: new Map(), left: PARTS_MAX }, new Set());
}

type Reading = {
  readonly resources: Resources;
  readonly formats: FormatsMode;
  /** Shapes by subschema: a schema that contains itself refers to its own shape. */
  readonly made: Map<JsonObject, Lazy>;
  /** The parts that may still be read: definitions that refer to each other repeatedly could otherwise be read without end. */
  left: number;
};

const PARTS_MAX = 100_000;

function lazyShape(place: SchemaPlace, reading: Reading): Lazy {
  const { schema } = place;
  if (!isObject(schema)) return () => shapeOf(place, reading, new Set());
  const known = reading.made.get(schema);
  if (known !== undefined) return known;
  const made = lazily(() => shapeOf(place, reading, new Set()));
  reading.made.set(schema, made);
  return made;
}

/**
 * Reads the shape of a schema.
 * @param open subschemas of the same place that are being read: one of them again adds nothing.
 */
function shapeOf(place: SchemaPlace, reading: Reading, open: ReadonlySet<JsonObject>): Shape {
  const { schema } = place;
  if (schema === false) return NEVER;
  if (!isObject(schema) || open.has(schema) || open.size > REFERENCES_MAX) return ANY;
  reading.left -= 1;
  if (reading.left < 0) return ANY;
  const inside = new Set(open).add(schema);
  const { under, resolve } = reading.resources;
  const same = (part: SchemaPlace): Shape => shapeOf(part, reading, inside);
  const branches = (keyword: string): readonly Shape[] =>
    partsOf(schema[keyword]).map((_, at) => same(under(place, keyword, at)));
  const all = [ofType(schema["type"]), ofLiterals(schema), ofNumbers(schema), ofStrings(schema, reading.formats)];
  all.push(ofLists(place, schema, reading), ofObjects(place, schema, reading));
  const target = typeof schema["$ref"] === "string" ? resolve(place, schema["$ref"]) : null;
  if (target !== null) all.push(same(target.place));
  all.push(...branches("allOf"));
  for (const keyword of ["anyOf", "oneOf"]) if (Array.isArray(schema[keyword])) all.push(unionAll(branches(keyword)));
  if (schema["if"] !== undefined) {
    const [held, then, otherwise] = ["if", "then", "else"].map((keyword) =>
      schema[keyword] === undefined ? ANY : same(under(place, keyword)),
    );
    // Either the condition holds, and with it `then`, or `else` holds.
    all.push(union(intersect(held ?? ANY, then ?? ANY), otherwise ?? ANY));
  }
  return intersectAll(all);
}

/** The longest chain of references and branches at one place that is followed. */
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
  // maxLength counts code points, each of at most two UTF-16 units.
  const lengthMax = typeof maxLength === "number" ? maxLength * 2 : Infinity;
  if (asserted === null && !decimal && lengthMax === Infinity) return ANY;
  return { ...ANY, string: { ...ANY_STRING, format: asserted, decimal, lengthMax } };
}

function ofLists(place: SchemaPlace, schema: JsonObject, reading: Reading): Shape {
  const { items, prefixItems, minItems, maxItems } = schema;
  if (![items, prefixItems, minItems, maxItems].some((value) => value !== undefined)) return ANY;
  const { under } = reading.resources;
  const prefix = partsOf(prefixItems).map((_, at) => lazyShape(under(place, "prefixItems", at), reading));
  const max = typeof maxItems === "number" ? maxItems : Infinity;
  return {
    ...ANY,
    list: {
      prefix,
      items: items === undefined ? (): Shape => ANY : lazyShape(under(place, "items"), reading),
      min: typeof minItems === "number" ? minItems : 0,
      max: items === false ? Math.min(max, prefix.length) : max,
    },
  };
}

function ofObjects(place: SchemaPlace, schema: JsonObject, reading: Reading): Shape {
  const { properties, required, additionalProperties } = schema;
  const { under } = reading.resources;
  const fields = new Map<string, FieldShape>();
  const [isMap, rest] = restOf(place, schema, reading);
  const names = new Set(partsOf(required).filter((name) => typeof name === "string"));
  for (const name of namesIn(properties)) {
    fields.set(name, { shape: lazyShape(under(place, "properties", name), reading), required: names.has(name) });
  }
  for (const name of names) {
    if (!fields.has(name)) fields.set(name, { shape: rest ?? ((): Shape => NEVER), required: true });
  }
  if (fields.size === 0 && additionalProperties !== false && !isMap) return ANY;
  return { ...ANY, object: { fields, rest, isMap } };
}

/** The shape of undeclared fields, and whether the schema describes all of them. */
function restOf(
  place: SchemaPlace,
  { additionalProperties, patternProperties }: JsonObject,
  reading: Reading,
): readonly [isMap: boolean, rest: Lazy | null] {
  const { under } = reading.resources;
  const parts = namesIn(patternProperties).map((name) => lazyShape(under(place, "patternProperties", name), reading));
  const isSaid = isObject(additionalProperties) && Object.keys(additionalProperties).length > 0;
  if (isSaid) parts.push(lazyShape(under(place, "additionalProperties"), reading));
  else if (additionalProperties !== false) parts.push(() => ANY);
  if (parts.length === 0) return [false, null];
  const isMap = isSaid || additionalProperties === false;
  return [isMap, lazily(() => unionAll(parts.map((part) => part())))];
}

function partsOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

function namesIn(value: JsonValue | undefined): readonly string[] {
  return isObject(value) ? Object.keys(value) : [];
}
