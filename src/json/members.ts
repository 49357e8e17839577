import type { ByteRange } from "./locate.ts";
import { hadEscape, skipSpace, skipString } from "./skip.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Most names that can be searched at once: each takes one bit of a number. */
export const MEMBERS_MAX = 30;

/**
 * Compiles a search for members of a JSON object by name. It passes once over the bytes and stops after the last wanted
 * member, because it runs for every record that arrives. The text is not validated: for bytes that are not JSON the
 * result is meaningless, but takes no longer.
 * @param names at most {@link MEMBERS_MAX}, without repeats.
 * @returns the places of the values, in the order of the names; null when the text is not an object or lacks a name. Of
 * a repeated name the first member counts.
 */
export function compileMembers(names: readonly string[]): (bytes: Buffer) => readonly ByteRange[] | null {
  const wanted = names.map((name) => Buffer.from(name, "utf8"));
  const all = 2 ** names.length - 1;
  return (bytes) => {
    let at = skipSpace(bytes, 0);
    if (bytes[at] !== OPEN_OBJECT) return null;
    const ranges: ByteRange[] = [];
    let found = 0;
    at = skipSpace(bytes, at + 1);
    while (bytes[at] === QUOTE) {
      const keyEnd = skipString(bytes, at);
      const index = indexOf(bytes, at, keyEnd, wanted);
      const colon = skipSpace(bytes, keyEnd);
      if (bytes[colon] !== COLON) return null;
      const from = skipSpace(bytes, colon + 1);
      const to = skipValue(bytes, from);
      if (index >= 0 && (found & (1 << index)) === 0) {
        ranges[index] = [from, to];
        found |= 1 << index;
        if (found === all) return ranges;
      }
      const next = skipSpace(bytes, to);
      if (bytes[next] !== COMMA) return null;
      at = skipSpace(bytes, next + 1);
    }
    return null;
  };
}

function indexOf(bytes: Buffer, start: number, end: number, wanted: readonly Buffer[]): number {
  if (hadEscape) return indexOfEscaped(bytes.toString("utf8", start, end), wanted);
  const length = end - start - 2;
  for (let index = 0; index < wanted.length; index += 1) {
    const name = wanted[index] as Buffer;
    if (name.length !== length) continue;
    let same = 0;
    while (same < length && bytes[start + 1 + same] === name[same]) same += 1;
    if (same === length) return index;
  }
  return -1;
}

function indexOfEscaped(literal: string, wanted: readonly Buffer[]): number {
  try {
    const name = Buffer.from(JSON.parse(literal) as string);
    return wanted.findIndex((one) => one.equals(name));
  } catch {
    return -1;
  }
}

/** The index after the value that begins here; without recursion, so any depth is safe. */
function skipValue(bytes: Buffer, start: number): number {
  let at = start;
  let depth = 0;
  for (let byte = bytes[at]; byte !== undefined; byte = bytes[at]) {
    if (byte === QUOTE) {
      at = skipString(bytes, at);
      if (depth === 0) return at;
      continue;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (byte === COMMA || byte <= 0x20)) return at;
    at += 1;
  }
  return at;
}
