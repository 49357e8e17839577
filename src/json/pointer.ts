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
