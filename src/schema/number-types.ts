import type { JsonValue } from "../json/json.ts";

/**
 * How the numbers of a payload are declared by its schema. JSON has one kind of number and 2 is the same text under
 * `integer` and `number`; an engine with typed numbers must not make the type of a field depend on its value.
 */
export type NumberTypes = {
  /** What the schema says of a number here: `integer`, `number`, or nothing. */
  readonly here: "integer" | "number" | null;
  readonly properties: ReadonlyMap<string, NumberTypes>;
  /** For properties that are not listed. */
  readonly rest: NumberTypes | null;
  readonly prefix: readonly NumberTypes[];
  /** For items beyond the prefix. */
  readonly items: NumberTypes | null;
};

/** Reads the number types out of a schema that passed the lint: every `$ref` is local. */
export function compileNumberTypes(schema: JsonValue): NumberTypes {
  const made = new Map<JsonValue, NumberTypes>();
  const compile = (node: JsonValue | undefined): NumberTypes | null => {
    if (node === undefined || node === null || typeof node !== "object" || Array.isArray(node)) return null;
    const known = made.get(node);
    if (known !== undefined) return known;
    const mutable: Mutable = { here: null, properties: new Map(), rest: null, prefix: [], items: null };
    // Before its parts: a recursive schema refers to itself.
    made.set(node, mutable);
    fill(mutable, node as Node, compile, schema);
    return mutable;
  };
  return compile(schema) ?? NOTHING_DECLARED;
}

/** Of a schema that says nothing. */
export const NOTHING_DECLARED: NumberTypes = { here: null, properties: new Map(), rest: null, prefix: [], items: null };

type Node = { readonly [keyword: string]: JsonValue };
type Mutable = { -readonly [Key in keyof NumberTypes]: NumberTypes[Key] };
type Compile = (node: JsonValue | undefined) => NumberTypes | null;

/** Applicators whose subschemas speak of the same place: what all must keep, then what some may keep. */
const ALL = ["allOf"] as const;
const SOME = ["anyOf", "oneOf"] as const;
const BESIDE = ["then", "else"] as const;

function fill(made: Mutable, node: Node, compile: Compile, root: JsonValue): void {
  made.here = declared(node["type"]);
  made.properties = new Map(
    entriesOf(node["properties"]).map(([name, part]) => [name, compile(part) ?? NOTHING_DECLARED]),
  );
  made.rest = compile(node["additionalProperties"]);
  made.prefix = listOf(node["prefixItems"]).map((part) => compile(part) ?? NOTHING_DECLARED);
  made.items = compile(node["items"]);
  const ref = node["$ref"];
  if (typeof ref === "string") merge(made, compile(followLocal(root, ref)));
  for (const keyword of ALL) for (const part of listOf(node[keyword])) merge(made, compile(part));
  for (const keyword of SOME) for (const part of listOf(node[keyword])) merge(made, compile(part));
  for (const keyword of BESIDE) merge(made, compile(node[keyword]));
}

/** Where two parts of a schema disagree, `number` wins: a double holds every integer that survives the boundary. */
function merge(into: Mutable, part: NumberTypes | null): void {
  if (part === null) return;
  if (into.here === null || part.here === "number") into.here = part.here ?? into.here;
  if (part.properties.size > 0) {
    const properties = new Map(into.properties);
    for (const [name, types] of part.properties) {
      const there = properties.get(name);
      properties.set(name, there === undefined ? types : merged(there, types));
    }
    into.properties = properties;
  }
  into.rest ??= part.rest;
  if (into.prefix.length === 0) into.prefix = part.prefix;
  into.items ??= part.items;
}

function merged(one: NumberTypes, other: NumberTypes): NumberTypes {
  const both: Mutable = { ...one };
  merge(both, other);
  return both;
}

function declared(type: JsonValue | undefined): "integer" | "number" | null {
  const types = Array.isArray(type) ? (type as readonly JsonValue[]) : [type];
  if (types.includes("number")) return "number";
  return types.includes("integer") ? "integer" : null;
}

function entriesOf(value: JsonValue | undefined): readonly (readonly [string, JsonValue])[] {
  if (value === undefined || value === null || typeof value !== "object" || Array.isArray(value)) return [];
  return Object.entries(value as Node);
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

/** `#/$defs/x`; anchors and relative ids declare no number type, which costs a type and nothing else. */
function followLocal(root: JsonValue, ref: string): JsonValue | undefined {
  if (ref === "#") return root;
  if (!ref.startsWith("#/")) return undefined;
  let node: JsonValue | undefined = root;
  for (const step of decodeURIComponent(ref.slice(2)).split("/")) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (node === null || typeof node !== "object") return undefined;
    node = Object.hasOwn(node, name) ? (node as Node)[name] : undefined;
  }
  return node;
}
