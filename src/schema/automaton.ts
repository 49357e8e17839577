import type { CodePointRange, Regular } from "./regular.ts";

/** Most automaton states of one pattern. */
const STATES_MAX = 3_000;

/**
 * States are numbers; `edges[state]` are the transitions by a character. Transitions without a character are already
 * resolved.
 */
export type Automaton = {
  readonly start: readonly number[];
  readonly final: number;
  readonly edges: readonly (readonly {
    readonly ranges: readonly CodePointRange[];
    readonly to: readonly number[];
  }[])[];
};

/**
 * Builds an automaton by Thompson's construction and resolves its empty transitions; null when the pattern is too
 * large.
 */
export function automatonOf(tree: Regular): Automaton | null {
  const edges: { ranges: readonly CodePointRange[]; to: number }[][] = [];
  const empty: number[][] = [];
  const add = (): number => {
    edges.push([]);
    empty.push([]);
    return edges.length - 1;
  };
  const build = (part: Regular, from: number): number => {
    if (edges.length > STATES_MAX) return from;
    switch (part.kind) {
      case "set": {
        const to = add();
        edges[from]?.push({ ranges: part.ranges, to });
        return to;
      }
      case "sequence":
        return part.parts.reduce((at, one) => build(one, at), from);
      case "either": {
        const to = add();
        for (const one of part.parts) empty[build(one, from)]?.push(to);
        return to;
      }
      case "repeat": {
        let at = from;
        for (let count = 0; count < part.least; count += 1) at = build(part.part, at);
        if (part.most === null) {
          const loop = add();
          empty[at]?.push(loop);
          empty[build(part.part, loop)]?.push(loop);
          return loop;
        }
        const to = add();
        for (let count = part.least; count < part.most; count += 1) {
          empty[at]?.push(to);
          at = build(part.part, at);
        }
        empty[at]?.push(to);
        return to;
      }
    }
  };
  const begin = add();
  const final = build(tree, begin);
  if (edges.length > STATES_MAX) return null;
  const closure = (state: number): readonly number[] => {
    const reached = new Set([state]);
    for (const one of reached) for (const to of empty[one] ?? []) reached.add(to);
    return [...reached];
  };
  return {
    start: closure(begin),
    final,
    edges: edges.map((list) => list.map(({ ranges, to }) => ({ ranges, to: closure(to) }))),
  };
}
