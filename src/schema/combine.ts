import type { JsonValue } from "../json/json.ts";
import type { AnyPart, Node } from "./node.ts";
import { addViolation, type At, type Report, type Site } from "./report.ts";
import { trackApart } from "./seen.ts";

/** Compiles `allOf`, and other schemas that must hold too. */
export function compileAll(nodes: readonly Node[]): AnyPart {
  return {
    kind: "any",
    accepts: (value) => {
      for (const node of nodes) if (!node.accepts(value)) return false;
      return true;
    },
    tracks: (value, seen) => {
      let accepted = true;
      for (const node of nodes) accepted = trackApart((apart) => node.tracks(value, apart), seen) && accepted;
      return accepted;
    },
    explain: (value, at, report) => {
      for (const node of nodes) node.explain(value, at, report);
    },
  };
}

/** Explains why a value matches no branch, or more than one. */
export type ExplainBranches = (value: JsonValue, at: At | null, report: Report) => void;

export function compileAnyOf(nodes: readonly Node[], explain: ExplainBranches): AnyPart {
  const accepts = (value: JsonValue): boolean => {
    for (const node of nodes) if (node.accepts(value)) return true;
    return false;
  };
  return {
    kind: "any",
    accepts,
    tracks: (value, seen) => {
      let accepted = false;
      // Every branch runs, because each accepting branch adds the fields it has evaluated.
      for (const node of nodes) accepted = trackApart((apart) => node.tracks(value, apart), seen) || accepted;
      return accepted;
    },
    explain: (value, at, report) => {
      if (!accepts(value)) explain(value, at, report);
    },
  };
}

export function compileOneOf(nodes: readonly Node[], explain: ExplainBranches): AnyPart {
  const accepts = (value: JsonValue): boolean => {
    let found = false;
    for (const node of nodes) {
      if (!node.accepts(value)) continue;
      if (found) return false;
      found = true;
    }
    return found;
  };
  return {
    kind: "any",
    accepts,
    tracks: (value, seen) => {
      let count = 0;
      for (const node of nodes) if (trackApart((apart) => node.tracks(value, apart), seen)) count += 1;
      return count === 1;
    },
    explain: (value, at, report) => {
      if (!accepts(value)) explain(value, at, report);
    },
  };
}

export function compileNot(node: Node, site: Site): AnyPart {
  return {
    kind: "any",
    accepts: (value) => !node.accepts(value),
    explain: (value, at, report) => {
      if (node.accepts(value)) addViolation(report, site, at, value);
    },
  };
}

/** Compiles `if` with `then` and `else`; null for an absent one. */
export function compileCondition(condition: Node, then: Node | null, otherwise: Node | null): AnyPart {
  return {
    kind: "any",
    accepts: (value) => {
      const chosen = condition.accepts(value) ? then : otherwise;
      return chosen === null || chosen.accepts(value);
    },
    tracks: (value, seen) => {
      const chosen = trackApart((apart) => condition.tracks(value, apart), seen) ? then : otherwise;
      return chosen === null || trackApart((apart) => chosen.tracks(value, apart), seen);
    },
    explain: (value, at, report) => (condition.accepts(value) ? then : otherwise)?.explain(value, at, report),
  };
}

/**
 * The current depth of nested references, and whether a reference has come back to the same value; shared by a whole
 * schema.
 */
export type ReferenceDepth = { now: number; metCycle: boolean };

/**
 * From this depth on, the result for each value is cached. With a union whose branches both contain the union, each
 * level of a payload would otherwise be judged twice as often as the level above. Ordinary payloads do not reach this
 * depth and pay nothing.
 */
const KEPT_FROM = 8;

/**
 * Compiles a reference. References may form a cycle without descending into the value; the inner check then returns
 * false, so that judging always ends. JSON has no value that contains itself, so meeting the same value again means
 * such a cycle.
 */
export function compileReference(target: () => Node, depth: ReferenceDepth): AnyPart {
  let current: JsonValue | undefined;
  const known = new WeakMap<object, boolean>();
  return {
    kind: "any",
    accepts: (value) => {
      if (current === value) {
        depth.metCycle = true;
        return false;
      }
      const isKept = depth.now >= KEPT_FROM && !depth.metCycle && typeof value === "object" && value !== null;
      const verdict = isKept ? known.get(value) : undefined;
      if (verdict !== undefined) return verdict;
      const before = current;
      current = value;
      depth.now += 1;
      try {
        const accepted = target().accepts(value);
        // A result that depends on a cycle is valid only inside that cycle.
        if (isKept && !depth.metCycle) known.set(value, accepted);
        return accepted;
      } finally {
        current = before;
        depth.now -= 1;
      }
    },
    tracks: (value, seen) => {
      if (current === value) return false;
      const before = current;
      current = value;
      try {
        return trackApart((apart) => target().tracks(value, apart), seen);
      } finally {
        current = before;
      }
    },
    explain: (value, at, report) => {
      if (current === value) return;
      const before = current;
      current = value;
      try {
        target().explain(value, at, report);
      } finally {
        current = before;
      }
    },
  };
}
