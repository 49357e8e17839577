import { automatonOf, type Automaton } from "./automaton.ts";
import { ANYTHING, parsePattern, type CodePointRange, type Regular } from "./regular.ts";

/** Whether a text contains a match of a pattern. */
export type Matches = (text: string) => boolean;

/**
 * Compiles a pattern (ECMA-262 with flag `u`, not anchored).
 *
 * The runtime matches by backtracking: a pattern such as `.*Z$` or `^(a|a)*$` takes it time that grows with the square
 * of the text, or faster. Such patterns are matched by an automaton instead, in time linear in the text; the result is
 * the same.
 * @throws SyntaxError on an invalid pattern.
 */
export function compilePattern(pattern: string): Matches {
  const automaton = linearAutomaton(pattern);
  if (automaton !== null) return compileAutomaton(automaton);
  const native = new RegExp(pattern, "u");
  return (text) => native.test(text);
}

/**
 * Whether a pattern is matched by the automaton, in linear time for every text: it needs no proof of its running time.
 */
export function isMatchedByAutomaton(pattern: string): boolean {
  return linearAutomaton(pattern) !== null;
}

/** Most states: more would make each character too slow. */
const STATES_MAX = 1_000;

function linearAutomaton(pattern: string): Automaton | null {
  const tree = parsePattern(pattern);
  if (tree === null || !isAmbiguous(tree)) return null;
  const automaton = automatonOf(tree);
  return automaton === null || automaton.edges.length > STATES_MAX ? null : automaton;
}

/**
 * Whether the runtime might backtrack: a choice inside an unbounded repetition, or two unbounded repetitions in a
 * sequence that share a character. Some patterns that this reports are safe; a pattern that is not ambiguous but also
 * not proved safe is refused.
 */
function isAmbiguous(tree: Regular): boolean {
  switch (tree.kind) {
    case "set":
      return false;
    case "either":
      return tree.parts.some(isAmbiguous);
    case "repeat":
      return isAmbiguous(tree.part) || (tree.most === null && hasChoice(tree.part));
    case "sequence": {
      // An open end is never matched against: a match before it suffices.
      const parts = tree.parts.at(-1) === ANYTHING ? tree.parts.slice(0, -1) : tree.parts;
      if (parts.some(isAmbiguous)) return true;
      const sets = parts.map(endless).filter((ranges) => ranges.length > 0);
      return sets.some((one, index) => sets.slice(index + 1).some((other) => overlap(one, other)));
    }
  }
}

/**
 * Whether a part can match the same characters in two ways: by a repetition in it, or by alternatives that share a
 * character.
 */
function hasChoice(part: Regular): boolean {
  switch (part.kind) {
    case "set":
      return false;
    case "repeat":
      return true;
    case "sequence":
      return part.parts.some(hasChoice);
    case "either": {
      const sets = part.parts.map(charactersOf);
      const share = sets.some((one, index) => sets.slice(index + 1).some((other) => overlap(one, other)));
      return share || part.parts.some(hasChoice);
    }
  }
}

/** The characters that may repeat without bound in a part. */
function endless(part: Regular): readonly CodePointRange[] {
  switch (part.kind) {
    case "set":
      return [];
    case "sequence":
    case "either":
      return part.parts.flatMap(endless);
    case "repeat":
      return part.most === null ? charactersOf(part.part) : endless(part.part);
  }
}

function charactersOf(part: Regular): readonly CodePointRange[] {
  if (part.kind === "set") return part.ranges;
  return part.kind === "repeat" ? charactersOf(part.part) : part.parts.flatMap(charactersOf);
}

function overlap(one: readonly CodePointRange[], other: readonly CodePointRange[]): boolean {
  return one.some(([first, last]) => other.some(([from, to]) => first <= to && from <= last));
}

/** A set of automaton states, and the set that each class of characters leads to. */
type State = { readonly states: readonly number[]; readonly isFinal: boolean; readonly next: (State | undefined)[] };

/**
 * At this many sets the table is cleared: memory stays bounded, and each character costs at most one step through the
 * states.
 */
const TABLE_MAX = 2_000;

/** Builds sets of states on demand (a lazily built table, as in RE2). */
function compileAutomaton({ start, final, edges }: Automaton): Matches {
  const classOf = classesOf(edges.flatMap((list) => list.flatMap(({ ranges }) => ranges)));
  let table = new Map<string, State>();
  const stateOf = (states: readonly number[]): State => {
    const key = states.join(" ");
    const known = table.get(key);
    if (known !== undefined) return known;
    if (table.size >= TABLE_MAX) table = new Map();
    const made: State = { states, isFinal: states.includes(final), next: [] };
    table.set(key, made);
    return made;
  };
  const step = (state: State, point: number, index: number): State => {
    const reached = new Set<number>();
    for (const from of state.states) {
      for (const { ranges, to } of edges[from] ?? []) {
        if (ranges.some(([first, last]) => point >= first && point <= last)) for (const one of to) reached.add(one);
      }
    }
    const next = stateOf([...reached].toSorted((a, b) => a - b));
    state.next[index] = next;
    return next;
  };
  const begin = stateOf(start.toSorted((a, b) => a - b));
  return (text) => {
    let state = begin;
    for (let at = 0; at < text.length; at += 1) {
      if (state.states.length === 0) return false;
      const point = text.codePointAt(at) ?? 0;
      if (point > 0xffff) at += 1;
      const index = classOf(point);
      state = state.next[index] ?? step(state, point, index);
    }
    return state.isFinal;
  };
}

/** Numbers the classes of characters that no transition distinguishes. */
function classesOf(ranges: readonly CodePointRange[]): (point: number) => number {
  const cuts = [...new Set(ranges.flatMap(([first, last]) => [first, last + 1]))].toSorted((a, b) => a - b);
  const search = (point: number): number => {
    let [low, high] = [0, cuts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cuts[middle] ?? 0) <= point) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const ascii = Uint16Array.from({ length: 128 }, (_, point) => search(point));
  return (point) => (point < 128 ? (ascii[point] as number) : search(point));
}
