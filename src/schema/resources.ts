import { escapeStep, pointerOf, unescapeStep } from "../json/pointer.ts";
import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { KEYWORDS } from "./keywords.ts";

/** A schema and its place in the document. */
export type SchemaPlace = {
  readonly schema: JsonObject | boolean;
  /** The enclosing schema resource (`$id`), which is the base of relative references. */
  readonly resource: Resource;
  /**
   * RFC 6901 pointer from the root of its document; after the document's URI when the document is not the contract's
   * own.
   */
  readonly path: string;
};

/** A part of a document with a URI of its own. */
export type Resource = {
  readonly uri: string;
  readonly root: SchemaPlace;
  readonly anchors: Map<string, SchemaPlace>;
  /** Names of `$dynamicAnchor`. */
  readonly dynamicAnchors: Map<string, SchemaPlace>;
};

/** The target of a reference, and the dynamic anchor that may redirect it. */
export type Target = { readonly place: SchemaPlace; readonly dynamicName: string | null };

/** The schemas of a document by URI. Nothing is ever fetched. */
export type Resources = {
  readonly root: SchemaPlace;
  /** The place of a subschema under a place: `properties`, `a`. */
  readonly under: (place: SchemaPlace, ...steps: readonly (string | number)[]) => SchemaPlace;
  /** The target of a reference; null when there is none. */
  readonly resolve: (from: SchemaPlace, reference: string) => Target | null;
  /** Places of names that another place of the document had first, in document order. */
  readonly repeated: readonly RepeatedName[];
};

/** A schema that has the `$id` of another one, or within its resource the anchor of another one. */
export type RepeatedName = {
  readonly place: SchemaPlace;
  readonly keyword: NamingKeyword;
  readonly first: SchemaPlace;
};
type NamingKeyword = "$id" | "$anchor" | "$dynamicAnchor";

/** URI of a document without an `$id`. */
const OWN_URI = "sigma://contract/schema";

/** Reads the URIs in a document, and in others that it may refer to. */
export function readResources(
  document: JsonObject | boolean,
  references: ReadonlyMap<string, JsonObject | boolean> = new Map(),
): Resources {
  const byUri = new Map<string, Resource>();
  const places = new Map<JsonObject, SchemaPlace>();
  const repeated: RepeatedName[] = [];
  const indexing = { byUri, places, repeated };
  const root = indexDocument(document, OWN_URI, "", indexing);
  for (const [uri, other] of references) if (!byUri.has(uri)) indexDocument(other, uri, `${uri}#`, indexing);

  const under = (place: SchemaPlace, ...steps: readonly (string | number)[]): SchemaPlace => {
    let schema: JsonValue = place.schema;
    for (const step of steps) schema = (schema as { readonly [key: string]: JsonValue })[step] as JsonValue;
    const path = `${place.path}${pointerOf(steps)}`;
    if (typeof schema === "boolean") return { schema, resource: place.resource, path };
    const usable = schema as JsonObject;
    return places.get(usable) ?? { schema: usable, resource: place.resource, path };
  };

  const resolve = (from: SchemaPlace, reference: string): Target | null => {
    const split = splitUri(reference, from.resource.uri);
    const resource = split === null ? undefined : byUri.get(split.uri);
    if (split === null || resource === undefined) return null;
    const { fragment } = split;
    if (fragment === "") return { place: resource.root, dynamicName: null };
    if (fragment.startsWith("/")) {
      const place = follow(resource.root, fragment, places);
      return place === null ? null : { place, dynamicName: null };
    }
    const place = resource.anchors.get(fragment);
    if (place === undefined) return null;
    return { place, dynamicName: resource.dynamicAnchors.get(fragment) === place ? fragment : null };
  };
  return { root, under, resolve, repeated };
}

type Indexing = {
  readonly byUri: Map<string, Resource>;
  readonly places: Map<JsonObject, SchemaPlace>;
  readonly repeated: RepeatedName[];
};

function indexDocument(document: JsonObject | boolean, uri: string, path: string, indexing: Indexing): SchemaPlace {
  const resource = createResource(document, uri, path);
  indexing.byUri.set(uri, resource);
  if (typeof document === "boolean") return resource.root;
  return index(document, path, resource, indexing);
}

function createResource(schema: JsonObject | boolean, uri: string, path: string): Resource {
  const resource: Omit<Resource, "root"> & { root?: SchemaPlace } = {
    uri,
    anchors: new Map(),
    dynamicAnchors: new Map(),
  };
  const whole = resource as Resource;
  resource.root = { schema, resource: whole, path };
  return whole;
}

function index(schema: JsonObject, path: string, around: Resource, indexing: Indexing): SchemaPlace {
  const own = ownResource(schema, path, around, indexing);
  const resource = own ?? around;
  const place = resource.root.schema === schema ? resource.root : { schema, resource, path };
  indexing.places.set(schema, place);
  indexAnchors(schema, place, indexing);
  for (const [keyword, value] of Object.entries(schema)) {
    const shape = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : "value";
    const at = `${path}/${escapeStep(keyword)}`;
    if (shape === "schema" && isObject(value)) index(value, at, resource, indexing);
    if (shape === undefined || shape === "value" || shape === "schema" || value === null || typeof value !== "object")
      continue;
    for (const [step, part] of Object.entries(value)) {
      if (isObject(part)) index(part, `${at}/${escapeStep(step)}`, resource, indexing);
    }
  }
  return place;
}

function indexAnchors(schema: JsonObject, place: SchemaPlace, { repeated }: Indexing): void {
  const { anchors, dynamicAnchors } = place.resource;
  for (const keyword of ["$anchor", "$dynamicAnchor"] as const) {
    const name = schema[keyword];
    if (typeof name !== "string") continue;
    const first = anchors.get(name);
    if (first !== undefined && first !== place) repeated.push({ place, keyword, first });
    anchors.set(name, place);
    if (keyword === "$dynamicAnchor") dynamicAnchors.set(name, place);
  }
}

/** Makes a resource of a schema with an `$id`; one whose `$id` is not a URI stays part of the enclosing resource. */
function ownResource(schema: JsonObject, path: string, around: Resource, indexing: Indexing): Resource | null {
  const { byUri, repeated } = indexing;
  const { $id } = schema;
  if (typeof $id !== "string") return null;
  const split = splitUri($id, around.uri);
  if (split === null || split.fragment !== "") return null;
  const known = byUri.get(split.uri);
  if (known !== undefined && known.root.schema === schema) return known;
  const resource = createResource(schema, split.uri, path);
  if (known !== undefined) repeated.push({ place: resource.root, keyword: "$id", first: known.root });
  byUri.set(split.uri, resource);
  return resource;
}

function splitUri(reference: string, base: string): { readonly uri: string; readonly fragment: string } | null {
  try {
    const url = new URL(reference, base);
    const fragment = decodeURIComponent(url.hash.slice(1));
    url.hash = "";
    // The URL class keeps the "#" of an empty fragment.
    return { uri: url.href.replace(/#$/, ""), fragment };
  } catch {
    return null;
  }
}

/** Follows a pointer, also into embedded resources, which become the base of references in them. */
function follow(root: SchemaPlace, pointer: string, places: ReadonlyMap<JsonObject, SchemaPlace>): SchemaPlace | null {
  let value: JsonValue | undefined = root.schema;
  let { resource, path } = root;
  for (const step of pointer.slice(1).split("/")) {
    const name = unescapeStep(step);
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, name)) return null;
    value = (value as { readonly [key: string]: JsonValue })[name];
    path = `${path}/${escapeStep(name)}`;
    if (isObject(value)) resource = places.get(value)?.resource ?? resource;
  }
  if (typeof value === "boolean") return { schema: value, resource, path };
  return isObject(value) ? (places.get(value) ?? { schema: value, resource, path }) : null;
}
