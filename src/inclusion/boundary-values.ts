import { decimalOf } from "../json/decimal.ts";
import { isObject, type JsonValue } from "../json/json.ts";
import type { Conjunction } from "./conjunction.ts";
import { FORMAT_SAMPLES } from "./format-languages.ts";
import { INTEGER_RANGES } from "../schema/assertions.ts";
import { equalityKey } from "../schema/equal.ts";
import { isNumeric } from "./evaluate.ts";
import { countFrom, multipleAt, type Multiples, type Numeric } from "./multiples.ts";
import { numberLimits } from "./number-limits.ts";
import { stringLimits, textOutside, type StringLimits } from "./string-limits.ts";
import type { Pick } from "./seeded-pick.ts";
import { isList, memberOf, type Shared } from "./schema-node.ts";

/** Numbers at or near the bounds of two conjunctions, where one of them may accept and the other refuse. */
export function boundaryNumbers(one: Conjunction, other: Conjunction, pick: Pick): readonly Numeric[] {
  const found = new Set<Numeric>([0, 1, -1, 0.5, 2]);
  const [facts, hints] = [numberLimits(one), numberLimits(other)];
  const bounds = [facts, hints].flatMap(({ least, most }) => [least, most]).filter(isFinite);
  for (const bound of bounds) for (const near of numbersNear(bound)) found.add(near);
  for (const node of [...one.positives, ...other.positives])
    if (memberOf(node, "format") === "int64") for (const wide of WIDE) found.add(wide);
  for (const { multiples } of [facts, hints]) {
    if (multiples === null) continue;
    for (const count of COUNTS) found.add(multipleAt(multiples, count, "down"));
    found.add(multipleAt(multiples, BigInt(1 + pick(1_000)), "down"));
    for (const bound of bounds) {
      const first = countFrom(multiples, bound, false);
      for (const step of NEXT) found.add(multipleAt(multiples, first + step, "down"));
    }
    // Halves and tenths of the divisor, which are not multiples of it.
    for (const part of partsOf(multiples)) found.add(part);
  }
  return [...found].filter(isFinite);
}

/** Integers that a double cannot represent, and the ends of the 64-bit range. */
const WIDE: readonly bigint[] = [2n ** 53n + 1n, 2n ** 63n - 1n, 1n - 2n ** 63n];

/** Factors for multiples: primes, since most of them are coprime to a divisor on the other side. */
const COUNTS: readonly bigint[] = [1n, 2n, 3n, 5n, 7n, 11n, -1n];
const NEXT: readonly bigint[] = [-1n, 0n, 1n, 2n];

function isFinite(number: Numeric): boolean {
  return typeof number === "bigint" || Number.isFinite(number);
}

function numbersNear(bound: Numeric): readonly Numeric[] {
  if (typeof bound === "bigint") return [bound, bound + 1n, bound - 1n];
  return [bound, bound + 1, bound - 1, bound + 0.5, bound - 0.5, bound / 2].map(roundOff);
}

/** A tenth, a half and three halves of the divisor, as decimals. */
function partsOf({ digits, exponent }: Multiples): readonly number[] {
  return [digits, digits * 5n, digits * 15n].map((part) => Number(`${part}e${exponent - 1}`));
}

/** Rounds to 12 digits: 0.30000000000000004 becomes 0.3. */
function roundOff(number: number): number {
  return Number.isSafeInteger(number) ? number : Number(number.toPrecision(12));
}

const MAX_TEXT = 2_000;
/** Texts of a format are padded up to this length, to exceed the maximum of the other side. */
const PADDED_MAX = 20_000;

/**
 * Texts at or near the limits of two conjunctions, where one of them may accept and the other refuse. Generated texts satisfy
 * the length and the patterns of the first conjunction.
 */
export function boundaryTexts(one: Conjunction, other: Conjunction, shared: Shared, pick: Pick): readonly string[] {
  const [facts, hints] = [stringLimits(one), stringLimits(other)];
  const found = new Set<string>();
  const add = (within: Omit<StringLimits, "formats">, refused: string | null): void => {
    if (within.least > Math.min(within.most, MAX_TEXT)) return;
    if (within.patterns.length === 0 && within.refused.length === 0 && refused === null) {
      found.add("abcdefghijklmnopqrstuvwxyz".charAt(pick(26)).repeat(Math.max(within.least, 0)));
      return;
    }
    const text = textOutside(within, refused, shared, pick);
    if (text.kind === "text") found.add(text.text);
  };
  const longer = hints.most < PADDED_MAX ? hints.most + 1 : 0;
  for (const format of [...facts.formats, ...hints.formats]) {
    for (const text of FORMAT_SAMPLES[format] ?? []) {
      found.add(text);
      if (longer > text.length) found.add(text + "a".repeat(longer - text.length));
    }
  }
  add(facts, null);
  for (const pattern of hints.patterns) add(facts, pattern);
  for (const pattern of [...hints.refused, ...hints.patterns])
    add({ ...facts, patterns: [...facts.patterns, pattern] }, null);
  for (const length of [hints.least - 1, hints.most + 1, hints.least, hints.most, facts.most, facts.least + 1]) {
    if (length < facts.least || length > facts.most || length > MAX_TEXT) continue;
    add({ ...facts, least: length, most: length }, null);
  }
  return [...found];
}

/** The values in `enum` and `const` of a conjunction. */
export function listedIn({ positives, negatives }: Conjunction): readonly JsonValue[] {
  return [...positives, ...negatives].flatMap((node) => {
    const members = memberOf(node, "enum");
    const only = memberOf(node, "const");
    return [...(isList(members) ? members : []), ...(only === undefined ? [] : [only])];
  });
}

/** Values to try at any place: those that a schema and the rules mention, and values near them. */
export function minedValues(schema: JsonValue, expressions: readonly string[]): readonly JsonValue[] {
  const found = new Map<string, JsonValue>();
  const add = (value: JsonValue): void => void found.set(equalityKey(value), value);
  for (const value of [null, true, false, 0, 1, -1, 0.5, "", "a", [], {}] as const) add(value);
  const addNumber = (number: Numeric): void => {
    for (const near of numbersNear(number)) add(near);
  };
  const addMultiples = (divisor: Numeric): void => {
    const multiples = decimalOf(divisor);
    for (const count of COUNTS) add(multipleAt(multiples, count, "down"));
    for (const part of partsOf(multiples)) add(part);
  };
  const addText = (text: string): void => {
    for (const near of [text, `${text}a`, text.slice(0, -1), text.toUpperCase()]) add(near);
  };
  const visit = (value: JsonValue, keyword: string): void => {
    if (found.size >= MINED_MAX) return;
    if (keyword === "format" && typeof value === "string") {
      for (const text of FORMAT_SAMPLES[value] ?? []) add(text);
      if (value === "int64") WIDE.forEach(add);
      for (const bound of INTEGER_RANGES.get(value) ?? []) for (const beyond of [2, 1]) add(Number(bound) * beyond);
    }
    if (keyword === "multipleOf" && isNumeric(value)) addMultiples(value);
    else if (isNumeric(value)) addNumber(value);
    else if (typeof value === "string" && (keyword === "const" || keyword === "enum")) addText(value);
    else if (isList(value)) {
      if (keyword === "enum") value.forEach(add);
      for (const item of value) visit(item, keyword);
    } else if (isObject(value)) {
      if (keyword === "const") add(value);
      for (const [name, part] of Object.entries(value)) visit(part, name);
    }
  };
  visit(schema, "");
  for (const expression of expressions) {
    for (const [number] of expression.matchAll(/-?\d+(?:\.\d+)?/g)) {
      addNumber(Number(number));
      // A number in a rule is often compared with the length of a text.
      if (/^\d{1,3}$/.test(number)) for (const length of [0, 1]) add("a".repeat(Number(number) + length));
    }
    for (const [, double, single] of expression.matchAll(/"([^"\\]*)"|'([^'\\]*)'/g)) addText(double ?? single ?? "");
  }
  return [...found.values()];
}

/** The most values: more of them at every place would make a search longer without finding more. */
const MINED_MAX = 400;
