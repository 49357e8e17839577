import { isObject } from "../json/json.ts";
import { compareNumbers, decimalOf } from "../json/decimal.ts";
import { INTEGER_RANGES } from "../schema/assertions.ts";
import type { Conjunction } from "./conjunction.ts";
import {
  areMultiplesOf,
  areWhole,
  common,
  countFrom,
  countTo,
  multipleAt,
  type Multiples,
  type Numeric,
} from "./multiples.ts";
import { isList, numericUnder, own, type SchemaNode } from "./schema-node.ts";

/** The limits that a conjunction sets for numbers. Bounds are compared as in the engine, as exact decimals. */
export type NumberLimits = {
  /** -Infinity without a bound. */
  readonly least: Numeric;
  readonly leastIsOut: boolean;
  /** Infinity without a bound. */
  readonly most: Numeric;
  readonly mostIsOut: boolean;
  /** All numbers are multiples of this; null when nothing is known. Integers are multiples of 1. */
  readonly multiples: Multiples | null;
};

/** The limits that every number of a conjunction keeps. */
export function numberLimits({ positives }: Conjunction): NumberLimits {
  let [least, leastIsOut]: [Numeric, boolean] = [-Infinity, false];
  let [most, mostIsOut]: [Numeric, boolean] = [Infinity, false];
  let multiples: Multiples | null = null;
  const areAll = (of: Multiples): void => {
    multiples = multiples === null ? of : common(multiples, of);
  };
  for (const node of positives) {
    const minimum = numericUnder(node, "minimum");
    if (minimum !== null && compareBounds(minimum, least) > 0) [least, leastIsOut] = [minimum, false];
    const above = numericUnder(node, "exclusiveMinimum");
    if (above !== null && compareBounds(above, least) >= 0) [least, leastIsOut] = [above, true];
    const maximum = numericUnder(node, "maximum");
    if (maximum !== null && compareBounds(maximum, most) < 0) [most, mostIsOut] = [maximum, false];
    const below = numericUnder(node, "exclusiveMaximum");
    if (below !== null && compareBounds(below, most) <= 0) [most, mostIsOut] = [below, true];
    const divisor = numericUnder(node, "multipleOf");
    if (divisor !== null && divisor > 0) areAll(decimalOf(divisor));
    if (admitsIntegersOnly(node)) areAll(ONE);
  }
  return tightened(inRanges({ least, leastIsOut, most, mostIsOut, multiples }, positives));
}

const ONE: Multiples = decimalOf(1);

/** Applies `int64` and `int32`, which restrict integers only. */
function inRanges(facts: NumberLimits, positives: readonly SchemaNode[]): NumberLimits {
  if (!areIntegral(facts)) return facts;
  let within = facts;
  for (const node of positives) {
    const format = own(isObject(node.schema) ? node.schema : {}, "format");
    const range = typeof format === "string" ? INTEGER_RANGES.get(format) : undefined;
    if (range === undefined) continue;
    if (compareBounds(range[0], within.least) > 0) within = { ...within, least: range[0], leastIsOut: false };
    if (compareBounds(range[1], within.most) < 0) within = { ...within, most: range[1], mostIsOut: false };
  }
  return within;
}

/** Moves the bounds inwards to the next multiples; no number of the conjunction lies between. */
function tightened(facts: NumberLimits): NumberLimits {
  const { multiples, leastIsOut, mostIsOut } = facts;
  if (multiples === null) return facts;
  const least = isBound(facts.least)
    ? multipleAt(multiples, countFrom(multiples, facts.least, leastIsOut), "down")
    : facts.least;
  const most = isBound(facts.most)
    ? multipleAt(multiples, countTo(multiples, facts.most, mostIsOut), "up")
    : facts.most;
  return { least, leastIsOut: false, most, mostIsOut: false, multiples };
}

function isBound(number: Numeric): boolean {
  return typeof number === "bigint" || Number.isFinite(number);
}

/** Compares as the engine does; Infinity and -Infinity are allowed too. */
export function compareBounds(one: Numeric, other: Numeric): number {
  if (isBound(one) && isBound(other)) return compareNumbers(one, other);
  return one < other ? -1 : one > other ? 1 : 0;
}

function admitsIntegersOnly({ schema }: SchemaNode): boolean {
  const type = isObject(schema) ? own(schema, "type") : undefined;
  if (type === undefined) return false;
  const types = isList(type) ? type : [type];
  return types.includes("integer") && !types.includes("number");
}

/** Whether the limits exclude every number. */
export function noNumberIn({ least, leastIsOut, most, mostIsOut }: NumberLimits): boolean {
  const order = compareBounds(least, most);
  return order > 0 || (order === 0 && (leastIsOut || mostIsOut));
}

/** The most numbers that are listed. */
const LISTED_MAX = 200n;

/** All numbers that may be left, when they are few; a superset. Null otherwise. */
export function listedNumbers(facts: NumberLimits): readonly Numeric[] | null {
  const { least, most, multiples } = facts;
  if (noNumberIn(facts)) return [];
  if (compareBounds(least, most) === 0) return [least];
  if (multiples === null || !isExact(least) || !isExact(most)) return null;
  const [first, last] = [countFrom(multiples, least, false), countTo(multiples, most, false)];
  if (last - first >= LISTED_MAX) return null;
  return Array.from({ length: Number(last - first) + 1 }, (_, index) =>
    multipleAt(multiples, first + BigInt(index), "down"),
  );
}

/** Whether the number is in the range in which doubles and decimals distinguish the same multiples. */
function isExact(number: Numeric): boolean {
  return isBound(number) && number <= Number.MAX_SAFE_INTEGER && number >= -Number.MAX_SAFE_INTEGER;
}

/** Whether every number within these limits is a multiple of the divisor. */
export function areMultiples({ multiples }: NumberLimits, divisor: Numeric): boolean {
  return divisor > 0 && multiples !== null && areMultiplesOf(multiples, decimalOf(divisor));
}

/** Whether every number within these limits is an integer. */
export function areIntegral({ multiples }: NumberLimits): boolean {
  return multiples !== null && areWhole(multiples);
}
