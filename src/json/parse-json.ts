import type { JsonValue } from "./json.ts";
import { fitOf } from "./number-literal.ts";

/** A number of 16 digits or more; in a text too, which costs time and nothing else. */
const LONG_INTEGER = /(?:^|[[:,\s])-?[0-9]{16}/;

/** Whether a JSON text may hold an integer that no double keeps. All of 15 digits are kept. */
export function mayHoldLongInteger(text: string): boolean {
  return LONG_INTEGER.test(text);
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** As `JSON.parse`, and exact for integers within 64 bits. @throws SyntaxError */
export function parseJson(text: string): JsonValue {
  if (!mayHoldLongInteger(text)) return JSON.parse(text) as JsonValue;
  const revive: Reviver = (_key, value, { source }) => {
    return typeof value === "number" && source !== undefined && fitOf(source) === "int64" ? BigInt(source) : value;
  };
  // The compiler's own declaration ends at ECMAScript 2024, before revivers were told the source.
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown) as JsonValue;
}
