import { pointerOf, stepsIn } from "../json/pointer.ts";
import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { KEYWORDS, type Shape } from "../schema/keywords.ts";
import { isList, under } from "./draft.ts";

/** A schema document as read. */
export type SchemaDocument = {
  /** The name for people. Notes and problems begin with it, except for the imported document itself. */
  readonly name: string;
  /** The URI by which other documents refer to it and against which its references are resolved: absolute, without a fragment. */
  readonly uri: string;
  /** The URI of its file. References are also looked up relative to it. */
  readonly fileUri: string;
  readonly value: JsonValue;
};

/** Finds a document by its URI; `why` continues the sentence "it refers to URI, ...". */
export type FindDocument = (
  uri: string,
) => { readonly ok: true; readonly document: SchemaDocument } | { readonly ok: false; readonly why: string };

/** A place in a document, by RFC 6901 pointer. */
export type Target = { readonly document: IndexedDocument; readonly pointer: string };

export type IndexedDocument = SchemaDocument & {
  /** Whether the dialect is older than 2019-09, in which the keywords beside `$ref` are ignored. */
  readonly refAlone: boolean;
  /** The base URI at each schema, by pointer. */
  readonly bases: Map<string, string>;
};

export type Resolution =
  | { readonly kind: "found"; readonly target: Target; readonly resource: string }
  | { readonly kind: "no-document"; readonly uri: string; readonly why: string }
  | { readonly kind: "nothing-there" };

/** All documents of an import, by the URIs and names with which schemas refer to each other. */
export type SchemaIndex = {
  readonly add: (document: SchemaDocument) => IndexedDocument;
  /** Indexes the names below a place that is not a schema by its keywords, but to which a reference leads. */
  readonly cover: (target: Target) => void;
  readonly resolve: (reference: string, from: Target) => Resolution;
  readonly baseAt: (target: Target) => string;
  /** The URIs of the resources with this dynamic anchor; "" is the name of `$recursiveAnchor`. */
  readonly dynamicAnchors: (name: string) => ReadonlySet<string>;
};

/**
 * Keywords of all drafts whose values are schemas: those of 2020-12, and those that 2020-12 no longer has or that are not
 * judged yet.
 */
const SHAPES: Readonly<Record<string, Shape>> = {
  ...KEYWORDS,
  additionalItems: "schema",
  dependencies: "map",
  unevaluatedItems: "schema",
  unevaluatedProperties: "schema",
};

/** The kind of value that a keyword has in any draft; undefined when it is not a keyword. */
export function shapeOf(keyword: string): Shape | undefined {
  return Object.hasOwn(SHAPES, keyword) ? SHAPES[keyword] : undefined;
}

/** Dialects in which the keywords beside `$ref` are ignored. */
const REF_ALONE = /draft-0[3-7]\/schema/;
/** Dialects in which `id` names a schema; in later ones it is `$id`. */
const PLAIN_ID = /draft-0[34]\/schema/;

/** The first draft that has a keyword, where an earlier one is imported too: a dialect ignores what it does not have. */
const SINCE: Readonly<Record<string, number>> = {
  const: 6,
  contains: 6,
  propertyNames: 6,
  if: 7,
  then: 7,
  else: 7,
  dependentRequired: 2019,
  dependentSchemas: 2019,
  minContains: 2019,
  maxContains: 2019,
  unevaluatedItems: 2019,
  unevaluatedProperties: 2019,
  prefixItems: 2020,
};

/** Whether the dialect that a document declares does not have the keyword yet. */
export function isOfLaterDialect(keyword: string, { value }: SchemaDocument): boolean {
  const dialect = isObject(value) && typeof value["$schema"] === "string" ? value["$schema"] : "";
  const [, draft] = /draft(?:-0([3-7])|\/(2019)-09)\/schema/.exec(dialect)?.filter((part) => part !== undefined) ?? [];
  const since = Object.hasOwn(SINCE, keyword) ? SINCE[keyword] : undefined;
  return draft !== undefined && since !== undefined && Number(draft) < since;
}

/** Whether the keyword (`id` or `$id`) names a schema in this document. Without a dialect both do. */
export function namesSchemas(keyword: string, { value }: SchemaDocument): boolean {
  const dialect = isObject(value) ? value["$schema"] : undefined;
  if (keyword !== "id" && keyword !== "$id") return false;
  return typeof dialect !== "string" || PLAIN_ID.test(dialect) === (keyword === "id");
}

/** A URI without its fragment. */
export function withoutFragment(uri: string): string {
  const at = uri.indexOf("#");
  return at === -1 ? uri : uri.slice(0, at);
}

/** Resolves a reference against a base; returns it unchanged when it is not a valid URI reference. */
export function resolveUri(reference: string, base: string): string {
  return URL.canParse(reference, base) ? new URL(reference, base).href : reference;
}

export function createSchemaIndex(find: FindDocument): SchemaIndex {
  const state: State = { find, documents: new Map(), resources: new Map(), anchors: new Map(), dynamic: new Map() };
  return {
    add: (document) => add(state, document),
    resolve: (reference, from) => resolve(state, reference, from),
    baseAt,
    cover: (target) => walk(state, valueAt(target) ?? null, target, baseAt(target)),
    dynamicAnchors: (name) => state.dynamic.get(name) ?? new Set(),
  };
}

type State = {
  readonly find: FindDocument;
  readonly documents: Map<string, IndexedDocument>;
  /** Root schemas by their URI. */
  readonly resources: Map<string, Target>;
  /** Schemas with an anchor, by URI and anchor. */
  readonly anchors: Map<string, Target>;
  /** For each dynamic anchor the URIs of its resources. */
  readonly dynamic: Map<string, Set<string>>;
};

function add(state: State, document: SchemaDocument): IndexedDocument {
  const known = state.documents.get(document.uri);
  if (known !== undefined) return known;
  const dialect = isObject(document.value) ? document.value["$schema"] : undefined;
  const refAlone = typeof dialect === "string" && REF_ALONE.test(dialect);
  const indexed: IndexedDocument = { ...document, refAlone, bases: new Map() };
  state.documents.set(document.uri, indexed);
  state.resources.set(document.uri, { document: indexed, pointer: "" });
  walk(state, document.value, { document: indexed, pointer: "" }, document.uri);
  return indexed;
}

/** Indexes the names of a schema and of all schemas below it. */
function walk(state: State, value: JsonValue, target: Target, base: string): void {
  const { document, pointer } = target;
  if (!isObject(value) || document.bases.has(pointer)) return;
  const alone = document.refAlone && typeof value["$ref"] === "string";
  const own = alone ? base : noteNames(state, value, target, base);
  document.bases.set(pointer, own);
  for (const [steps, child] of childrenOf(value)) {
    const below = { document, pointer: steps.reduce<string>((path, step) => under(path, step), pointer) };
    walk(state, child, below, own);
  }
}

/** @returns the base URI inside the schema. */
function noteNames({ resources, anchors, dynamic }: State, schema: JsonObject, target: Target, base: string): string {
  let own = base;
  for (const keyword of ["id", "$id"]) {
    const id = schema[keyword];
    if (typeof id !== "string" || !namesSchemas(keyword, target.document)) continue;
    const name = anchorOf(id);
    if (name !== null) setOnce(anchors, `${base}#${name}`, target);
    else if (!id.startsWith("#")) own = withoutFragment(resolveUri(id, base));
  }
  if (own !== base || target.pointer === "") setOnce(resources, own, target);
  if (typeof schema["$anchor"] === "string") setOnce(anchors, `${own}#${schema["$anchor"]}`, target);
  const dynamicName = schema["$recursiveAnchor"] === true ? "" : schema["$dynamicAnchor"];
  if (typeof dynamicName === "string") {
    if (dynamicName !== "") setOnce(anchors, `${own}#${dynamicName}`, target);
    dynamic.set(dynamicName, (dynamic.get(dynamicName) ?? new Set()).add(own));
  }
  return own;
}

function baseAt({ document, pointer }: Target): string {
  for (let path = pointer; ; path = path.slice(0, path.lastIndexOf("/"))) {
    const base = document.bases.get(path);
    if (base !== undefined) return base;
    if (path === "") return document.uri;
  }
}

/** The root schema that a URI names, or why there is none. */
function rootOf(state: State, uri: string): Target | string {
  const known = state.resources.get(uri);
  if (known !== undefined) return known;
  const found = state.find(uri);
  if (!found.ok) return found.why;
  const document = add(state, found.document);
  return state.resources.get(uri) ?? { document, pointer: "" };
}

function resolve(state: State, reference: string, from: Target): Resolution {
  const written = withoutFragment(reference);
  const base = baseAt(from);
  const uri = written === "" ? base : withoutFragment(resolveUri(written, base));
  let root = rootOf(state, uri);
  // Documents often have a URI on the web and are kept as files in one folder.
  const beside = withoutFragment(resolveUri(written, from.document.fileUri));
  if (typeof root === "string" && !URL.canParse(written) && beside !== uri) {
    const file = rootOf(state, beside);
    if (typeof file !== "string") root = file;
  }
  if (typeof root === "string") return { kind: "no-document", uri, why: root };
  const fragment = decoded(reference.slice(written.length + 1));
  const resource = baseAt(root);
  if (fragment === "") return { kind: "found", target: root, resource };
  const target = fragment.startsWith("/")
    ? { document: root.document, pointer: root.pointer + normal(fragment) }
    : state.anchors.get(`${resource}#${fragment}`);
  if (target === undefined || valueAt(target) === undefined) return { kind: "nothing-there" };
  return { kind: "found", target, resource };
}

/** The anchor `foo` of `#foo`; null when the fragment is a pointer. */
export function anchorOf(id: string): string | null {
  return /^#[A-Za-z_][-A-Za-z0-9._]*$/.test(id) ? id.slice(1) : null;
}

/** The value that a pointer names; undefined when it leads nowhere. */
export function valueAt({ document, pointer }: Target): JsonValue | undefined {
  let value: JsonValue | undefined = document.value;
  for (const name of stepsIn(pointer)) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, name)) return undefined;
    value = (value as { readonly [key: string]: JsonValue })[name];
  }
  return value;
}

type Child = readonly [steps: readonly (string | number)[], child: JsonValue];

/** Every schema directly below a schema, with the steps to it. */
function childrenOf(schema: JsonObject): readonly Child[] {
  return Object.entries(schema).flatMap(([keyword, value]): readonly Child[] => {
    const shape = shapeOf(keyword);
    if (shape === undefined || shape === "value") return [];
    if (isList(value)) return value.map((child, index): Child => [[keyword, index], child]);
    if (shape === "schema") return [[[keyword], value]];
    return isObject(value) ? Object.entries(value).map(([name, child]): Child => [[keyword, name], child]) : [];
  });
}

function setOnce<Value>(map: Map<string, Value>, key: string, value: Value): void {
  if (!map.has(key)) map.set(key, value);
}

/** Decodes a fragment; returns it unchanged when it contains a bare percent sign. */
function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

/** Normalises the escaping of a pointer to RFC 6901. */
function normal(pointer: string): string {
  return pointerOf(stepsIn(pointer));
}
