import { compareNumbers, compileMultiple, decimalOf } from "../json/decimal.ts";
import type { JsonObject, JsonValue } from "../json/json.ts";
import { toJsonText } from "../json/json-text.ts";
import { compileMembership, firstEqualItems } from "./equal.ts";
import type { FormatCheck } from "./formats/formats.ts";
import { compilePattern } from "./linear-pattern.ts";
import type { AnyPart, Kind, Kinds, Part } from "./node.ts";
import { addViolation, type Site } from "./report.ts";

/** The context for compiling an assertion. */
export type AssertionContext = {
  readonly schema: JsonObject;
  /** Format checks by name; null when formats are not asserted. */
  readonly formats: ReadonlyMap<string, FormatCheck> | null;
  readonly site: (keyword: string, expected: string, message: string) => Site;
};

/** Keywords that do not evaluate members or items, in the order in which their violations are reported. */
export const ASSERTIONS: readonly string[] = [
  "const",
  "enum",
  "minLength",
  "maxLength",
  "pattern",
  "format",
  "minimum",
  "exclusiveMinimum",
  "maximum",
  "exclusiveMaximum",
  "multipleOf",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
];

/** Compiles one of {@link ASSERTIONS}; no part when it asserts nothing. */
export function compileAssertion(keyword: string, value: JsonValue, context: AssertionContext): readonly AnyPart[] {
  switch (keyword) {
    case "const":
      return [fixed("const", [value], context)];
    case "enum":
      return [fixed("enum", value as readonly JsonValue[], context)];
    case "pattern": {
      const matches = compilePattern(value as string);
      const words = `must match pattern ${JSON.stringify(value)}`;
      return [part("string", context.site(keyword, `text that matches ${JSON.stringify(value)}`, words), matches)];
    }
    case "format":
      return formatted(value as string, context);
    case "uniqueItems":
      return value === true ? [unique(context)] : [];
    case "minLength":
    case "maxLength":
      return [lengthPart(keyword, Number(value), context)];
    case "minItems":
    case "maxItems":
      return [countPart("array", keyword, Number(value), "items", (items) => items.length, context)];
    case "minProperties":
    case "maxProperties":
      return [countPart("object", keyword, Number(value), "fields", (object) => Object.keys(object).length, context)];
    default:
      return [numberPart(keyword, value as number | bigint, context)];
  }
}

function part<K extends Kind>(kind: K, site: Site, accepts: (value: Kinds[K]) => boolean): Part<K> {
  return {
    kind,
    accepts,
    explain: (value, at, report) => {
      if (!accepts(value)) addViolation(report, site, at, value);
    },
  };
}

/** Most values that a message lists. */
const LISTED_MAX = 12;

function fixed(keyword: "const" | "enum", members: readonly JsonValue[], { site }: AssertionContext): Part<"any"> {
  const words = keyword === "const" ? wordFor(members[0] ?? null) : `one of ${listValues(members)}`;
  return part("any", site(keyword, words, `must be ${words}`), compileMembership(members));
}

/** Lists allowed values for people. */
export function listValues(members: readonly JsonValue[], separator = ", "): string {
  const listed = members.slice(0, LISTED_MAX).map(wordFor).join(separator);
  return members.length > LISTED_MAX ? `${listed} and ${members.length - LISTED_MAX} more` : listed;
}

/** A value in words; a text without quotes when it cannot be mistaken for another value. */
function wordFor(value: JsonValue): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string" && /^[A-Za-z][A-Za-z0-9_.:/@-]*$/.test(value) && !/^(?:true|false|null)$/.test(value))
    return value;
  return toJsonText(value);
}

function formatted(name: string, { formats, site }: AssertionContext): readonly AnyPart[] {
  // The range of `int64` is checked even when formats are not asserted: a larger integer could not be stored.
  const range = INTEGER_RANGES.get(name);
  if (range !== undefined && (formats !== null || name === "int64")) {
    const [least, most] = range;
    const inRange = (value: number | bigint): boolean => {
      return !isInteger(value) || (compareNumbers(value, least) >= 0 && compareNumbers(value, most) <= 0);
    };
    return [part("number", site("format", name, `must be within ${name}, ${least} to ${most}`), inRange)];
  }
  const check = formats?.get(name);
  return check === undefined ? [] : [part("string", site("format", name, `must match format "${name}"`), check)];
}

/** OpenAPI formats that limit an integer's size. */
export const INTEGER_RANGES: ReadonlyMap<string, readonly [bigint, bigint]> = new Map([
  ["int32", [-(2n ** 31n), 2n ** 31n - 1n]],
  ["int64", [-(2n ** 63n), 2n ** 63n - 1n]],
]);

/** Whether a number has no fraction: 1.0 is an integer (JSON Schema 2020-12, 6.1.1 of the validation vocabulary). */
export function isInteger(value: number | bigint): boolean {
  return typeof value === "bigint" || Number.isInteger(value);
}

function unique({ site }: AssertionContext): Part<"array"> {
  const own = site("uniqueItems", "items that differ", "must not have equal items");
  return {
    kind: "array",
    accepts: (items) => firstEqualItems(items) === null,
    explain: (items, at, report) => {
      const equal = firstEqualItems(items);
      if (equal === null) return;
      addViolation(report, own, at, items, `must not have equal items (items ${equal[0]} and ${equal[1]} are equal)`);
    },
  };
}

/**
 * Compiles a length bound. Lengths count code points: at most the number of UTF-16 units and at least half of it, so
 * most texts need no counting.
 */
function lengthPart(keyword: "minLength" | "maxLength", bound: number, { site }: AssertionContext): Part<"string"> {
  const characters = bound === 1 ? "character" : "characters";
  if (keyword === "minLength") {
    const own = site(keyword, `at least ${bound} ${characters}`, `must not have fewer than ${bound} ${characters}`);
    return part(
      "string",
      own,
      (text) => text.length >= bound && (text.length >= 2 * bound || codePoints(text) >= bound),
    );
  }
  const own = site(keyword, `at most ${bound} ${characters}`, `must not have more than ${bound} ${characters}`);
  return part("string", own, (text) => text.length <= bound || (text.length <= 2 * bound && codePoints(text) <= bound));
}

function codePoints(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    // A surrogate pair counts as one character; a lone surrogate counts as one too.
    if (unit >= 0xd800 && unit < 0xdc00 && isTrail(text.charCodeAt(at + 1))) at += 1;
    count += 1;
  }
  return count;
}

function isTrail(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

function countPart<K extends "array" | "object">(
  kind: K,
  keyword: string,
  bound: number,
  what: string,
  count: (value: Kinds[K]) => number,
  { site }: AssertionContext,
): Part<K> {
  const one = bound === 1 ? what.slice(0, -1) : what;
  if (keyword.startsWith("min")) {
    return part(
      kind,
      site(keyword, `at least ${bound} ${one}`, `must not have fewer than ${bound} ${one}`),
      (value) => count(value) >= bound,
    );
  }
  return part(
    kind,
    site(keyword, `at most ${bound} ${one}`, `must not have more than ${bound} ${one}`),
    (value) => count(value) <= bound,
  );
}

function numberPart(keyword: string, bound: number | bigint, { site }: AssertionContext): Part<"number"> {
  const own = (sign: string): Site => site(keyword, `${sign} ${bound}`, `must be ${sign} ${bound}`);
  // Two doubles compare like their decimals; so do two bigints.
  const isDouble = typeof bound === "number";
  const compare = (value: number | bigint): number => compareNumbers(value, bound);
  switch (keyword) {
    case "minimum":
      return part("number", own(">="), (value) =>
        isDouble && typeof value === "number" ? value >= bound : compare(value) >= 0,
      );
    case "exclusiveMinimum":
      return part("number", own(">"), (value) =>
        isDouble && typeof value === "number" ? value > bound : compare(value) > 0,
      );
    case "maximum":
      return part("number", own("<="), (value) =>
        isDouble && typeof value === "number" ? value <= bound : compare(value) <= 0,
      );
    case "exclusiveMaximum":
      return part("number", own("<"), (value) =>
        isDouble && typeof value === "number" ? value < bound : compare(value) < 0,
      );
    default:
      return part(
        "number",
        site(keyword, `a multiple of ${bound}`, `must be a multiple of ${bound}`),
        multipleOf(bound),
      );
  }
}

/** Compiles `multipleOf`. A factor of 0 or less, which the lint refuses but an old set may hold, accepts nothing. */
function multipleOf(factor: number | bigint): (value: number | bigint) => boolean {
  return decimalOf(factor).digits > 0n ? compileMultiple(factor) : () => false;
}
