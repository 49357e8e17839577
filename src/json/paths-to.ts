import type { Path } from "./pointer.ts";

/** An open array or object: the place of the latest key, or the number of commas; and its own path, built on demand. */
type Level = {
  readonly isArray: boolean;
  keyFrom: number;
  keyTo: number;
  count: number;
  path: Path | null | undefined;
};

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const [ARRAY_OPEN, ARRAY_CLOSE, OBJECT_OPEN, OBJECT_CLOSE] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Finds the paths of the numbers that begin at these bytes of a JSON text, in one pass. @param offsets ascending. */
export function pathsTo(bytes: Buffer, offsets: readonly number[]): readonly (Path | null)[] {
  const paths: (Path | null)[] = [];
  const levels: Level[] = [];
  let [keyFrom, keyTo] = [0, 0];
  for (let at = 0; paths.length < offsets.length && at < bytes.length; at += 1) {
    const level = levels.at(-1);
    switch (bytes[at] ?? 0) {
      case QUOTE:
        keyFrom = at;
        for (at += 1; at < bytes.length && bytes[at] !== QUOTE; at += 1) if (bytes[at] === BACKSLASH) at += 1;
        keyTo = at + 1;
        break;
      case COLON:
        if (level !== undefined) [level.keyFrom, level.keyTo] = [keyFrom, keyTo];
        break;
      case COMMA:
        if (level !== undefined) level.count += 1;
        break;
      case ARRAY_OPEN:
      case OBJECT_OPEN:
        levels.push({ isArray: bytes[at] === ARRAY_OPEN, keyFrom: 0, keyTo: 0, count: 0, path: undefined });
        break;
      case ARRAY_CLOSE:
      case OBJECT_CLOSE:
        levels.pop();
        break;
      default:
        if (at === offsets[paths.length]) paths.push(pathAt(bytes, levels, levels.length - 1));
    }
  }
  return paths;
}

/**
 * The path of the value at the current step of a level. Paths share their containers' paths: all items of a long list
 * have one `above`.
 */
function pathAt(bytes: Buffer, levels: readonly Level[], depth: number): Path | null {
  const level = levels[depth];
  if (level === undefined) return null;
  if (level.path === undefined) level.path = pathAt(bytes, levels, depth - 1);
  return { above: level.path, step: level.isArray ? level.count : keyOf(bytes, level) };
}

function keyOf(bytes: Buffer, { keyFrom, keyTo }: Level): string {
  const literal = bytes.toString("utf8", keyFrom, keyTo);
  return literal.includes("\\") ? (JSON.parse(literal) as string) : literal.slice(1, -1);
}
