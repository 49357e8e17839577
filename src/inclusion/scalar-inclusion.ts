import type { Conjunction } from "./conjunction.ts";
import { INTEGER_RANGES } from "../schema/assertions.ts";
import { FORMAT_LANGUAGES, isFormatWithin } from "./format-languages.ts";
import { gapAt, type Gap, type TypedQuestion } from "./gap.ts";
import { areMultiples, compareBounds, numberLimits } from "./number-limits.ts";
import { stringLimits, textOutside, type StringLimits } from "./string-limits.ts";
import { memberOf, numberUnder, numericUnder, type SchemaNode, type Shared } from "./schema-node.ts";

/** Proves that every number which satisfies the known literals satisfies one keyword of the goal. */
export function proveNumberKeyword({ goal, known }: TypedQuestion, keyword: string): readonly Gap[] {
  const facts = numberLimits(known);
  if (keyword === "format") return proveRange(goal, known);
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

function formatOf(node: SchemaNode): string {
  const format = memberOf(node, "format");
  return typeof format === "string" ? format : "";
}

/** Proves the range of `int64` and `int32`. */
function proveRange(goal: SchemaNode, known: Conjunction): readonly Gap[] {
  const format = formatOf(goal);
  const range = INTEGER_RANGES.get(format);
  if (range === undefined || known.positives.some((node) => memberOf(node, "format") === format)) return [];
  const { least, most } = numberLimits(known);
  if (compareBounds(least, range[0]) >= 0 && compareBounds(most, range[1]) <= 0) return [];
  return [gapAt(goal, `an integer may be out of ${format}`, "format")];
}

/** Proves that every text which satisfies the known literals satisfies one keyword of the goal. */
export function proveStringKeyword({ goal, known }: TypedQuestion, keyword: string): readonly Gap[] {
  const facts = stringLimits(known);
  const pattern = memberOf(goal, keyword);
  if (keyword === "pattern" && typeof pattern === "string") {
    if (facts.patterns.includes(pattern)) return [];
    const outside = textOutside(facts, pattern, goal.document.shared);
    if (outside.kind === "empty") return [];
    const why = outside.kind === "unknown" ? "not shown that it matches every text" : "a text may not match";
    return [gapAt(goal, why, keyword)];
  }
  if (keyword === "format") return proveFormat(goal, facts);
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

/** Proves a format: by the known formats, or by known patterns all of whose texts are of the format. */
function proveFormat(goal: SchemaNode, facts: StringLimits): readonly Gap[] {
  const format = formatOf(goal);
  if (INTEGER_RANGES.has(format) || facts.formats.some((known) => isFormatWithin(known, format))) return [];
  const surely = FORMAT_LANGUAGES[format]?.surely;
  if (surely !== undefined && textOutside(facts, surely, goal.document.shared).kind === "empty") return [];
  return [gapAt(goal, `not shown to be of format ${format}`, "format")];
}

/** Proves that no text satisfies the known literals. */
export function noStringIn(known: Conjunction, shared: Shared): boolean {
  return isWithoutText(stringLimits(known), shared);
}

function isWithoutText(facts: StringLimits, shared: Shared): boolean {
  if (facts.least > facts.most || facts.most < 0) return true;
  if (facts.patterns.length === 0 && facts.refused.length === 0) return false;
  return textOutside(facts, null, shared).kind === "empty";
}
