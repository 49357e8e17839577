import type { Conjunction } from "./conjunction.ts";
import { gapAt, type Gap, type TypedQuestion } from "./gap.ts";
import { memberOf } from "./object-facts.ts";
import { areMultiples, compareBounds, numberFacts } from "./number-facts.ts";
import { stringFacts, textOutside, type StringFacts } from "./string-facts.ts";
import { numberUnder, numericUnder, type Shared } from "./schema-node.ts";

/** Shows that every number of what is known keeps one keyword of the goal. */
export function proveNumberKeyword({ goal, known }: TypedQuestion, keyword: string): readonly Gap[] {
  const facts = numberFacts(known);
  const bound = numericUnder(goal, keyword);
  if (bound === null) return [gapAt(goal, "it is not read", keyword)];
  const { leastIsOut, mostIsOut } = facts;
  const [least, most] = [compareBounds(facts.least, bound), compareBounds(facts.most, bound)];
  switch (keyword) {
    case "minimum":
      return least >= 0 ? [] : [gapAt(goal, `the number may be below ${bound}`, keyword)];
    case "exclusiveMinimum":
      return least > 0 || (least === 0 && leastIsOut)
        ? []
        : [gapAt(goal, `the number may be ${bound} or below`, keyword)];
    case "maximum":
      return most <= 0 ? [] : [gapAt(goal, `the number may be above ${bound}`, keyword)];
    case "exclusiveMaximum":
      return most < 0 || (most === 0 && mostIsOut) ? [] : [gapAt(goal, `the number may be ${bound} or above`, keyword)];
    default:
      if (areMultiples(facts, bound)) return [];
      return [gapAt(goal, `not shown to be a multiple of ${bound}`, keyword)];
  }
}

/** Shows that every text of what is known keeps one keyword of the goal. */
export function proveStringKeyword({ goal, known }: TypedQuestion, keyword: string): readonly Gap[] {
  const facts = stringFacts(known);
  const pattern = memberOf(goal, keyword);
  if (keyword === "pattern" && typeof pattern === "string") {
    if (facts.patterns.includes(pattern)) return [];
    const outside = textOutside(facts, pattern, goal.document.shared);
    if (outside.kind === "empty") return [];
    const why = outside.kind === "unknown" ? "not shown that it matches every text" : "a text may not match";
    return [gapAt(goal, why, keyword)];
  }
  const bound = numberUnder(goal, keyword);
  if (bound === null) return [gapAt(goal, "it is not read", keyword)];
  if (keyword === "minLength") {
    if (facts.least >= bound) return [];
    const shorter = { ...facts, most: Math.min(facts.most, Math.ceil(bound) - 1) };
    return isWithoutText(shorter, goal.document.shared)
      ? []
      : [gapAt(goal, `the text may be shorter than ${bound}`, keyword)];
  }
  if (facts.most <= bound) return [];
  const longer = { ...facts, least: Math.max(facts.least, Math.floor(bound) + 1) };
  return isWithoutText(longer, goal.document.shared)
    ? []
    : [gapAt(goal, `the text may be longer than ${bound}`, keyword)];
}

/** Shows that no text is left. */
export function noStringIn(known: Conjunction, shared: Shared): boolean {
  return isWithoutText(stringFacts(known), shared);
}

function isWithoutText(facts: StringFacts, shared: Shared): boolean {
  if (facts.least > facts.most || facts.most < 0) return true;
  if (facts.patterns.length === 0 && facts.refused.length === 0) return false;
  return textOutside(facts, null, shared).kind === "empty";
}
