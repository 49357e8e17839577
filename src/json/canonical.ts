import type { JsonObject, JsonValue } from "./json.ts";

/**
 * The RFC 8785 form of a JSON value: sorted keys, shortest numbers, no white space. Equal values, and only those, have
 * equal texts; -0 is written as 0. One extension: an integer within 64 bits that no double represents is written as its
 * decimal digits (docs/numbers.md). A member whose value is undefined is omitted.
 * @throws on a lone surrogate, a number that is not finite, and anything that is not JSON; `parsePayload` lets none of
 * them pass.
 */
export function canonicalText(value: JsonValue): string {
  switch (typeof value) {
    case "string":
      return textOf(value);
    case "number":
      if (!Number.isFinite(value)) throw new Error("Cannot canonicalise: a number is not finite");
      // RFC 8785 prescribes ECMAScript's number form.
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

/** Keys are sorted by UTF-16 units, as `toSorted` does (RFC 8785, 3.2.3). */
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
