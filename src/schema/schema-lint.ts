import type { JsonObject, JsonValue } from "../json/json.ts";
import { KEYWORDS, type Shape } from "./keywords.ts";
import { describePatternFault, findPatternFault } from "./pattern-syntax.ts";
import { compileSchema } from "./schema.ts";

type RefusalCode =
  | "dialect"
  | "unknown-keyword"
  | "remote-ref"
  | "unresolved-ref"
  | "unbounded-unique"
  | "boolean-subschema"
  | "unique-objects"
  | "contains-with-prefix"
  | "forbidden-property"
  | "pattern-syntax"
  | "too-large"
  | "too-deep"
  | "does-not-compile";

/** A construct a version may not be frozen with. */
export type Refusal = {
  /** RFC 6901 pointer into the schema. */
  readonly pointer: string;
  readonly code: RefusalCode;
  readonly message: string;
};

const DIALECT = "https://json-schema.org/draft/2020-12/schema";
const SIZE_BYTES_MAX = 256_000;
const DEPTH_MAX = 32;
/** `uniqueItems` compares every pair: 20,000 objects held the loop for 10.8 s. A hundred are 4,950 pairs. */
const UNIQUE_ITEMS_MAX = 100;

/** Names through which a payload could reach a prototype: the boundary refuses them, so no contract can ask for them. */
const FORBIDDEN: ReadonlySet<string> = new Set(["__proto__", "prototype", "constructor"]);

/**
 * Everything in a schema that a version may not be frozen with, in document order; empty when it may.
 * Patterns are judged elsewhere: proving their running time needs a solver that does not belong in the core.
 */
export function refuseSchema(schema: JsonObject | boolean): readonly Refusal[] {
  if (typeof schema === "boolean") return [];
  const size = Buffer.byteLength(JSON.stringify(schema));
  if (size > SIZE_BYTES_MAX) {
    return [
      {
        pointer: "",
        code: "too-large",
        message: `the schema has ${size} bytes; at most ${SIZE_BYTES_MAX} are allowed`,
      },
    ];
  }
  const refusals: Refusal[] = [];
  const anchors = new Set<string>();
  collectAnchors(schema, anchors);
  walk(schema, "", 1, { root: schema, anchors, refuse: (refusal) => refusals.push(refusal) });
  return refusals.length > 0 ? refusals : compileRefusal(schema);
}

type Walk = {
  readonly root: JsonObject;
  readonly anchors: ReadonlySet<string>;
  readonly refuse: (refusal: Refusal) => void;
};

function walk(schema: JsonValue, pointer: string, depth: number, run: Walk): void {
  if (!isObject(schema)) return;
  if (depth > DEPTH_MAX)
    return run.refuse({ pointer, code: "too-deep", message: `schemas nest deeper than ${DEPTH_MAX}` });
  checkUnique(schema, pointer, run);
  checkBooleans(schema, pointer, run);
  for (const [keyword, value] of Object.entries(schema)) {
    const at = `${pointer}/${escapeStep(keyword)}`;
    if (keyword.startsWith("x-")) continue;
    const shape = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
    if (shape === undefined) {
      run.refuse({
        pointer: at,
        code: "unknown-keyword",
        message: `"${keyword}" is not a keyword that is judged; begin the name with "x-" to keep it as a note`,
      });
      continue;
    }
    if (keyword === "$schema" && value !== DIALECT) {
      run.refuse({ pointer: at, code: "dialect", message: `only the dialect ${DIALECT} is judged` });
    }
    if (keyword === "$ref" && typeof value === "string") checkRef(value, at, run);
    if (keyword === "properties" || keyword === "$defs") checkNames(value, at, run);
    if (keyword === "pattern" && typeof value === "string") checkPattern(value, at, run);
    if (keyword === "patternProperties" && isObject(value))
      for (const name of Object.keys(value)) checkPattern(name, `${at}/${escapeStep(name)}`, run);
    descend(shape, value, at, depth, run);
  }
}

function descend(shape: Shape, value: JsonValue, at: string, depth: number, run: Walk): void {
  switch (shape) {
    case "value":
      return;
    case "schema":
      return walk(value, at, depth + 1, run);
    case "schemas":
      if (Array.isArray(value)) value.forEach((item: JsonValue, index) => walk(item, `${at}/${index}`, depth + 1, run));
      return;
    case "map":
    case "pattern-map":
      if (!isObject(value)) return;
      for (const [name, item] of Object.entries(value)) walk(item, `${at}/${escapeStep(name)}`, depth + 1, run);
  }
}

function checkUnique(schema: JsonObject, pointer: string, { refuse }: Walk): void {
  if (schema["uniqueItems"] !== true) return;
  const { maxItems, items } = schema;
  if (typeof maxItems !== "number" || maxItems > UNIQUE_ITEMS_MAX) {
    const message = `uniqueItems needs maxItems of at most ${UNIQUE_ITEMS_MAX} beside it`;
    refuse({ pointer: `${pointer}/uniqueItems`, code: "unbounded-unique", message });
  }
  // The engine compares objects by their methods: one with a field "toString" equals nothing, not even itself.
  const type = items !== undefined && isObject(items) ? items["type"] : undefined;
  if (typeof type === "string" && SCALARS.has(type)) return;
  const message = `uniqueItems needs items of one scalar type beside it (${[...SCALARS].join(", ")})`;
  refuse({ pointer: `${pointer}/uniqueItems`, code: "unique-objects", message });
}

const SCALARS: ReadonlySet<string> = new Set(["string", "number", "integer", "boolean"]);

/** On a bare true or false here the engine gives wrong verdicts (found by the second engine on random schemas). */
function checkBooleans(schema: JsonObject, pointer: string, { refuse }: Walk): void {
  for (const keyword of ["not", "contains"]) {
    if (typeof schema[keyword] !== "boolean") continue;
    const message = `${keyword} with a bare ${String(schema[keyword])} says nothing about the payload; remove it or write a schema`;
    refuse({ pointer: `${pointer}/${keyword}`, code: "boolean-subschema", message });
  }
  if (schema["contains"] === undefined || schema["prefixItems"] === undefined) return;
  const message = "contains beside prefixItems is not judged on an empty array; put one of them into allOf";
  refuse({ pointer: `${pointer}/contains`, code: "contains-with-prefix", message });
}

/** Only references inside the document, to something that is there. */
function checkRef(ref: string, pointer: string, { root, anchors, refuse }: Walk): void {
  if (anchors.has(ref)) return;
  if (!ref.startsWith("#")) {
    return refuse({ pointer, code: "remote-ref", message: "it refers to another document; nothing is ever fetched" });
  }
  if (ref !== "#" && (!ref.startsWith("#/") || resolvePointer(root, ref.slice(1)) === undefined)) {
    refuse({ pointer, code: "unresolved-ref", message: "it refers to nothing in this document" });
  }
}

/** Patterns are read with flag `u`, and only so, as 2020-12 says (6.4 of the core specification). */
function checkPattern(pattern: string, pointer: string, { refuse }: Walk): void {
  const fault = findPatternFault(pattern);
  if (fault !== null) refuse({ pointer, code: "pattern-syntax", message: describePatternFault(fault, pattern) });
}

function checkNames(value: JsonValue, pointer: string, { refuse }: Walk): void {
  if (!isObject(value)) return;
  for (const name of Object.keys(value)) {
    if (!FORBIDDEN.has(name)) continue;
    refuse({
      pointer: `${pointer}/${name}`,
      code: "forbidden-property",
      message: `no payload with a key "${name}" gets past the boundary`,
    });
  }
}

function collectAnchors(value: JsonValue, anchors: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) collectAnchors(item, anchors);
  }
  if (!isObject(value)) return;
  const { $id, $anchor } = value;
  if (typeof $id === "string") anchors.add($id);
  if (typeof $anchor === "string") anchors.add(`#${$anchor}`);
  for (const item of Object.values(value)) collectAnchors(item, anchors);
}

function compileRefusal(schema: JsonObject): readonly Refusal[] {
  try {
    compileSchema(schema).accepts(null);
    return [];
  } catch (error) {
    const message = `it does not compile: ${error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : "unknown reason"}`;
    return [{ pointer: "", code: "does-not-compile", message }];
  }
}

function resolvePointer(root: JsonValue, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = root;
  for (const step of decodeURIComponent(pointer).slice(1).split("/")) {
    if (value === undefined || value === null || typeof value !== "object") return undefined;
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    value = Object.hasOwn(value, name) ? (value as { readonly [key: string]: JsonValue })[name] : undefined;
  }
  return value;
}

function isObject(value: JsonValue): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function escapeStep(step: string): string {
  return step.replaceAll("~", "~0").replaceAll("/", "~1");
}
