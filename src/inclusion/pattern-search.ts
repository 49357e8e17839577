import { spend, unlimited, type Effort } from "./effort.ts";
import { automatonOf, type Automaton } from "../schema/automaton.ts";
import type { Regular } from "../schema/regular.ts";

/** A set of texts: those in all of `inside` and in none of `outside`, with `least` to `most` code points. */
export type Language = {
  readonly inside: readonly Regular[];
  readonly outside: readonly Regular[];
  readonly least: number;
  /** Infinity without an upper bound. */
  readonly most: number;
};

/** `empty` is proved; `unknown`: the search was given up. */
export type Found =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "empty" }
  | { readonly kind: "unknown" };

/** The most product states before the search is given up: about 50 ms. */
const STATES_MAX = 6_000;
/** Steps for each state of an automaton that is built. */
const BUILD_COST = 4;

/**
 * Finds the shortest text of a language, or proves that there is none. The search goes breadth-first through the product of the
 * automata. A state is one set of positions for each automaton, and a length. The alphabet is cut into classes of characters
 * that no automaton distinguishes.
 *
 * `pick` chooses among the characters of a class; the same choices give the same text.
 */
export function findText(
  language: Language,
  effort: Effort = unlimited(),
  pick: (count: number) => number = () => 0,
): Found {
  if (effort.left < 0) return { kind: "unknown" };
  const automata = [...language.inside, ...language.outside].map(automatonOf);
  if (automata.some((automaton) => automaton === null)) return { kind: "unknown" };
  const run = automata.filter((automaton) => automaton !== null);
  spend(effort, run.reduce((sum, { edges }) => sum + edges.length, 0) * BUILD_COST);
  const classes = classesOf(run);
  // Lengths above the cap are treated as equal, which keeps the number of states finite.
  const lengthCap = Number.isFinite(language.most) ? language.most + 1 : language.least;
  const start: State = { sets: run.map(({ start: first }) => first), length: 0, before: null, character: "" };
  const seen = new Set([keyOf(start)]);
  let layer: State[] = [start];
  while (layer.length > 0) {
    const next: State[] = [];
    for (const state of layer) {
      if (isAccepted(state, run, language)) return { kind: "text", text: textOf(state) };
      if (!spend(effort, costOf(state, classes.length))) return { kind: "unknown" };
      for (const characters of classes) {
        const after = step(state, run, characters, lengthCap, pick);
        if (after.length > language.most || isDead(after, language.inside.length)) continue;
        const key = keyOf(after);
        if (seen.has(key)) continue;
        if (seen.size >= STATES_MAX) return { kind: "unknown" };
        seen.add(key);
        next.push(after);
      }
    }
    layer = next;
  }
  return { kind: "empty" };
}

/** Each position of a state is tried with each class of characters; each state has a base cost too. */
function costOf({ sets }: State, classes: number): number {
  return classes * sets.reduce((sum, set) => sum + set.length, 2);
}

type State = {
  readonly sets: readonly (readonly number[])[];
  readonly length: number;
  readonly before: State | null;
  readonly character: string;
};

/**
 * A class of characters that all automata treat alike: one code point for matching, and characters to choose from for the text.
 */
type CharacterClass = { readonly point: number; readonly choices: readonly string[] };

function step(
  state: State,
  run: readonly Automaton[],
  { point, choices }: CharacterClass,
  lengthCap: number,
  pick: (count: number) => number,
): State {
  const sets = state.sets.map((set, index) => {
    const reached = new Set<number>();
    for (const from of set) {
      for (const { ranges, to } of run[index]?.edges[from] ?? [])
        if (ranges.some(([first, last]) => point >= first && point <= last)) for (const one of to) reached.add(one);
    }
    return [...reached].toSorted((a, b) => a - b);
  });
  const character = choices[pick(choices.length)] ?? "";
  return { sets, length: Math.min(state.length + 1, lengthCap), before: state, character };
}

function isAccepted(state: State, run: readonly Automaton[], { inside, least, most }: Language): boolean {
  if (state.length < least || state.length > most) return false;
  return state.sets.every((set, index) => set.includes(run[index]?.final ?? -1) === index < inside.length);
}

function isDead(state: State, insides: number): boolean {
  return state.sets.some((set, index) => index < insides && set.length === 0);
}

function keyOf(state: State): string {
  return `${state.length}|${state.sets.join("|")}`;
}

function textOf(state: State): string {
  const characters: string[] = [];
  for (let at: State | null = state; at !== null; at = at.before) characters.push(at.character);
  return characters.toReversed().join("");
}

/** Readable characters, which are preferred as the example of a class. */
const READABLE: readonly number[] = Array.from("a0A-_ .@/b1Bz9Z", (character) => character.codePointAt(0) ?? 0);
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/** Cuts the alphabet at every end of a range. Surrogates are left out, since a well-formed text has none. */
function classesOf(run: readonly Automaton[]): readonly CharacterClass[] {
  const cuts = new Set([0, 0xd800, 0xe000]);
  for (const { edges } of run)
    for (const { ranges } of edges.flat())
      for (const [first, last] of ranges) {
        cuts.add(first);
        cuts.add(last + 1);
      }
  const ordered = [...cuts].filter((cut) => cut <= 0x10ffff).toSorted((a, b) => a - b);
  const bounds = ordered.map((first, index) => [first, (ordered[index + 1] ?? 0x110000) - 1] as const);
  const classes = bounds.filter(([first]) => first !== 0xd800).map(([first, last]) => classOf(first, last));
  const rank = ({ point }: CharacterClass): number => {
    const index = READABLE.indexOf(point);
    return index === -1 ? READABLE.length + (point < 0x20 ? 1 : 0) : index;
  };
  return classes.toSorted((a, b) => rank(a) - rank(b));
}

function classOf(first: number, last: number): CharacterClass {
  const within = (point: number): boolean => point >= first && point <= last;
  const point = READABLE.find(within) ?? Math.max(first, Math.min(last, 0x21));
  const letters = Array.from(LETTERS).filter((letter) => within(letter.codePointAt(0) ?? 0));
  return { point, choices: [String.fromCodePoint(point), ...letters] };
}
