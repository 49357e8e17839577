import type { JsonObject, JsonValue } from "./json.ts";
import { KEYWORDS } from "./schema-keywords.ts";

/**
 * Put before a pattern, it matches nothing and makes the engine use a RegExp in Unicode mode.
 *
 * The engine's own matcher runs in linear time but sees UTF-16 units, so that `^.$` would refuse one emoji. Patterns for
 * which that could matter take the RegExp; `contract lint` has proved them safe from super-linear matching.
 */
const UNICODE_MODE = "(?:\\p{L}){0}";

/** Literals, positive ASCII classes, digits, groups, quantifiers and anchors mean the same to both matchers. */
const SAME_IN_BOTH = /^(?:[A-Za-z0-9 _\-:,;=@#%&!"'<>~`^$|()*+?{}/]|\\[-d.\\/+*?^$|()[\]{}]|\[(?!\^)(?:[A-Za-z0-9 _\-:,;=@#%&!"'<>~`$|()*+?{}./]|\\[-d.\\/+*?^$|()[\]{}])+\])*$/;

/** The schema with every pattern in the form that the engine matches as RFC 8259 text: by code point. */
export function withUnicodePatterns(schema: JsonObject | boolean): JsonObject | boolean {
  return rewrite(schema) as JsonObject | boolean;
}

/** Takes the marker out of a message or path again. */
export function withoutMarker(text: string): string {
  return text.includes(UNICODE_MODE) ? text.replaceAll(UNICODE_MODE, "") : text;
}

function rewrite(schema: JsonValue): JsonValue {
  if (schema === null || typeof schema !== "object" || Array.isArray(schema)) return schema;
  return Object.fromEntries(Object.entries(schema).map(([keyword, value]) => [keyword, rewriteKeyword(keyword, value)]));
}

function rewriteKeyword(keyword: string, value: JsonValue): JsonValue {
  if (keyword === "pattern") return typeof value === "string" ? inUnicode(value) : value;
  switch (Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : "value") {
    case "schema":
      return rewrite(value);
    case "schemas":
      return Array.isArray(value) ? (value as readonly JsonValue[]).map(rewrite) : value;
    case "map":
      return rewriteMap(value, (name) => name);
    case "pattern-map":
      return rewriteMap(value, inUnicode);
    default:
      return value;
  }
}

function rewriteMap(value: JsonValue, rename: (name: string) => string): JsonValue {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [rename(name), rewrite(schema)]));
}

function inUnicode(pattern: string): string {
  return SAME_IN_BOTH.test(pattern) ? pattern : `${UNICODE_MODE}(?:${pattern})`;
}
