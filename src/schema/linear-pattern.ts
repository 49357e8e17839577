import { automatonOf, type Automaton } from "./automaton.ts";
import { ANYTHING, parsePattern, type CodePointRange, type Regular } from "./regular.ts";

/** Whether a text has a match of a pattern in it. */
export type Matches = (text: string) => boolean;

/**
 * Compiles a pattern (ECMA-262 with flag `u`, not anchored).
 *
 * The runtime matches by trying one way after another, and a pattern such as `.*Z$` or `^(a|a)*$` makes it try a number of ways
 * that grows with the square of the text, or faster. Such patterns are matched by an automaton instead, in time linear in the text;
 * the verdict is the same.
 * @throws SyntaxError on what is no pattern.
 */
export function compilePattern(pattern: string): Matches {
  const automaton = linearAutomaton(pattern);
  if (automaton !== null) return compileAutomaton(automaton);
  const native = new RegExp(pattern, "u");
  return (text) => native.test(text);
}

/** Whether a pattern is matched in time linear in the text whatever the text is: it needs no proof. */
export function isMatchedByAutomaton(pattern: string): boolean {
  return linearAutomaton(pattern) !== null;
}

/** More would make a single character cost too much. */
const STATES_MAX = 1_000;

function linearAutomaton(pattern: string): Automaton | null {
  const tree = parsePattern(pattern);
  if (tree === null || !isAmbiguous(tree)) return null;
  const automaton = automatonOf(tree);
  return automaton === null || automaton.edges.length > STATES_MAX ? null : automaton;
}

/**
 * Whether the runtime might have to try several ways: a choice inside a repetition without end, or two such repetitions in a sequence that
 * share a character. More patterns than that are safe; what is not ambiguous and still not shown to be safe is refused.
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
      // The end that a pattern leaves open is never tried: the match before it is enough.
      const parts = tree.parts.at(-1) === ANYTHING ? tree.parts.slice(0, -1) : tree.parts;
      if (parts.some(isAmbiguous)) return true;
      const sets = parts.map(endless).filter((ranges) => ranges.length > 0);
      return sets.some((one, index) => sets.slice(index + 1).some((other) => overlap(one, other)));
    }
  }
}

/** Whether a part can take the same characters in two ways: by a repetition in it, or by alternatives that share a character. */
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

/** The characters that may be repeated without end somewhere in a part. */
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

/** A set of states of the automaton, and where each class of characters leads from it. */
type State = { readonly states: readonly number[]; readonly isFinal: boolean; readonly next: (State | undefined)[] };

/** Past so many sets of states the table starts anew: memory stays bounded, and each character costs a step through the states. */
const TABLE_MAX = 2_000;

/** Makes sets of states as they are met (a lazily built table, as in RE2). */
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

/** Numbers the classes of characters that no edge tells apart. */
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
