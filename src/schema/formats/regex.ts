import {
  afterNumber,
  at,
  type PatternText,
  readCharacterEscape,
  readGroupName,
  readModifiers,
  takes,
} from "./regex-characters.ts";
import { isUnicodeProperty, readClass, takesSetEscape } from "./regex-classes.ts";

/**
 * `regex`: Pattern of ECMA-262 (2025) with the flag `u`, section 22.2.1, with its early errors, just as a schema's
 * `pattern` is compiled. It is parsed here and not by the runtime, which computes the set of each `\p{L}`: 0.07 ms
 * each, more in a class, so that 500 kB of them would block it for half a minute.
 */
export function isRegex(text: string): boolean {
  const pattern: Reading = {
    text,
    at: 0,
    properties: new Map(),
    groups: [{ start: -1, alternative: 0, quantifiable: false }],
    captures: 0,
    referenceMax: 0,
    names: new Map(),
    namesAsked: new Set(),
  };
  let quantifiable = false;
  while (pattern.at < text.length) {
    const after = readTerm(pattern, quantifiable);
    if (after === "wrong") return false;
    quantifiable = after === "quantifiable";
  }
  if (pattern.groups.length !== 1 || pattern.referenceMax > pattern.captures) return false;
  return [...pattern.namesAsked].every((name) => pattern.names.has(name));
}

type Group = {
  /** Index of its parenthesis; -1 for the whole pattern. */
  readonly start: number;
  /** Index at which the current alternative begins. */
  alternative: number;
  /** Whether a quantifier may follow: not after an assertion. */
  readonly quantifiable: boolean;
};

type Reading = PatternText & {
  /** The open groups, outermost first. */
  readonly groups: Group[];
  captures: number;
  /** The largest number in a reference such as `\1`; its group may come later. */
  referenceMax: number;
  /** Index of the last group of each name. */
  readonly names: Map<string, number>;
  readonly namesAsked: Set<string>;
};

type AfterTerm = "quantifiable" | "other" | "wrong";

/** Reads one atom, assertion, quantifier, parenthesis or bar. The open `groups` are the only other state. */
function readTerm(pattern: Reading, quantifiable: boolean): AfterTerm {
  switch (at(pattern)) {
    case "^":
    case "$":
      pattern.at++;
      return "other";
    case "|":
      pattern.at++;
      innermost(pattern).alternative = pattern.at;
      return "other";
    case "(":
      return openGroup(pattern) ? "other" : "wrong";
    case ")":
      return closeGroup(pattern);
    case "*":
    case "+":
    case "?":
    case "{":
      return quantifiable && readQuantifier(pattern) ? "other" : "wrong";
    case "]":
    case "}":
      return "wrong";
    case "[":
      return readClass(pattern) ? "quantifiable" : "wrong";
    case "\\":
      return readEscape(pattern);
    default:
      pattern.at += (pattern.text.codePointAt(pattern.at) ?? 0) > 0xffff ? 2 : 1;
      return "quantifiable";
  }
}

function innermost({ groups }: Reading): Group {
  const group = groups.at(-1);
  if (group === undefined) throw new Error("The group of the whole pattern is never closed");
  return group;
}

function closeGroup(pattern: Reading): AfterTerm {
  if (pattern.groups.length === 1) return "wrong";
  const { quantifiable } = innermost(pattern);
  pattern.groups.pop();
  pattern.at++;
  return quantifiable ? "quantifiable" : "other";
}

function openGroup(pattern: Reading): boolean {
  const start = pattern.at;
  pattern.at++;
  let quantifiable = true;
  if (!takes(pattern, "?")) {
    pattern.captures++;
  } else if (takes(pattern, "=") || takes(pattern, "!") || takes(pattern, "<=") || takes(pattern, "<!")) {
    quantifiable = false;
  } else if (takes(pattern, "<")) {
    pattern.captures++;
    if (!nameGroup(pattern, start)) return false;
  } else if (!readModifiers(pattern)) {
    return false;
  }
  pattern.groups.push({ start, alternative: pattern.at, quantifiable });
  return true;
}

/** Records a group's name. Two groups may have the same name only in different alternatives of one disjunction. */
function nameGroup(pattern: Reading, start: number): boolean {
  const name = readGroupName(pattern);
  if (name === null) return false;
  const before = pattern.names.get(name);
  pattern.names.set(name, start);
  return before === undefined || !isInSameAlternative(pattern.groups, before);
}

/**
 * Whether the group at `position` and the current position are in the same alternative of the innermost open group
 * around both. Among several groups of one name it suffices to compare each with the next: if two of them are in one
 * alternative, all groups between them are in it too.
 */
function isInSameAlternative(groups: readonly Group[], position: number): boolean {
  let low = 0;
  let high = groups.length;
  // Groups are sorted by start: the last one that starts before the position is around both.
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((groups[middle]?.start ?? 0) < position) low = middle;
    else high = middle;
  }
  return (groups[low]?.alternative ?? 0) <= position;
}

function readQuantifier(pattern: Reading): boolean {
  if (takes(pattern, "{")) {
    if (!readBounds(pattern)) return false;
  } else {
    pattern.at++;
  }
  takes(pattern, "?");
  return true;
}

/** Reads the rest of an escape outside a class, after the backslash. */
function readEscape(pattern: Reading): AfterTerm {
  pattern.at++;
  const next = at(pattern);
  if (next === "b" || next === "B") {
    pattern.at++;
    return "other";
  }
  if (takes(pattern, "k")) {
    const name = takes(pattern, "<") ? readGroupName(pattern) : null;
    if (name === null) return "wrong";
    pattern.namesAsked.add(name);
    return "quantifiable";
  }
  if (next >= "1" && next <= "9") {
    pattern.referenceMax = Math.max(pattern.referenceMax, Number(afterNumber(pattern)));
    return "quantifiable";
  }
  if (takesSetEscape(pattern)) return "quantifiable";
  if (takes(pattern, "p") || takes(pattern, "P")) return isUnicodeProperty(pattern) ? "quantifiable" : "wrong";
  return readCharacterEscape(pattern) === null ? "wrong" : "quantifiable";
}

/** Reads `n}`, `n,}` or `n,m}`, where m must not be below n. */
function readBounds(pattern: Reading): boolean {
  const least = afterNumber(pattern);
  if (least === null) return false;
  if (takes(pattern, "}")) return true;
  if (!takes(pattern, ",")) return false;
  if (takes(pattern, "}")) return true;
  const most = afterNumber(pattern);
  if (most === null || !takes(pattern, "}")) return false;
  // Digits without leading zeros are compared by length, then as texts: a number might not represent all of them.
  return least.length === most.length ? least <= most : least.length < most.length;
}
