import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { describePatternFault, modernisePattern } from "../schema/pattern-syntax.ts";
import { isKnownFormat } from "../schema/schema-lint.ts";
import { isList, under, type Unmapped } from "./draft.ts";
import {
  anchorOf,
  isOfLaterDialect,
  namesSchemas,
  shapeOf,
  type SchemaDocument,
  type SchemaIndex,
  type Target,
} from "./schema-documents.ts";

/** A reason why a schema cannot be imported, at its place in a document. */
export type ImportProblem = {
  readonly document: SchemaDocument;
  readonly pointer: string;
  readonly why: string;
  readonly remedy: string;
};

/** A place in a document and its place in the result. */
export type Site = Target & {
  /** Its pointer in the result. */
  readonly out: string;
};

type Writable = Record<string, JsonValue>;

/** The state of one import. */
export type ImportRun = {
  readonly index: SchemaIndex;
  readonly root: Target["document"];
  /** Pointers in the result, by document and pointer. */
  readonly places: Map<string, string>;
  readonly origins: Map<string, Target>;
  /** References, to be rewritten once every schema has its place in the result. */
  readonly references: {
    readonly reference: string;
    readonly keyword: string;
    readonly site: Site;
    readonly holder: Writable;
  }[];
  /** Copies of unknown keywords, kept as annotations. */
  readonly kept: {
    readonly holder: Writable;
    readonly name: string;
    readonly target: Target;
    readonly unmapped: Unmapped;
  }[];
  readonly unmapped: Unmapped[];
  readonly problems: ImportProblem[];
  /** The anchors that the result has. */
  readonly anchors: Set<string>;
};

/** The key of a place, unique among all documents. */
export function keyOf({ document, pointer }: Target): string {
  return `${document.uri}#${pointer}`;
}

function note(run: ImportRun, { document, pointer }: Target, why: string): Unmapped {
  const unmapped = { path: document === run.root ? pointer : `${document.name}#${pointer}`, why };
  run.unmapped.push(unmapped);
  return unmapped;
}

export function refuse(run: ImportRun, { document, pointer }: Target, why: string, remedy: string): void {
  run.problems.push({ document, pointer, why, remedy });
}

function inside(site: Site, steps: readonly (string | number)[], out: readonly (string | number)[] = steps): Site {
  const join = (path: string, all: readonly (string | number)[]): string =>
    all.reduce<string>((before, step) => under(before, step), path);
  return { document: site.document, pointer: join(site.pointer, steps), out: join(site.out, out) };
}

/**
 * Converts a schema of any draft from 4 on to 2020-12. References are collected and rewritten later, when every schema has its
 * place.
 */
export function emit(schema: JsonValue, site: Site, run: ImportRun): JsonValue {
  run.places.set(keyOf(site), site.out);
  run.origins.set(site.out, site);
  if (!isObject(schema)) return schema;
  const alone = site.document.refAlone && typeof schema["$ref"] === "string";
  const source = alone ? withoutIgnored(schema, site, run) : schema;
  const result: Writable = {};
  for (const [keyword, value] of Object.entries(source)) {
    for (const [name, upgraded] of emitKeyword(keyword, value, { schema: source, site, run, result })) {
      const before = result[name];
      // Two keywords of an older draft can become one.
      result[name] = isObject(before) && isObject(upgraded) ? { ...before, ...upgraded } : upgraded;
    }
  }
  if (source["nullable"] === true && typeof result["type"] === "string") result["type"] = [result["type"], "null"];
  return result;
}

/** Drops the keywords beside `$ref`, which dialects before 2019-09 ignore. */
function withoutIgnored(schema: JsonObject, site: Site, run: ImportRun): JsonObject {
  const kept = ["$ref", "definitions", "$defs", "title", "description", "$comment"];
  const silent = ["id", "$id", "$schema", ...kept];
  for (const keyword of Object.keys(schema)) {
    if (!silent.includes(keyword))
      note(run, inside(site, [keyword]), "it stands beside $ref, where its dialect ignores it: left out");
  }
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => kept.includes(keyword)));
}

type Here = { readonly schema: JsonObject; readonly site: Site; readonly run: ImportRun; readonly result: Writable };
type Entries = readonly (readonly [string, JsonValue])[];

function emitKeyword(keyword: string, value: JsonValue, here: Here): Entries {
  const { schema, site, run } = here;
  const at = inside(site, [keyword]);
  switch (keyword) {
    case "$ref":
    case "$dynamicRef":
    case "$recursiveRef":
      return emitReference(keyword, value, here);
    case "id":
    case "$id":
    case "$anchor":
    case "$dynamicAnchor":
      return emitName(keyword, value, here);
    case "$schema":
    case "$recursiveAnchor":
    case "$vocabulary":
    case "nullable":
      return [];
    case "definitions":
      return [["$defs", emitDefinitions(value, here)]];
    case "items":
      if (isList(value)) return [["prefixItems", emitList(value, "items", "prefixItems", here)]];
      return [["items", emit(value, at, run)]];
    case "additionalItems":
      // Without a list in `items` the keyword has no meaning.
      return isList(schema["items"]) ? [["items", emit(value, inside(site, [keyword], ["items"]), run)]] : [];
    case "minimum":
    case "maximum": {
      const exclusive = keyword === "minimum" ? "exclusiveMinimum" : "exclusiveMaximum";
      return [[schema[exclusive] === true ? exclusive : keyword, value]];
    }
    case "exclusiveMinimum":
    case "exclusiveMaximum":
      return typeof value === "boolean" ? [] : [[keyword, value]];
    case "required":
      if (typeof value !== "boolean") return [[keyword, value]];
      note(run, at, "true or false here is of draft 3, and says nothing since: left out");
      return [];
    case "dependencies":
      return emitDependencies(value, here);
    case "pattern":
      return [[keyword, typeof value === "string" ? emitPattern(value, at, run) : value]];
    case "format":
      return [emitFormat(value, at, run)];
    default:
      return [emitOther(keyword, value, here)];
  }
}

function emitFormat(value: JsonValue, at: Site, run: ImportRun): readonly [string, JsonValue] {
  if (typeof value !== "string" || isKnownFormat(value)) return ["format", value];
  note(run, at, `"${value}" is no format that is known: kept as a note, which asserts nothing`);
  return ["x-format", value];
}

/** Annotations with their form in 2020-12: drafts without one of these keywords allow any value for it. */
const NOTES: Readonly<Record<string, (value: JsonValue) => boolean>> = {
  title: (value) => typeof value === "string",
  description: (value) => typeof value === "string",
  $comment: (value) => typeof value === "string",
  deprecated: (value) => typeof value === "boolean",
  readOnly: (value) => typeof value === "boolean",
  writeOnly: (value) => typeof value === "boolean",
  examples: isList,
};

function emitOther(keyword: string, value: JsonValue, { site, run, result }: Here): readonly [string, JsonValue] {
  const at = inside(site, [keyword]);
  const shape = shapeOf(keyword);
  if (NOTES[keyword]?.(value) === false) {
    note(run, at, `it is a note of another form than 2020-12 has: kept under x-${keyword}`);
    return [`x-${keyword}`, value];
  }
  const isLater = isOfLaterDialect(keyword, site.document);
  if (shape === undefined || isLater) {
    if (keyword.startsWith("x-")) return [keyword, value];
    const why = isLater
      ? "is of a later dialect than the one the document declares, which ignores it"
      : "is not a keyword that is judged";
    const unmapped = note(run, at, `"${keyword}" ${why}: kept as a note`);
    const name = `x-${keyword}`;
    run.kept.push({ holder: result, name, target: at, unmapped });
    return [name, value];
  }
  switch (shape) {
    case "value":
      return [keyword, value];
    case "schema":
      return [keyword, emit(value, at, run)];
    case "schemas":
      return [keyword, isList(value) ? emitList(value, keyword, keyword, { site, run }) : value];
    case "map":
      return [keyword, emitMap(value, at, run)];
    case "pattern-map":
      return [keyword, emitPatterns(value, at, run)];
  }
}

function emitList(
  list: readonly JsonValue[],
  keyword: string,
  name: string,
  { site, run }: Pick<Here, "site" | "run">,
): JsonValue {
  return list.map((one, index) => emit(one, inside(site, [keyword, index], [name, index]), run));
}

function emitMap(map: JsonValue, at: Site, run: ImportRun): JsonValue {
  if (!isObject(map)) return map;
  return Object.fromEntries(Object.entries(map).map(([name, one]) => [name, emit(one, inside(at, [name]), run)]));
}

/** Converts `definitions` to `$defs`. A name that both have is changed. */
function emitDefinitions(value: JsonValue, { schema, site, run }: Here): JsonValue {
  if (!isObject(value)) return value;
  const taken = new Set(isObject(schema["$defs"]) ? Object.keys(schema["$defs"]) : []);
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => {
      const free = freeName(name, taken);
      return [free, emit(one, inside(site, ["definitions", name], ["$defs", free]), run)];
    }),
  );
}

/** Returns the name, with a number when it is taken already. */
export function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 2; taken.has(name); number += 1) name = `${wanted}_${number}`;
  taken.add(name);
  return name;
}

function emitDependencies(value: JsonValue, { site, run }: Here): Entries {
  if (!isObject(value)) return [];
  const names: [string, JsonValue][] = [];
  const schemas: [string, JsonValue][] = [];
  for (const [name, one] of Object.entries(value)) {
    // Draft 3 allowed a single name here.
    if (isList(one) || typeof one === "string") names.push([name, isList(one) ? one : [one]]);
    else schemas.push([name, emit(one, inside(site, ["dependencies", name], ["dependentSchemas", name]), run)]);
  }
  return [
    ...(names.length === 0 ? [] : [["dependentRequired", Object.fromEntries(names)] as const]),
    ...(schemas.length === 0 ? [] : [["dependentSchemas", Object.fromEntries(schemas)] as const]),
  ];
}

function emitPatterns(value: JsonValue, at: Site, run: ImportRun): JsonValue {
  if (!isObject(value)) return value;
  const result: Writable = {};
  for (const [pattern, one] of Object.entries(value)) {
    const modern = emitPattern(pattern, inside(at, [pattern]), run);
    if (Object.hasOwn(result, modern))
      refuse(run, inside(at, [pattern]), "it is another pattern of the same meaning", "join the two");
    result[modern] = emit(one, inside(at, [pattern], [modern]), run);
  }
  return result;
}

function emitPattern(pattern: string, at: Target, run: ImportRun): string {
  const modern = modernisePattern(pattern);
  if (modern.ok) return modern.pattern;
  refuse(run, at, describePatternFault(modern.fault, pattern), "correct the pattern in the original");
  return pattern;
}

/**
 * Keeps the `$id` of the whole document and unique anchors of the imported document. Other names are dropped, since references
 * are rewritten as pointers.
 */
function emitName(keyword: string, value: JsonValue, { site, run }: Here): Entries {
  const at = inside(site, [keyword]);
  if (typeof value !== "string") return [];
  if (keyword === "id" && !namesSchemas(keyword, site.document)) {
    note(run, at, '"id" is not a keyword that is judged: kept as a note');
    return [["x-id", value]];
  }
  const anchor = keyword === "id" || keyword === "$id" ? anchorOf(value) : value;
  if (anchor !== null) {
    if (site.document !== run.root || run.anchors.has(anchor)) return [];
    run.anchors.add(anchor);
    return [["$anchor", anchor]];
  }
  if (site.document !== run.root || site.pointer !== "" || value.startsWith("#")) return [];
  if (URL.canParse(value)) return [["$id", value.replace(/#$/, "")]];
  note(run, at, "it is no absolute URI, so it names nothing here: left out");
  return [];
}

function emitReference(keyword: string, value: JsonValue, { schema, site, run, result }: Here): Entries {
  if (typeof value !== "string") return [[keyword, value]];
  if (keyword !== "$ref" && schema["$ref"] !== undefined) {
    refuse(run, inside(site, [keyword]), `it stands beside $ref`, "put one of them into allOf");
    return [];
  }
  run.references.push({ reference: value, keyword, site: inside(site, [keyword]), holder: result });
  return [["$ref", value]];
}
