/** Code points from `first` to `last`, both included. */
export type CodePointRange = readonly [first: number, last: number];

/** A regular expression, as a tree, of the subset that is analysed exactly. */
export type Regular =
  | { readonly kind: "set"; readonly ranges: readonly CodePointRange[] }
  | { readonly kind: "sequence"; readonly parts: readonly Regular[] }
  | { readonly kind: "either"; readonly parts: readonly Regular[] }
  /** `most` is null without an upper bound. */
  | { readonly kind: "repeat"; readonly part: Regular; readonly least: number; readonly most: number | null };

const LAST = 0x10ffff;
export const ANY: Regular = { kind: "set", ranges: [[0, LAST]] };
/** The text before or after a match of a pattern that is not anchored there. */
export const ANYTHING: Regular = { kind: "repeat", part: ANY, least: 0, most: null };

const DIGIT: readonly CodePointRange[] = [[0x30, 0x39]];
const WORD: readonly CodePointRange[] = [...DIGIT, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
/** White space and line terminators of ECMAScript. */
const SPACE: readonly CodePointRange[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
/** Characters that `.` does not match. */
const LINE_ENDS: readonly CodePointRange[] = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];
const CONTROL: Readonly<Record<string, number>> = { t: 0x09, n: 0x0a, v: 0x0b, f: 0x0c, r: 0x0d, "0": 0 };
/** Larger counts would make automata too large to analyse. */
const COUNT_MAX = 300;

/**
 * Parses a pattern as the set of texts in which it is found (patterns of JSON Schema are not anchored).
 *
 * Supported: characters, classes, `.`, `\d \w \s` and their opposites, escapes, groups, `|`, quantifiers (lazy or not),
 * and `^` and `$` at the ends of the pattern or of its top-level alternatives. Null for everything else (look-around,
 * back-references, `\b`, `\p`, anchors inside), and for invalid patterns with flag u.
 */
export function parsePattern(pattern: string): Regular | null {
  try {
    // The runtime's own parser refuses invalid patterns first.
    const { source } = new RegExp(pattern, "u");
    const reader = { points: Array.from(source === "(?:)" ? "" : pattern), at: 0 };
    const branches: Regular[] = [];
    do branches.push(readBranch(reader));
    while (take(reader, "|"));
    return reader.at === reader.points.length ? { kind: "either", parts: branches } : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Unsupported) return null;
    throw error;
  }
}

/** Thrown for a construct outside the subset. */
class Unsupported extends Error {}

type Reader = { readonly points: readonly string[]; at: number };

function readBranch(reader: Reader): Regular {
  const parts: Regular[] = take(reader, "^") ? [] : [ANYTHING];
  for (;;) {
    const next = reader.points[reader.at];
    if (next === undefined || next === "|") return { kind: "sequence", parts: [...parts, ANYTHING] };
    if (next === "$") {
      reader.at += 1;
      const after = reader.points[reader.at];
      if (after !== undefined && after !== "|") throw new Unsupported();
      return { kind: "sequence", parts };
    }
    parts.push(readQuantified(reader));
  }
}

function readInner(reader: Reader): Regular {
  const branches: Regular[] = [];
  do {
    const parts: Regular[] = [];
    while (reader.points[reader.at] !== "|" && reader.points[reader.at] !== ")") parts.push(readQuantified(reader));
    branches.push({ kind: "sequence", parts });
  } while (take(reader, "|"));
  return { kind: "either", parts: branches };
}

function readQuantified(reader: Reader): Regular {
  const part = readAtom(reader);
  const counts = readCounts(reader);
  if (counts === null) return part;
  take(reader, "?");
  const [least, most] = counts;
  if (least > COUNT_MAX || (most ?? 0) > COUNT_MAX) throw new Unsupported();
  return { kind: "repeat", part, least, most };
}

function readCounts(reader: Reader): readonly [number, number | null] | null {
  if (take(reader, "*")) return [0, null];
  if (take(reader, "+")) return [1, null];
  if (take(reader, "?")) return [0, 1];
  const text = reader.points.slice(reader.at, reader.at + 24).join("");
  const match = /^\{(\d+)(,)?(\d+)?\}/.exec(text);
  if (match === null) return null;
  reader.at += match[0].length;
  const least = Number(match[1]);
  if (match[2] === undefined) return [least, least];
  return [least, match[3] === undefined ? null : Number(match[3])];
}

function readAtom(reader: Reader): Regular {
  const next = reader.points[reader.at];
  if (next === undefined) throw new Unsupported();
  reader.at += 1;
  switch (next) {
    case "(":
      return readGroup(reader);
    case "[":
      return { kind: "set", ranges: readClass(reader) };
    case ".":
      return { kind: "set", ranges: complement(LINE_ENDS) };
    case "\\":
      return { kind: "set", ranges: readEscape(reader) };
    case "^":
    case "$":
      throw new Unsupported();
    default:
      return { kind: "set", ranges: [single(next)] };
  }
}

function readGroup(reader: Reader): Regular {
  if (take(reader, "?")) {
    if (!take(reader, ":")) throw new Unsupported();
  }
  const inner = readInner(reader);
  if (!take(reader, ")")) throw new Unsupported();
  return inner;
}

function readClass(reader: Reader): readonly CodePointRange[] {
  const negated = take(reader, "^");
  const ranges: CodePointRange[] = [];
  while (!take(reader, "]")) {
    const first = readMember(reader);
    const isRange = reader.points[reader.at] === "-" && reader.points[reader.at + 1] !== "]";
    if (!isRange) {
      ranges.push(...first);
      continue;
    }
    reader.at += 1;
    const last = readMember(reader);
    ranges.push([first[0]?.[0] ?? 0, last[0]?.[0] ?? 0]);
  }
  return negated ? complement(ranges) : ranges;
}

function readMember(reader: Reader): readonly CodePointRange[] {
  const next = reader.points[reader.at];
  if (next === undefined) throw new Unsupported();
  reader.at += 1;
  if (next !== "\\") return [single(next)];
  if (take(reader, "b")) return [[0x08, 0x08]];
  if (take(reader, "-")) return [single("-")];
  return readEscape(reader);
}

function readEscape(reader: Reader): readonly CodePointRange[] {
  const letter = reader.points[reader.at] ?? "";
  reader.at += 1;
  switch (letter) {
    case "d":
      return DIGIT;
    case "D":
      return complement(DIGIT);
    case "w":
      return WORD;
    case "W":
      return complement(WORD);
    case "s":
      return SPACE;
    case "S":
      return complement(SPACE);
    case "x":
      return [readHex(reader, 2)];
    case "u":
      // Surrogates and \u{...} are too rare to support.
      return [readHex(reader, 4)];
    default:
      break;
  }
  const control = CONTROL[letter];
  if (control !== undefined) return [[control, control]];
  // With flag u only these characters may be escaped to mean themselves; escaped letters and digits mean something
  // else.
  if (/^[\^$\\.*+?()[\]{}|/]$/.test(letter)) return [single(letter)];
  throw new Unsupported();
}

function readHex(reader: Reader, digits: number): CodePointRange {
  const text = reader.points.slice(reader.at, reader.at + digits).join("");
  if (!/^[0-9A-Fa-f]+$/.test(text) || text.length !== digits) throw new Unsupported();
  reader.at += digits;
  const point = Number.parseInt(text, 16);
  if (point >= 0xd800 && point <= 0xdfff) throw new Unsupported();
  return [point, point];
}

function complement(ranges: readonly CodePointRange[]): readonly CodePointRange[] {
  const found: CodePointRange[] = [];
  let next = 0;
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (first > next) found.push([next, first - 1]);
    next = Math.max(next, last + 1);
  }
  if (next <= LAST) found.push([next, LAST]);
  return found;
}

function single(character: string): CodePointRange {
  const point = character.codePointAt(0) ?? 0;
  return [point, point];
}

function take(reader: Reader, character: string): boolean {
  if (reader.points[reader.at] !== character) return false;
  reader.at += 1;
  return true;
}
