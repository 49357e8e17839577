import type { JsonObject, JsonValue } from "./json.ts";

/**
 * Longest JSON pointer (RFC 6901) in an explanation, in UTF-16 units. A key may be as long as a payload, and twenty
 * violations below it would repeat it twenty times: too much for a document, and for the memory of a cache keyed by it.
 */
export const POINTER_MAX = 1_024;

/** The pointer, or when it is too long, that of the nearest enclosing object or array whose pointer is not. */
export function nearestPointer(pointer: string): string {
  if (pointer.length <= POINTER_MAX) return pointer;
  // A cut at a slash keeps whole steps and the length within the limit.
  return pointer.slice(0, Math.max(0, pointer.lastIndexOf("/", POINTER_MAX)));
}

/**
 * A place in a JSON value as a linked list from the inside out; null is the value itself. Places in one container share
 * their `above`.
 */
export type Path = { readonly above: Path | null; readonly step: string | number };

/** The steps of a path, from the outside in. */
export function stepsOf(path: Path | null): readonly (string | number)[] {
  const steps: (string | number)[] = [];
  for (let at = path; at !== null; at = at.above) steps.push(at.step);
  return steps.toReversed();
}

/** The RFC 6901 pointer of these steps. */
export function pointerOf(steps: readonly (string | number)[]): string {
  return steps.map((step) => `/${escapeStep(String(step))}`).join("");
}

/** Escapes "~" and "/" in one step of a pointer (RFC 6901 section 3). */
export function escapeStep(step: string): string {
  return step.includes("~") || step.includes("/") ? step.replaceAll("~", "~0").replaceAll("/", "~1") : step;
}

/** Unescapes one step of a pointer; "~1" first, so that "~01" becomes "~1" (RFC 6901 section 4). */
export function unescapeStep(step: string): string {
  return step.includes("~") ? step.replaceAll("~1", "/").replaceAll("~0", "~") : step;
}

/** The unescaped steps of a JSON pointer (RFC 6901); none for the pointer "". */
export function stepsIn(pointer: string): readonly string[] {
  return pointer === "" ? [] : pointer.slice(1).split("/").map(unescapeStep);
}

/** The value at the end of the steps; undefined when there is none. */
export function valueAt(value: JsonValue, steps: readonly string[]): JsonValue | undefined {
  return steps.reduce<JsonValue | undefined>((at, step) => {
    if (Array.isArray(at)) return /^\d+$/.test(step) ? (at as readonly JsonValue[])[Number(step)] : undefined;
    if (at === null || typeof at !== "object") return undefined;
    return Object.hasOwn(at, step) ? (at as JsonObject)[step] : undefined;
  }, value);
}
