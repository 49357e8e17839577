import { unescapeStep } from "../json/pointer.ts";
import { isObject, type JsonValue } from "../json/json.ts";
import { DRAFT_4 } from "./meta-schemas/draft-04.ts";
import { DRAFT_6 } from "./meta-schemas/draft-06.ts";
import { DRAFT_7 } from "./meta-schemas/draft-07.ts";
import { under, type Unmapped } from "./draft.ts";
import { createSchemaIndex, valueAt, type FindDocument, type SchemaDocument, type Target } from "./schema-documents.ts";
import { emit, freeName, keyOf, refuse, type ImportProblem, type ImportRun, type Site } from "./upgrade-schema.ts";

export type ImportedSchema = {
  /** A self-contained document of 2020-12. */
  readonly schema: JsonValue;
  readonly unmapped: readonly Unmapped[];
  readonly problems: readonly ImportProblem[];
  /** The place in the original that a place of the result was made from. */
  readonly originOf: (pointer: string) => { readonly document: SchemaDocument; readonly pointer: string };
};

/** The meta-schemas, to which schemas that describe schemas refer. They need no file. */
const META_SCHEMAS: ReadonlyMap<string, JsonValue> = new Map([
  ["http://json-schema.org/draft-04/schema", DRAFT_4],
  ["http://json-schema.org/draft-06/schema", DRAFT_6],
  ["http://json-schema.org/draft-07/schema", DRAFT_7],
]);

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/**
 * Converts a JSON Schema of draft 4 to 2020-12 into one document of 2020-12 with the same meaning, including the parts of other
 * documents that it refers to. References are rewritten as pointers, also to renamed keywords. A referenced place moves to
 * `$defs` when it is in another document or is no longer part of a schema. A part without a meaning in 2020-12 is kept as an
 * `x-` annotation and reported.
 */
export function importSchema(root: SchemaDocument, find: FindDocument): ImportedSchema {
  const index = createSchemaIndex((uri) => {
    const given = find(uri);
    const known = given.ok ? undefined : META_SCHEMAS.get(uri.replace(/^https:/, "http:"));
    return known === undefined ? given : { ok: true, document: { name: uri, uri, fileUri: uri, value: known } };
  });
  const document = index.add(root);
  const run: ImportRun = {
    index,
    root: document,
    places: new Map(),
    origins: new Map(),
    references: [],
    kept: [],
    unmapped: [],
    problems: [],
    anchors: new Set(),
  };
  const body = isObject(root.value) ? Object.entries(root.value).filter(([keyword]) => keyword !== "$schema") : null;
  const start = { document, pointer: "", out: "" };
  const emitted = body === null ? root.value : emit(Object.fromEntries(body), start, run);
  const moved = moveTargets(run, isObject(emitted) ? emitted["$defs"] : undefined);
  const defs = isObject(emitted) && isObject(emitted["$defs"]) ? emitted["$defs"] : {};
  const schema = !isObject(emitted)
    ? emitted
    : {
        $schema: DIALECT,
        ...emitted,
        ...(moved.size === 0 ? {} : { $defs: { ...defs, ...Object.fromEntries(moved) } }),
      };
  return { schema, unmapped: run.unmapped, problems: run.problems, originOf: (pointer) => originOf(run, pointer) };
}

/** Rewrites every reference as a pointer. A target without a place in the result is moved to `$defs`. */
function moveTargets(run: ImportRun, defs: JsonValue | undefined): ReadonlyMap<string, JsonValue> {
  const moved = new Map<string, JsonValue>();
  const taken = new Set(isObject(defs) ? Object.keys(defs) : []);
  // Moving a target may add references to the list.
  for (const { reference, keyword, site, holder } of run.references) {
    const target = targetOf(reference, keyword, site, run);
    if (target === null) continue;
    const known = run.places.get(keyOf(target));
    if (known !== undefined) {
      holder["$ref"] = fragmentOf(known);
      continue;
    }
    run.index.cover(target);
    const name = freeName(nameFor(target), taken);
    const out = under("/$defs", name);
    holder["$ref"] = fragmentOf(out);
    moved.set(name, emit(valueAt(target) ?? null, { ...target, out }, run));
    for (const kept of run.kept) {
      const holds =
        kept.target.document === target.document && `${target.pointer}/`.startsWith(`${kept.target.pointer}/`);
      if (!holds) continue;
      delete kept.holder[kept.name];
      const noted = run.unmapped.findIndex((one) => one === kept.unmapped);
      if (noted !== -1) run.unmapped.splice(noted, 1);
    }
  }
  return moved;
}

function targetOf(reference: string, keyword: string, site: Site, run: ImportRun): Target | null {
  const found = run.index.resolve(reference, site);
  switch (found.kind) {
    case "no-document":
      refuse(run, site, `it refers to ${found.uri}, ${found.why}`, `give its file: --ref ${found.uri}=FILE`);
      return null;
    case "nothing-there":
      refuse(run, site, "it refers to nothing in its document", "correct the reference, or add what it names");
      return null;
    case "found": {
      const value = valueAt(found.target);
      if (value === undefined || (!isObject(value) && typeof value !== "boolean")) {
        refuse(run, site, "what it refers to is no schema", "correct the reference");
        return null;
      }
      if (keyword !== "$ref" && isDynamic(reference, keyword, found, run)) {
        const why = "which schema it means depends on where the evaluation came from, and that is not judged";
        refuse(run, site, why, "write $ref to the one that is meant");
        return null;
      }
      return found.target;
    }
  }
}

/**
 * Whether a dynamic reference really is dynamic. When at most one schema has the anchor there is only one possible target, as
 * for `$ref`.
 */
function isDynamic(
  reference: string,
  keyword: string,
  { resource }: { readonly resource: string },
  { index }: ImportRun,
): boolean {
  const name = keyword === "$recursiveRef" ? "" : reference.slice(reference.indexOf("#") + 1);
  const answering = index.dynamicAnchors(name);
  return answering.has(resource) && answering.size > 1;
}

function nameFor({ document, pointer }: Target): string {
  const last = pointer.split("/").findLast((step) => step !== "" && !/^\d+$/.test(step));
  const file = document.name.replace(/^.*[/\\]/, "").replace(/(?:\.schema)?\.(?:json|ya?ml)$/i, "");
  const name = unescapeStep(last ?? file)
    .replaceAll(/[/~]/g, "_")
    .replaceAll(/[^\p{L}\p{N}._-]+/gu, "_");
  return name === "" || name === "_" ? "schema" : name;
}

/** A pointer as a URI fragment (RFC 6901, section 6). */
function fragmentOf(pointer: string): string {
  return `#${encodeURI(pointer.toWellFormed()).replaceAll("#", "%23").replaceAll("[", "%5B").replaceAll("]", "%5D")}`;
}

function originOf(run: ImportRun, pointer: string): Target {
  for (let path = pointer; ; path = path.slice(0, path.lastIndexOf("/"))) {
    const origin = run.origins.get(path);
    if (origin !== undefined)
      return { document: origin.document, pointer: origin.pointer + pointer.slice(path.length) };
    if (path === "") return { document: run.root, pointer };
  }
}
