import { pointerOf, unescapeStep } from "../json/pointer.ts";
import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { KEYWORDS } from "../schema/keywords.ts";
import { spend, unlimited, type Effort } from "./effort.ts";
import type { Numeric } from "./multiples.ts";
import type { Found } from "./pattern-search.ts";

/** One schema document and the function that resolves its references. Made by {@link openSchema}. */
export type SchemaDocument = {
  /** Distinguishes the documents of one comparison. */
  readonly name: string;
  readonly root: JsonObject | boolean;
  /** Resolves the text of a `$ref` within this document; null when it leads elsewhere. */
  readonly resolve: (ref: string) => SchemaNode | null;
  readonly shared: Shared;
};

/** The caches and the effort that the documents of one comparison share. */
export type Shared = {
  /** Short names by the content of schemas, and the names already given; see `schema-key.ts`. */
  readonly names: Map<string, string>;
  readonly given: WeakMap<JsonObject, string>;
  /** A cache of answers about patterns: a proof asks the same questions many times. */
  readonly texts: Map<string, Found>;
  readonly effort: Effort;
};

/** @param effort the steps that the comparison may take. */
export function createShared(effort: Effort): Shared {
  return { names: new Map(), given: new WeakMap(), texts: new Map(), effort };
}

/** A schema at its place in a document. A schema that the comparison constructs has the pointer of the schema it was made for. */
export type SchemaNode = {
  readonly document: SchemaDocument;
  /** RFC 6901 pointer into the document. */
  readonly pointer: string;
  readonly schema: JsonObject | boolean;
};

/** Keywords that assert nothing about a payload. Formats that are annotations were removed before: see `format-notes.ts`. */
export const ANNOTATIONS: ReadonlySet<string> = new Set([
  "$schema",
  "$id",
  "$anchor",
  "$dynamicAnchor",
  "$comment",
  "$defs",
  "definitions",
  "title",
  "description",
  "default",
  "deprecated",
  "readOnly",
  "writeOnly",
  "examples",
  "contentEncoding",
  "contentMediaType",
  "contentSchema",
]);

/**
 * Opens a schema that `refuseSchema` accepts. Every `format` in it counts as asserted.
 * @param shared the shared state of another document, when the two are to be compared.
 */
export function openSchema(
  name: string,
  root: JsonObject | boolean,
  shared: Shared = createShared(unlimited()),
): SchemaDocument {
  // In a document with inner `$id`s nothing is followed: they change the base of pointers, and their anchors are their own.
  const resolve = (ref: string): SchemaNode | null =>
    anchors === null ? null : (anchors.get(ref) ?? followPointer(document, ref));
  const document: SchemaDocument = { name, root, resolve, shared };
  const anchors = anchorsOf(document);
  return document;
}

/** The whole document as a node. */
export function rootOf(document: SchemaDocument): SchemaNode {
  return { document, pointer: "", schema: document.root };
}

/** The node of a part of a schema: `schema` is the part, and `steps` lead from the node to it. */
export function childOf(node: SchemaNode, schema: JsonValue, ...steps: readonly (string | number)[]): SchemaNode {
  return { document: node.document, pointer: pointerTo(node.pointer, ...steps), schema: asSchema(schema) };
}

/** A schema that the comparison constructs from parts of the node's document. */
export function madeFor(node: SchemaNode, schema: JsonObject | boolean): SchemaNode {
  return { document: node.document, pointer: node.pointer, schema };
}

/** Appends steps to an RFC 6901 pointer. */
export function pointerTo(pointer: string, ...steps: readonly (string | number)[]): string {
  return pointer + pointerOf(steps);
}

/** The value of an own property, or undefined. */
export function own(schema: JsonObject, keyword: string): JsonValue | undefined {
  return Object.hasOwn(schema, keyword) ? schema[keyword] : undefined;
}

/** Names of the keywords of a schema that assert something. */
export function assertionsOf(schema: JsonObject): readonly string[] {
  return Object.keys(schema).filter((keyword) => !ANNOTATIONS.has(keyword) && !keyword.startsWith("x-"));
}

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The value of a keyword, or undefined. */
export function memberOf({ schema }: SchemaNode, keyword: string): JsonValue | undefined {
  return isObject(schema) ? own(schema, keyword) : undefined;
}

/** The schema that `$ref` leads to; null when there is no reference or it cannot be followed. */
export function referredBy(node: SchemaNode): SchemaNode | null {
  const ref = memberOf(node, "$ref");
  return typeof ref === "string" ? node.document.resolve(ref) : null;
}

/** One step pays for 4 nodes: their number is shifted right by this many bits. */
const NODES_SHIFT = 2;

/** Schemas under a keyword that maps names to schemas, as nodes. */
export function nodesByName(node: SchemaNode, keyword: string): ReadonlyMap<string, SchemaNode> {
  const map = isObject(node.schema) ? own(node.schema, keyword) : undefined;
  if (!isObject(map)) return NONE;
  const entries = Object.entries(map);
  spend(node.document.shared.effort, entries.length >> NODES_SHIFT);
  return new Map(entries.map(([name, schema]) => [name, childOf(node, schema, keyword, name)]));
}

const NONE: ReadonlyMap<string, SchemaNode> = new Map();

/** The names under a keyword that maps names to schemas. */
export function namesUnder({ schema, document }: SchemaNode, keyword: string): readonly string[] {
  const map = isObject(schema) ? own(schema, keyword) : undefined;
  if (!isObject(map)) return [];
  const names = Object.keys(map);
  spend(document.shared.effort, names.length >> NAMES_SHIFT);
  return names;
}

/** One step pays for 16 names: their number is shifted right by this many bits. */
const NAMES_SHIFT = 4;

/** Schemas under a keyword that lists schemas, as nodes. */
export function nodesInList(node: SchemaNode, keyword: string): readonly SchemaNode[] {
  const list = isObject(node.schema) ? own(node.schema, keyword) : undefined;
  if (!isList(list)) return [];
  spend(node.document.shared.effort, list.length >> NODES_SHIFT);
  return list.map((schema, index) => childOf(node, schema, keyword, index));
}

/** The schema under a keyword, as a node; null when the keyword is absent. */
export function nodeUnder(node: SchemaNode, keyword: string): SchemaNode | null {
  const schema = isObject(node.schema) ? own(node.schema, keyword) : undefined;
  return schema === undefined ? null : childOf(node, schema, keyword);
}

/** The value of a keyword as an exact number; null when it has none. */
export function numericUnder(node: SchemaNode, keyword: string): Numeric | null {
  const value: unknown = isObject(node.schema) ? own(node.schema, keyword) : undefined;
  return typeof value === "number" || typeof value === "bigint" ? value : null;
}

/** The count under a keyword such as `minLength`; null when there is none. */
export function numberUnder(node: SchemaNode, keyword: string): number | null {
  const value = isObject(node.schema) ? own(node.schema, keyword) : undefined;
  return typeof value === "number" ? value : null;
}

/** The list of texts under a keyword such as `required`; empty when there is none. */
export function textsOf(value: JsonValue | undefined): readonly string[] {
  return isList(value) ? value.filter((text) => typeof text === "string") : [];
}

/** Treats a value that is not a schema as `true`, which asserts nothing. */
function asSchema(value: JsonValue): JsonObject | boolean {
  return typeof value === "boolean" || isObject(value) ? value : true;
}

/** The schemas of a document by anchor, and the root by its `$id`; null when a schema further inside has an `$id` of its own. */
function anchorsOf(document: SchemaDocument): ReadonlyMap<string, SchemaNode> | null {
  const root = rootOf(document);
  const anchors = new Map<string, SchemaNode>();
  const open = [root];
  for (const node of open) {
    const { schema } = node;
    if (!isObject(schema)) continue;
    const [id, ...names] = ["$id", "$anchor", "$dynamicAnchor"].map((keyword) => own(schema, keyword));
    if (typeof id === "string") {
      if (node !== root) return null;
      anchors.set(id, node);
    }
    for (const name of names) if (typeof name === "string") anchors.set(`#${name}`, node);
    for (const [keyword, value] of Object.entries(schema)) {
      // What looks like an anchor in a constant or an example is none.
      const shape = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : "value";
      if (shape === "schema") open.push(childOf(node, value, keyword));
      else if (shape !== "value" && (isObject(value) || isList(value)))
        for (const [step, part] of Object.entries(value)) open.push(childOf(node, part, keyword, step));
    }
  }
  return anchors;
}

/** Follows a pointer reference. */
function followPointer(document: SchemaDocument, ref: string): SchemaNode | null {
  if (ref === "#") return rootOf(document);
  if (!ref.startsWith("#/")) return null;
  let value: JsonValue | undefined = document.root;
  let pointer = "";
  for (const step of decodeURIComponent(ref.slice(2)).split("/")) {
    const name = unescapeStep(step);
    if (isList(value)) value = value[Number(name)];
    else if (isObject(value)) value = own(value, name);
    else return null;
    pointer = pointerTo(pointer, name);
  }
  if (typeof value !== "boolean" && !isObject(value)) return null;
  return { document, pointer, schema: value };
}
