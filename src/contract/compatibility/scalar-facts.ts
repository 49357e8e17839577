import type { Effort } from "./effort.ts";
import { isMultiple } from "./evaluate.ts";
import type { Conjunction } from "./conjunction.ts";
import { findText, type Found } from "./pattern-search.ts";
import { parsePattern, type Regular } from "./pattern-syntax.ts";
import { assertionsOf, isList, isObject, numberUnder, own, type SchemaNode, type Shared } from "./schema-node.ts";

/** What a conjunction says of numbers. All bounds are doubles and compared as doubles, as the engine does. */
export type NumberFacts = {
  readonly least: number;
  readonly leastIsOut: boolean;
  readonly most: number;
  readonly mostIsOut: boolean;
  readonly integral: boolean;
  readonly divisors: readonly number[];
};

/** Numbers a conjunction admits at least: every number it admits keeps these facts. */
export function numberFacts({ positives }: Conjunction): NumberFacts {
  let [least, leastIsOut, most, mostIsOut] = [-Infinity, false, Infinity, false];
  const divisors: number[] = [];
  let integral = false;
  for (const node of positives) {
    const minimum = numberUnder(node, "minimum");
    if (minimum !== null && minimum > least) [least, leastIsOut] = [minimum, false];
    const above = numberUnder(node, "exclusiveMinimum");
    if (above !== null && above >= least) [least, leastIsOut] = [above, true];
    const maximum = numberUnder(node, "maximum");
    if (maximum !== null && maximum < most) [most, mostIsOut] = [maximum, false];
    const below = numberUnder(node, "exclusiveMaximum");
    if (below !== null && below <= most) [most, mostIsOut] = [below, true];
    const divisor = numberUnder(node, "multipleOf");
    if (divisor !== null) divisors.push(divisor);
    if (admitsIntegersOnly(node)) integral = true;
  }
  // Dividing by one is exact. By another integer it is not: 5e-324 is a multiple of 3 to the engine.
  if (divisors.includes(1)) integral = true;
  if (!integral) return { least, leastIsOut, most, mostIsOut, integral, divisors };
  const first = Math.ceil(least);
  const last = Math.floor(most);
  return {
    least: leastIsOut && first === least ? first + 1 : first,
    leastIsOut: false,
    most: mostIsOut && last === most ? last - 1 : last,
    mostIsOut: false,
    integral,
    divisors,
  };
}

function admitsIntegersOnly({ schema }: SchemaNode): boolean {
  const type = isObject(schema) ? own(schema, "type") : undefined;
  if (type === undefined) return false;
  const types = isList(type) ? type : [type];
  return types.includes("integer") && !types.includes("number");
}

/** Whether no number is left. */
export function noNumberIn({ least, leastIsOut, most, mostIsOut }: NumberFacts): boolean {
  return least > most || (least === most && (leastIsOut || mostIsOut));
}

/** Ranges of integers longer than this are not listed. */
const LISTED_MAX = 200;

/** All numbers that may be left, when they are few; a superset. */
export function listedNumbers(facts: NumberFacts): readonly number[] | null {
  const { least, most, integral } = facts;
  if (noNumberIn(facts)) return [];
  if (least === most) return [least];
  if (!integral || !(most - least < LISTED_MAX) || Math.abs(least) > EXACT_MAX || Math.abs(most) > EXACT_MAX)
    return null;
  return Array.from({ length: most - least + 1 }, (_, index) => least + index);
}

/** Up to here every integer is a double. */
const EXACT_MAX = 2 ** 53;
/** Whether every number of these facts is a multiple of the divisor, as one of what it is known to be a multiple of shows. */
export function areMultiples({ divisors, integral }: NumberFacts, divisor: number): boolean {
  if (!(divisor > 0)) return false;
  return [...(integral ? [1] : []), ...divisors].some((known) => known > 0 && isMultiple(known, divisor));
}

/** What a conjunction says of strings. */
export type StringFacts = {
  readonly least: number;
  readonly most: number;
  readonly patterns: readonly string[];
  /** Patterns that are known not to match. */
  readonly refused: readonly string[];
};

export function stringFacts({ positives, negatives }: Conjunction): StringFacts {
  const patterns = positives.map(patternOf).filter((pattern) => pattern !== null);
  const refused = negatives.filter(({ schema }) => isObject(schema) && assertionsOf(schema).length === 1);
  return {
    least: Math.max(0, ...positives.map((node) => numberUnder(node, "minLength") ?? 0)),
    most: Math.min(...positives.map((node) => numberUnder(node, "maxLength") ?? Infinity)),
    patterns,
    refused: refused.map(patternOf).filter((pattern) => pattern !== null),
  };
}

function patternOf({ schema }: SchemaNode): string | null {
  const pattern = isObject(schema) ? own(schema, "pattern") : undefined;
  return typeof pattern === "string" ? pattern : null;
}

/**
 * A text with these facts that the asked pattern does not match (or, without one, any text within `least` and `most`).
 * Empty is a proof: patterns that cannot be read are left out on the side of what is known, which only adds texts.
 */
export function textOutside(
  facts: StringFacts,
  asked: string | null,
  { texts, effort }: Pick<Shared, "texts" | "effort">,
  pick?: (count: number) => number,
): Found {
  if (pick !== undefined) return searchOutside(facts, asked, effort, pick);
  const key = JSON.stringify([facts.least, String(facts.most), facts.patterns, facts.refused, asked]);
  const known = texts.get(key);
  if (known !== undefined) return known;
  const found = searchOutside(facts, asked, effort);
  // What was given up for want of steps may be asked again with more.
  if (effort.left >= 0) texts.set(key, found);
  return found;
}

function searchOutside(
  facts: StringFacts,
  asked: string | null,
  effort: Effort,
  pick?: (count: number) => number,
): Found {
  const outside = asked === null ? [] : [parsePattern(asked)];
  if (outside.includes(null)) return { kind: "unknown" };
  const readable = (list: readonly string[]): readonly Regular[] =>
    list.map(parsePattern).filter((one) => one !== null);
  const { least, most, patterns, refused } = facts;
  const inside = readable(patterns);
  const excluded = [...outside.filter((one) => one !== null), ...readable(refused)];
  return findText({ inside, outside: excluded, least, most }, effort, pick);
}
