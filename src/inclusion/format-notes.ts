import type { FormatsMode } from "../core/contract-set.ts";
import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { isAsserted } from "../schema/asserted-format.ts";
import { KEYWORDS } from "../schema/keywords.ts";

/** The schema without the formats that are annotations: every `format` that is left is an assertion. */
export function withoutFormatNotes(schema: JsonObject | boolean, mode: FormatsMode): JsonObject | boolean {
  return withoutNotes(schema, mode) as JsonObject | boolean;
}

function withoutNotes(schema: JsonValue, mode: FormatsMode): JsonValue {
  if (!isObject(schema)) return schema;
  const members = Object.entries(schema).flatMap(([keyword, value]) => {
    if (keyword === "format" && !isAsserted(value, mode)) return [];
    return [[keyword, insideOf(keyword, value, mode)] as const];
  });
  return Object.fromEntries(members);
}

function insideOf(keyword: string, value: JsonValue, mode: FormatsMode): JsonValue {
  switch (Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined) {
    case "schema":
      return withoutNotes(value, mode);
    case "schemas":
      return Array.isArray(value) ? value.map((part: JsonValue) => withoutNotes(part, mode)) : value;
    case "map":
    case "pattern-map":
      if (!isObject(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withoutNotes(part, mode)]));
    case "value":
    case undefined:
      return value;
  }
}
