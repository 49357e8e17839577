import { escapeStep } from "../json/pointer.ts";
import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { INTEGER_RANGES } from "./assertions.ts";
import { FORMATS } from "./formats/formats.ts";
import { KEYWORDS } from "./keywords.ts";
import { metaSchema } from "./meta-schema.ts";
import { describePatternFault, findPatternFault } from "./pattern-syntax.ts";
import { readResources, type Resources, type SchemaPlace } from "./resources.ts";
import { compileSchema } from "./schema.ts";
import { toJsonText } from "../json/json-text.ts";

type RefusalCode =
  | "dialect"
  | "unknown-keyword"
  | "unknown-format"
  | "invalid"
  | "remote-ref"
  | "unresolved-ref"
  | "repeated-name"
  | "forbidden-property"
  | "pattern-syntax"
  | "too-large"
  | "too-deep"
  | "does-not-compile";

/** A construct that keeps a version from being frozen. */
export type Refusal = {
  /** RFC 6901 pointer into the schema. */
  readonly pointer: string;
  readonly code: RefusalCode;
  readonly message: string;
};

const DIALECT = "https://json-schema.org/draft/2020-12/schema";
const SIZE_BYTES_MAX = 1_000_000;
const DEPTH_MAX = 64;
/** The runtime takes 36 s to compile 500 kB of `\\p{L}` in one class. */
const PATTERN_MAX = 8_192;
/**
 * Most `\p{...}` in all patterns of a schema: each costs the runtime 0.2 ms wherever the schema is compiled, which for
 * a contract includes the thread that decides records.
 */
const PROPERTY_ESCAPES_MAX = 1_000;

/**
 * Names through which a payload could change a prototype. The payload parser refuses them, so no contract can require
 * them.
 */
const FORBIDDEN: ReadonlySet<string> = new Set(["__proto__", "prototype", "constructor"]);

/** OpenAPI number formats that assert nothing: every JSON number has them. */
const NUMBER_FORMATS: ReadonlySet<string> = new Set(["float", "double"]);

/**
 * Finds everything that keeps a version with this schema from being frozen, in document order. The running time of
 * patterns is checked elsewhere: proving it needs a solver that does not belong in the core.
 * @param formats whether formats are asserted: then unknown ones are refused.
 */
export function refuseSchema(
  schema: JsonObject | boolean,
  formats: "assert" | "annotate" = "assert",
): readonly Refusal[] {
  if (typeof schema === "boolean") return [];
  const tooLarge = refuseSize(schema);
  if (tooLarge !== null) return [tooLarge];
  const refusals: Refusal[] = [];
  const resources = readResources(schema);
  const run = { resources, formats, refuse: (refusal: Refusal) => refusals.push(refusal), escapes: { count: 0 } };
  walk(resources.root, 1, run);
  refusals.push(...refuseRepeated(resources));
  refusals.push(...refuseMeaningless(schema));
  return refusals.length > 0 ? refusals : compileRefusal(schema);
}

type Walk = {
  readonly resources: Resources;
  readonly formats: "assert" | "annotate";
  readonly refuse: (refusal: Refusal) => void;
  /** Property escapes counted so far. */
  readonly escapes: { count: number };
};

function refuseSize(schema: JsonObject): Refusal | null {
  const size = Buffer.byteLength(toJsonText(schema));
  if (size <= SIZE_BYTES_MAX) return null;
  return {
    pointer: "",
    code: "too-large",
    message: `the schema has ${size} bytes; at most ${SIZE_BYTES_MAX} are allowed`,
  };
}

function walk(place: SchemaPlace, depth: number, run: Walk): void {
  const { schema, path } = place;
  if (typeof schema === "boolean") return;
  if (depth > DEPTH_MAX) {
    return run.refuse({ pointer: path, code: "too-deep", message: `schemas nest deeper than ${DEPTH_MAX}` });
  }
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword.startsWith("x-")) continue;
    const shape = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
    if (shape === undefined) {
      run.refuse({
        pointer: `${path}/${escapeStep(keyword)}`,
        code: "unknown-keyword",
        message: `"${keyword}" is not a keyword that is judged; begin the name with "x-" to keep it as a note`,
      });
      continue;
    }
    checkValue(place, keyword, value, run);
    for (const below of placesUnder(place, keyword, value, run.resources)) walk(below, depth + 1, run);
  }
}

function placesUnder(
  place: SchemaPlace,
  keyword: string,
  value: JsonValue,
  resources: Resources,
): readonly SchemaPlace[] {
  const shape = KEYWORDS[keyword] ?? "value";
  if (shape === "value" || value === null || typeof value !== "object") return [];
  if (shape === "schema") return isObject(value) ? [resources.under(place, keyword)] : [];
  if (Array.isArray(value) !== (shape === "schemas")) return [];
  return Object.entries(value)
    .filter(([, part]) => isObject(part))
    .map(([step]) => resources.under(place, keyword, step));
}

function checkValue(place: SchemaPlace, keyword: string, value: JsonValue, run: Walk): void {
  const { refuse } = run;
  const pointer = `${place.path}/${escapeStep(keyword)}`;
  switch (keyword) {
    case "$schema":
      if (value !== DIALECT) refuse({ pointer, code: "dialect", message: `only the dialect ${DIALECT} is judged` });
      return;
    case "$ref":
    case "$dynamicRef":
      if (typeof value === "string") checkRef(place, value, pointer, run);
      return;
    case "format":
      if (typeof value === "string") checkFormat(value, pointer, run);
      return;
    case "pattern":
      if (typeof value === "string") checkPattern(value, pointer, run);
      return;
    case "patternProperties":
      if (!isObject(value)) return;
      for (const name of Object.keys(value)) checkPattern(name, `${pointer}/${escapeStep(name)}`, run);
      return;
    case "properties":
      checkNames(value, pointer, run);
      return;
    default:
  }
}

/** Checks that a reference leads to an existing place inside the document. */
function checkRef(place: SchemaPlace, reference: string, pointer: string, { resources, refuse }: Walk): void {
  if (resources.resolve(place, reference) !== null) return;
  if (reference.startsWith("#")) {
    return refuse({ pointer, code: "unresolved-ref", message: "it refers to nothing in this document" });
  }
  const message = "it refers to another document, and nothing is ever fetched; sigma contract import bundles documents";
  refuse({ pointer, code: "remote-ref", message });
}

/** Whether a name of `format` is known; an unknown one cannot be asserted. */
export function isKnownFormat(name: string): boolean {
  return FORMATS.has(name) || INTEGER_RANGES.has(name) || NUMBER_FORMATS.has(name);
}

function checkFormat(name: string, pointer: string, { formats, refuse }: Walk): void {
  if (formats === "annotate" || isKnownFormat(name)) return;
  const known = [...FORMATS.keys(), ...INTEGER_RANGES.keys(), ...NUMBER_FORMATS].join(", ");
  const message = `there is no format "${name}" to assert; use one of ${known}, or make formats notes with formats: annotate`;
  refuse({ pointer, code: "unknown-format", message });
}

/** Checks a pattern with flag `u`, as 2020-12 requires (6.4 of the core specification). */
function checkPattern(pattern: string, pointer: string, { refuse, escapes }: Walk): void {
  if (pattern.length > PATTERN_MAX) {
    const message = `the pattern has ${pattern.length} characters; at most ${PATTERN_MAX} are allowed`;
    return refuse({ pointer, code: "pattern-syntax", message });
  }
  escapes.count += pattern.split(/\\[pP]\{/).length - 1;
  if (escapes.count > PROPERTY_ESCAPES_MAX) {
    const message = `up to here the patterns of the schema hold ${escapes.count} property escapes such as \\p{L}; at most ${PROPERTY_ESCAPES_MAX} are allowed`;
    return refuse({ pointer, code: "pattern-syntax", message });
  }
  const fault = findPatternFault(pattern);
  if (fault !== null) refuse({ pointer, code: "pattern-syntax", message: describePatternFault(fault, pattern) });
}

function checkNames(value: JsonValue, pointer: string, { refuse }: Walk): void {
  if (!isObject(value)) return;
  for (const name of Object.keys(value)) {
    if (!FORBIDDEN.has(name)) continue;
    const message = `no payload with a key "${name}" gets past the boundary`;
    refuse({ pointer: `${pointer}/${name}`, code: "forbidden-property", message });
  }
}

/** 2020-12 leaves open where a reference by such a name leads (core, 8.2.1 and 8.2.2): each tool would judge in its own way. */
function refuseRepeated({ repeated }: Resources): readonly Refusal[] {
  return repeated.map(({ place, keyword, first }) => ({
    pointer: `${place.path}/${keyword}`,
    code: "repeated-name",
    message: `the schema at ${first.path === "" ? "the root" : first.path} has this ${keyword === "$id" ? "$id" : "anchor"} as well`,
  }));
}

/** The violations of the meta-schema as refusals. */
function refuseMeaningless(schema: JsonObject): readonly Refusal[] {
  const { accepts, explain } = metaSchema();
  if (accepts(schema)) return [];
  return explain(schema).map(({ pointer, message }) => ({
    pointer,
    code: "invalid",
    message: `${keywordAt(pointer)} ${message}`,
  }));
}

/** The end of a pointer from the keyword on: `required/0` for `/properties/a/required/0`. */
function keywordAt(pointer: string): string {
  const steps = pointer.split("/").slice(1);
  const keyword = steps.findLastIndex((step) => Object.hasOwn(KEYWORDS, step));
  return keyword === -1 ? "the schema" : steps.slice(keyword).join("/");
}

/** A safety net: a schema that passed all other checks compiles. */
function compileRefusal(schema: JsonObject): readonly Refusal[] {
  try {
    compileSchema(schema, { formats: "assert" });
    return [];
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : "unknown reason";
    return [{ pointer: "", code: "does-not-compile", message: `it does not compile: ${why}` }];
  }
}
