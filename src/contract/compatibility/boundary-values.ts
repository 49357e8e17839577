import type { JsonValue } from "../../json/json.ts";
import type { Conjunction } from "./conjunction.ts";
import { numberFacts, stringFacts, textOutside, type StringFacts } from "./scalar-facts.ts";
import type { Pick } from "./seeded-pick.ts";
import { memberOf } from "./object-facts.ts";
import { isList, isObject, type Shared } from "./schema-node.ts";

/** Numbers at which one of two conjunctions may change its mind. */
export function boundaryNumbers(one: Conjunction, other: Conjunction, pick: Pick): readonly number[] {
  const found = new Set<number>([0, 1, -1, 0.5, 2]);
  const divisors: number[] = [];
  for (const facts of [numberFacts(one), numberFacts(other)]) {
    divisors.push(...facts.divisors);
    for (const bound of [facts.least, facts.most]) {
      if (!Number.isFinite(bound)) continue;
      for (const near of [bound, bound + 1, bound - 1, bound + 0.5, bound - 0.5, bound / 2]) found.add(near);
    }
  }
  for (const divisor of divisors) {
    // 11 and 3: 1.1 is no multiple of 0.01 to the engine, and 0.3 none of 0.1.
    for (const factor of [0.1, 0.5, 1.5, 1, 2, 3, 5, 7, 11, 1 + pick(1_000)]) found.add(roundOff(divisor * factor));
    for (const base of [...found].slice(0, 16)) found.add(roundOff(Math.ceil(base / divisor) * divisor));
  }
  return [...found].filter((number) => Number.isFinite(number));
}

/** The number a person would write: 0.30000000000000004 as 0.3. */
function roundOff(number: number): number {
  return Number(number.toPrecision(12));
}

const MAX_TEXT = 2_000;

/** Texts at which one of two conjunctions may change its mind; those of the first with the right length and pattern. */
export function boundaryTexts(one: Conjunction, other: Conjunction, shared: Shared, pick: Pick): readonly string[] {
  const [facts, hints] = [stringFacts(one), stringFacts(other)];
  const found = new Set<string>();
  const add = (within: StringFacts, refused: string | null): void => {
    if (within.least > Math.min(within.most, MAX_TEXT)) return;
    if (within.patterns.length === 0 && within.refused.length === 0 && refused === null) {
      found.add("abcdefghijklmnopqrstuvwxyz".charAt(pick(26)).repeat(Math.max(within.least, 0)));
      return;
    }
    const text = textOutside(within, refused, shared, pick);
    if (text.kind === "text") found.add(text.text);
  };
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

/** Values a conjunction lists by `enum` or `const`. */
export function listedIn({ positives, negatives }: Conjunction): readonly JsonValue[] {
  return [...positives, ...negatives].flatMap((node) => {
    const members = memberOf(node, "enum");
    const only = memberOf(node, "const");
    return [...(isList(members) ? members : []), ...(only === undefined ? [] : [only])];
  });
}

/** Everything worth trying at any place: what a schema and the rules mention, and what stands beside it. */
export function minedValues(schema: JsonValue, expressions: readonly string[]): readonly JsonValue[] {
  const found = new Map<string, JsonValue>();
  const add = (value: JsonValue): void => void found.set(JSON.stringify(value), value);
  for (const value of [null, true, false, 0, 1, -1, 0.5, "", "a", [], {}] as const) add(value);
  const addNumber = (number: number): void => {
    for (const near of [number, number + 1, number - 1, number + 0.5, roundOff(number * 3), roundOff(number * 11)])
      add(near);
  };
  const addText = (text: string): void => {
    for (const near of [text, `${text}a`, text.slice(0, -1), text.toUpperCase()]) add(near);
  };
  const visit = (value: JsonValue, keyword: string): void => {
    if (found.size >= MINED_MAX) return;
    if (keyword === "multipleOf") FAR.forEach(add);
    if (typeof value === "number") addNumber(value);
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
      // A number beside a text is most often its length.
      if (/^\d{1,3}$/.test(number)) for (const length of [0, 1]) add("a".repeat(Number(number) + length));
    }
    for (const [, double, single] of expression.matchAll(/"([^"\\]*)"|'([^'\\]*)'/g)) addText(double ?? single ?? "");
  }
  return [...found.values()];
}

/** Where division in doubles is no longer exact, the engine judges by its rounding: 5e21 is no multiple of 5 to it. */
const FAR: readonly number[] = [5e21, 5e-324];

/** More values than these at every place would make a search long and no better. */
const MINED_MAX = 400;
