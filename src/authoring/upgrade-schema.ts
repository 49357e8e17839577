import type { JsonObject, JsonValue } from "../json/json.ts";
import { KEYWORDS } from "../schema/keywords.ts";
import { isList, isObject, under, type Unmapped } from "./draft.ts";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/** Dialects in which what stands beside `$ref` says nothing. */
const REF_ALONE = /draft-0[3-7]\/schema/;

/**
 * A JSON Schema of draft 4 to 2020-12 as one of 2020-12 with the same meaning. What has none there is kept as an `x-`
 * annotation and named.
 */
export function upgradeSchema(document: JsonObject): {
  readonly schema: JsonObject;
  readonly unmapped: readonly Unmapped[];
} {
  const unmapped: Unmapped[] = [];
  const { $schema: dialect, ...body } = document;
  const run: Run = {
    refAlone: typeof dialect === "string" && REF_ALONE.test(dialect),
    note: (path, why) => unmapped.push({ path, why }),
  };
  return { schema: { $schema: DIALECT, ...(upgrade(body, "", run) as JsonObject) }, unmapped };
}

type Run = { readonly refAlone: boolean; readonly note: (path: string, why: string) => void };

function upgrade(schema: JsonValue, path: string, run: Run): JsonValue {
  if (!isObject(schema)) return schema;
  const ref = schema["$ref"];
  const source = run.refAlone && typeof ref === "string" ? alone(schema, path, run) : schema;
  const result: Record<string, JsonValue> = {};
  for (const [keyword, value] of Object.entries(source)) {
    for (const [name, upgraded] of upgradeKeyword(keyword, value, source, path, run)) result[name] = upgraded;
  }
  if (source["nullable"] === true && typeof result["type"] === "string") result["type"] = [result["type"], "null"];
  return result;
}

/** Before 2019-09 nothing beside `$ref` was looked at. */
function alone(schema: JsonObject, path: string, { note }: Run): JsonObject {
  const kept = ["$ref", "definitions", "$defs", "title", "description", "$comment"];
  for (const keyword of Object.keys(schema)) {
    if (!kept.includes(keyword))
      note(under(path, keyword), "it stands beside $ref, where its dialect ignores it: left out");
  }
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => kept.includes(keyword)));
}

type Entries = readonly (readonly [string, JsonValue])[];

function upgradeKeyword(keyword: string, value: JsonValue, schema: JsonObject, path: string, run: Run): Entries {
  const at = under(path, keyword);
  switch (keyword) {
    case "definitions":
      return [["$defs", upgradeMap(value, at, run)]];
    case "$ref":
      return [["$ref", typeof value === "string" ? value.replace(/^#\/definitions\//, "#/$defs/") : value]];
    case "id":
    case "$id":
      if (path === "" && typeof value === "string" && URL.canParse(value)) return [["$id", value.replace(/#$/, "")]];
      run.note(at, "names inside a schema are not resolved: left out");
      return [];
    case "items":
      return [isList(value) ? ["prefixItems", upgradeList(value, at, run)] : ["items", upgrade(value, at, run)]];
    case "additionalItems":
      // Without a list in items it never meant anything.
      return isList(schema["items"]) ? [["items", upgrade(value, at, run)]] : [];
    case "minimum":
    case "maximum": {
      const exclusive = keyword === "minimum" ? "exclusiveMinimum" : "exclusiveMaximum";
      return [[schema[exclusive] === true ? exclusive : keyword, value]];
    }
    case "exclusiveMinimum":
    case "exclusiveMaximum":
      return typeof value === "boolean" ? [] : [[keyword, value]];
    case "dependencies":
      return upgradeDependencies(value, at, run);
    case "nullable":
      return [];
    case "format":
      run.note(at, "format is kept and asserts nothing; write a pattern where it matters");
      return [[keyword, value]];
    default:
      return [upgradeOther(keyword, value, at, run)];
  }
}

function upgradeOther(keyword: string, value: JsonValue, at: string, run: Run): readonly [string, JsonValue] {
  if (keyword.startsWith("x-")) return [keyword, value];
  const shape = KEYWORDS[keyword];
  if (shape === undefined) {
    run.note(at, `"${keyword}" is not a keyword that is judged: kept as a note`);
    return [`x-${keyword}`, value];
  }
  switch (shape) {
    case "value":
      return [keyword, value];
    case "schema":
      return [keyword, upgrade(value, at, run)];
    case "schemas":
      return [keyword, isList(value) ? upgradeList(value, at, run) : value];
    case "map":
    case "pattern-map":
      return [keyword, upgradeMap(value, at, run)];
  }
}

function upgradeList(list: readonly JsonValue[], path: string, run: Run): JsonValue {
  return list.map((one, index) => upgrade(one, under(path, index), run));
}

function upgradeMap(map: JsonValue, path: string, run: Run): JsonValue {
  if (!isObject(map)) return map;
  return Object.fromEntries(Object.entries(map).map(([name, one]) => [name, upgrade(one, under(path, name), run)]));
}

function upgradeDependencies(value: JsonValue, path: string, run: Run): Entries {
  if (!isObject(value)) return [];
  const names = Object.entries(value).filter(([, one]) => isList(one));
  const schemas = Object.entries(value).filter(([, one]) => !isList(one));
  return [
    ...(names.length === 0 ? [] : [["dependentRequired", Object.fromEntries(names)] as const]),
    ...(schemas.length === 0
      ? []
      : [["dependentSchemas", upgradeMap(Object.fromEntries(schemas), path, run)] as const]),
  ];
}
