import type { JsonObject, JsonValue } from "./json.ts";

/**
 * Longest JSON pointer (RFC 6901) that an explanation carries, in UTF-16 units. A key may be as long as a payload, and twenty
 * violations below it would repeat it twenty times: more than a document can hold, and memory for whoever caches by it.
 */
export const POINTER_MAX = 1_024;

/** The pointer itself, or that of the nearest object or array around it that is not too long to point at. */
export function nearestPointer(pointer: string): string {
  if (pointer.length <= POINTER_MAX) return pointer;
  // What ends at a slash that far in is whole steps, and no longer than that.
  return pointer.slice(0, Math.max(0, pointer.lastIndexOf("/", POINTER_MAX)));
}

/** A place in a JSON value, from the inside out; null is the value itself. Places in one container share their `above`. */
export type Path = { readonly above: Path | null; readonly step: string | number };

/** From the outside in. */
export function stepsOf(path: Path | null): readonly (string | number)[] {
  const steps: (string | number)[] = [];
  for (let at = path; at !== null; at = at.above) steps.push(at.step);
  return steps.toReversed();
}

/** The RFC 6901 pointer of these steps. */
export function pointerOf(steps: readonly (string | number)[]): string {
  return steps.map((step) => `/${escapeStep(String(step))}`).join("");
}

/** One step as it stands in a pointer: "~" and "/" escaped (RFC 6901 section 3). */
export function escapeStep(step: string): string {
  return step.includes("~") || step.includes("/") ? step.replaceAll("~", "~0").replaceAll("/", "~1") : step;
}

/** The name or index that a step of a pointer stands for; "~1" first, so that "~01" is "~1" (RFC 6901 section 4). */
export function unescapeStep(step: string): string {
  return step.includes("~") ? step.replaceAll("~1", "/").replaceAll("~0", "~") : step;
}

/** The steps of a JSON pointer (RFC 6901), unescaped; none of the pointer "". */
export function stepsIn(pointer: string): readonly string[] {
  return pointer === "" ? [] : pointer.slice(1).split("/").map(unescapeStep);
}

/** What steps lead to; undefined when they lead nowhere. */
export function valueAt(value: JsonValue, steps: readonly string[]): JsonValue | undefined {
  return steps.reduce<JsonValue | undefined>((at, step) => {
    if (Array.isArray(at)) return /^\d+$/.test(step) ? (at as readonly JsonValue[])[Number(step)] : undefined;
    if (at === null || typeof at !== "object") return undefined;
    return Object.hasOwn(at, step) ? (at as JsonObject)[step] : undefined;
  }, value);
}
