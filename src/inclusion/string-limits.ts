import { isObject } from "../json/json.ts";
import type { Conjunction } from "./conjunction.ts";
import type { Effort } from "./effort.ts";
import { FORMAT_LANGUAGES } from "./format-languages.ts";
import { findText, type Found } from "./pattern-search.ts";
import { parsePattern, type Regular } from "../schema/regular.ts";
import { assertionsOf, memberOf, numberUnder, own, type SchemaNode, type Shared } from "./schema-node.ts";

/** The limits that a conjunction sets for strings. */
export type StringLimits = {
  readonly least: number;
  readonly most: number;
  readonly patterns: readonly string[];
  /** Patterns that the text does not match. */
  readonly refused: readonly string[];
  /** Formats of the text. Their `within` patterns are among the patterns. */
  readonly formats: readonly string[];
};

export function stringLimits({ positives, negatives }: Conjunction): StringLimits {
  const patterns = positives.map(patternOf).filter((pattern) => pattern !== null);
  const formats = positives.map((node) => memberOf(node, "format")).filter((format) => typeof format === "string");
  const languages = formats.map((format) => FORMAT_LANGUAGES[format] ?? {});
  const refused = negatives.filter(({ schema }) => isObject(schema) && assertionsOf(schema).length === 1);
  return {
    least: Math.max(0, ...positives.map((node) => numberUnder(node, "minLength") ?? 0)),
    most: Math.min(
      ...positives.map((node) => numberUnder(node, "maxLength") ?? Infinity),
      ...languages.map(({ most }) => most ?? Infinity),
    ),
    patterns: [...patterns, ...languages.map(({ within }) => within).filter((within) => within !== undefined)],
    formats,
    refused: refused.map(patternOf).filter((pattern) => pattern !== null),
  };
}

function patternOf({ schema }: SchemaNode): string | null {
  const pattern = isObject(schema) ? own(schema, "pattern") : undefined;
  return typeof pattern === "string" ? pattern : null;
}

/**
 * Finds a text within these limits that the asked pattern does not match; without an asked pattern, any text within the limits.
 * `empty` is a proof: a known pattern that cannot be parsed is left out, which only adds texts.
 */
export function textOutside(
  facts: Omit<StringLimits, "formats">,
  asked: string | null,
  { texts, effort }: Pick<Shared, "texts" | "effort">,
  pick?: (count: number) => number,
): Found {
  if (pick !== undefined) return searchOutside(facts, asked, effort, pick);
  const key = JSON.stringify([facts.least, String(facts.most), facts.patterns, facts.refused, asked]);
  const known = texts.get(key);
  if (known !== undefined) return known;
  const found = searchOutside(facts, asked, effort);
  // A search that was given up for lack of steps is not cached.
  if (effort.left >= 0) texts.set(key, found);
  return found;
}

function searchOutside(
  facts: Omit<StringLimits, "formats">,
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
