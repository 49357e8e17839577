import type { JsonValue } from "../json/json.ts";
import type { AnyPart, Node } from "./node.ts";
import { addViolation, type At, type Report, type Site } from "./report.ts";
import { trackApart } from "./seen.ts";

/** `allOf`, and whatever else must hold as well. */
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

/** Chooses among branches none of which, or of which several accept the value, and says why. */
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
      // Each branch that accepts has its say in what was looked at: no short cut.
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

/** `if` with `then` and `else`; null where one is missing. */
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

/** How many references deep a schema is being judged, and whether one has come back to the same value; of a whole schema. */
export type ReferenceDepth = { now: number; metCircle: boolean };

/**
 * From this depth on verdicts are kept, a value each: of a union whose branches both contain the union, each level of a payload
 * would otherwise be judged twice as often as the one above it. Ordinary payloads do not come that deep, and pay nothing.
 */
const KEPT_FROM = 8;

/**
 * A reference. A schema may lead back to itself without having gone on to another value: in such a circle the inner look says
 * no, so that judging always ends. JSON has no value inside itself, hence the same value again is such a circle.
 */
export function compileReference(target: () => Node, depth: ReferenceDepth): AnyPart {
  let current: JsonValue | undefined;
  const known = new WeakMap<object, boolean>();
  return {
    kind: "any",
    accepts: (value) => {
      if (current === value) {
        depth.metCircle = true;
        return false;
      }
      const isKept = depth.now >= KEPT_FROM && !depth.metCircle && typeof value === "object" && value !== null;
      const verdict = isKept ? known.get(value) : undefined;
      if (verdict !== undefined) return verdict;
      const before = current;
      current = value;
      depth.now += 1;
      try {
        const accepted = target().accepts(value);
        // What a circle had a say in holds only inside it.
        if (isKept && !depth.metCircle) known.set(value, accepted);
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
