import type { JsonObject, JsonValue } from "./json.ts";

/**
 * The RFC 8785 form of a JSON value: sorted keys, shortest numbers, no white space. Equal values, and only those, have
 * equal texts; -0 is written as 0. The form is extended by one kind of value: an integer within 64 bits that no double keeps
 * is written as its decimal digits (docs/numbers.md). A member without a value is left out.
 * @throws on a lone surrogate, a number that is not finite, and anything that is no JSON: none gets past `parsePayload`.
 */
export function canonicalText(value: JsonValue): string {
  switch (typeof value) {
    case "string":
      return textOf(value);
    case "number":
      if (!Number.isFinite(value)) throw new Error("Cannot canonicalise: a number is not finite");
      // ECMAScript's form is the one RFC 8785 asks for.
      return JSON.stringify(value);
    case "bigint":
    case "boolean":
      return String(value);
    case "object":
      if (value === null) return "null";
      return Array.isArray(value) ? listText(value as readonly JsonValue[]) : objectText(value as JsonObject);
    case "function":
    case "symbol":
    case "undefined":
      throw new Error("Cannot canonicalise: not a JSON value");
  }
}

function textOf(text: string): string {
  if (!text.isWellFormed()) throw new Error("Cannot canonicalise: a text contains a lone surrogate");
  return JSON.stringify(text);
}

function listText(items: readonly JsonValue[]): string {
  let text = "[";
  let separator = "";
  for (const item of items) {
    text += separator + canonicalText(item);
    separator = ",";
  }
  return `${text}]`;
}

/** Keys in the order of their UTF-16 units, as `toSorted` has it (RFC 8785, 3.2.3). */
function objectText(object: JsonObject): string {
  let text = "{";
  let separator = "";
  for (const key of Object.keys(object).toSorted()) {
    const value: JsonValue | undefined = object[key];
    if (value === undefined) continue;
    text += `${separator}${textOf(key)}:${canonicalText(value)}`;
    separator = ",";
  }
  return `${text}}`;
}
