import type { JsonObject, JsonValue } from "./json.ts";

/** The steps of a JSON pointer (RFC 6901), unescaped; none of the pointer "". */
export function stepsIn(pointer: string): readonly string[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** What steps lead to; undefined when they lead nowhere. */
export function valueAt(value: JsonValue, steps: readonly string[]): JsonValue | undefined {
  return steps.reduce<JsonValue | undefined>((at, step) => {
    if (Array.isArray(at)) return /^\d+$/.test(step) ? (at as readonly JsonValue[])[Number(step)] : undefined;
    if (at === null || typeof at !== "object") return undefined;
    return Object.hasOwn(at, step) ? (at as JsonObject)[step] : undefined;
  }, value);
}
