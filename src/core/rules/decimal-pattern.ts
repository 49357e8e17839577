/** The texts that `decimal` accepts: digits, with an optional sign and fraction. No exponent, no spaces, no separators. */
const DECIMAL = /^-?[0-9]+(?:\.[0-9]+)?$/;

export function isDecimalText(text: string): boolean {
  return DECIMAL.test(text);
}

/**
 * The same as an automaton. States: 0 start, 1 after the sign, 2 in the integer part, 3 after the point, 4 in the fraction, 5
 * dead.
 */
const START = 0;
const ACCEPTING: ReadonlySet<number> = new Set([2, 4]);
const DEAD = 5;

function step(state: number, character: string): number {
  if (/[0-9]/.test(character)) return [2, 2, 2, 4, 4, DEAD][state] ?? DEAD;
  if (character === "-") return state === START ? 1 : DEAD;
  if (character === ".") return state === 2 ? 3 : DEAD;
  return DEAD;
}

/** Longer patterns are not parsed: each nested group takes stack. */
const PATTERN_MAX = 500;

/** For each state the states that the automaton can be in after a part of the pattern. */
type Moves = readonly ReadonlySet<number>[];

const STAY: Moves = [0, 1, 2, 3, 4, DEAD].map((state) => new Set([state]));

/**
 * Whether `decimal` accepts every text that a pattern matches. The function handles literals, classes of digits, groups,
 * alternatives and quantifiers between `^` and `$`; for any other pattern it returns false.
 */
export function provesDecimal(pattern: string): boolean {
  if (pattern.length > PATTERN_MAX) return false;
  const reader: Reader = { text: pattern, at: 0 };
  const moves = readAlternatives(reader, true);
  if (moves === null || reader.at !== pattern.length) return false;
  return [...(moves[START] ?? [])].every((state) => ACCEPTING.has(state));
}

type Reader = { readonly text: string; at: number };

/**
 * Parses alternatives.
 * @param outer whether each alternative must begin with `^` and end with `$`, since a pattern matches anywhere.
 */
function readAlternatives(reader: Reader, outer: boolean): Moves | null {
  let found: Moves | null = null;
  for (;;) {
    const one = readSequence(reader, outer);
    if (one === null) return null;
    found = found === null ? one : joined(found, one);
    if (reader.text[reader.at] !== "|") return found;
    reader.at += 1;
  }
}

function readSequence(reader: Reader, outer: boolean): Moves | null {
  if (outer && !take(reader, "^")) return null;
  let moves = STAY;
  for (;;) {
    const next = reader.text[reader.at];
    if (next === undefined || next === "|" || next === ")" || next === "$") break;
    const atom = readAtom(reader);
    if (atom === null) return null;
    const repeated = readQuantifier(reader, atom);
    if (repeated === null) return null;
    moves = follow(moves, repeated);
  }
  return outer && !take(reader, "$") ? null : moves;
}

function readAtom(reader: Reader): Moves | null {
  const rest = reader.text.slice(reader.at);
  const group = /^\((?:\?:)?/.exec(rest);
  if (group !== null) {
    reader.at += group[0].length;
    const inside = readAlternatives(reader, false);
    return inside !== null && take(reader, ")") ? inside : null;
  }
  const characters = charactersAt(rest);
  if (characters === null) return null;
  reader.at += characters.length;
  return STAY.map((_, from) => new Set(Array.from(characters.set, (character) => step(from, character))));
}

/** Parses a literal, `\d`, `\.`, `\-`, or a class of digits, points and signs. */
function charactersAt(rest: string): { readonly set: string; readonly length: number } | null {
  const digits = "0123456789";
  if (rest.startsWith(String.raw`\d`)) return { set: digits, length: 2 };
  const [escaped] = /^\\[.-]/.exec(rest) ?? [];
  if (escaped !== undefined) return { set: escaped.slice(1), length: 2 };
  const [literal] = /^[0-9-]/.exec(rest) ?? [];
  if (literal !== undefined) return { set: literal, length: 1 };
  const [written, inside = ""] = /^\[((?:[0-9]-[0-9]|[0-9]|\\d|\\?[.]|\\-|-(?=\]))+)\]/.exec(rest) ?? [];
  if (written === undefined) return null;
  let set = "";
  for (const [part] of inside.matchAll(/[0-9]-[0-9]|\\.|./g)) {
    if (part === String.raw`\d`) set += digits;
    else if (part.length === 3) set += digits.slice(Number(part[0]), Number(part[2]) + 1);
    else set += part.at(-1);
  }
  return { set, length: written.length };
}

/** The most repetitions that are followed: after so many the automaton reaches no new state. */
const TIMES_MAX = 8;

function readQuantifier(reader: Reader, atom: Moves): Moves | null {
  const [written, symbol = "", least = "", comma, most = ""] =
    /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(reader.text.slice(reader.at)) ?? [];
  if (written === undefined) return /[{?*+]/.test(reader.text[reader.at] ?? "") ? null : atom;
  reader.at += written.length;
  const from = symbol === "" ? Number(least) : symbol === "+" ? 1 : 0;
  const to =
    symbol === "?" ? 1 : symbol !== "" ? Infinity : comma === "" ? from : most === "" ? Infinity : Number(most);
  if (to < from) return null;
  // After TIMES_MAX repetitions no new one of the six states is reached.
  let moves = STAY;
  for (let time = 0; time < Math.min(from, TIMES_MAX); time += 1) moves = follow(moves, atom);
  let all = moves;
  for (let time = 0; time < Math.min(to - from, TIMES_MAX); time += 1) {
    moves = follow(moves, atom);
    all = joined(all, moves);
  }
  return all;
}

function follow(first: Moves, then: Moves): Moves {
  return first.map((states) => new Set([...states].flatMap((state) => [...(then[state] ?? [])])));
}

function joined(one: Moves, other: Moves): Moves {
  return one.map((states, from) => new Set([...states, ...(other[from] ?? [])]));
}

function take(reader: Reader, character: string): boolean {
  if (reader.text[reader.at] !== character) return false;
  reader.at += 1;
  return true;
}
