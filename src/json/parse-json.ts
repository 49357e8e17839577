import type { JsonValue } from "./json.ts";
import { fitOf } from "./number-literal.ts";

/** Matches a number of 16 digits or more. A match inside a string only costs time. */
const LONG_INTEGER = /(?:^|[[:,\s])-?[0-9]{16}/;

/** Whether a JSON text may hold an integer that no double represents; a double represents all integers of 15 digits. */
export function mayHoldLongInteger(text: string): boolean {
  return LONG_INTEGER.test(text);
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** As `JSON.parse`, but integers within 64 bits are exact. @throws SyntaxError */
export function parseJson(text: string): JsonValue {
  if (!mayHoldLongInteger(text)) return JSON.parse(text) as JsonValue;
  const revive: Reviver = (_key, value, { source }) => {
    return typeof value === "number" && source !== undefined && fitOf(source) === "int64" ? BigInt(source) : value;
  };
  // TypeScript's declarations end at ECMAScript 2024, where a reviver does not get the source.
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown) as JsonValue;
}
