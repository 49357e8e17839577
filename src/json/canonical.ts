import canonicalize from "canonicalize";
import type { JsonValue } from "./json.ts";

/**
 * The RFC 8785 form of a JSON value: sorted keys, shortest numbers, no white space. Equal values, and only those, have
 * equal texts; -0 is written as 0.
 * @throws on a lone surrogate or a number that is not finite: neither gets past `parsePayload`.
 */
export function canonicalText(value: JsonValue): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error("Cannot canonicalise: not a JSON value");
  return text;
}
