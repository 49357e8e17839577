import { compareNums, isExact, keyOfNum, type Num } from "./exact.ts";

/**
 * The value of an expression. Instants and durations are exact seconds, dates are days; instants and dates count from
 * 1970-01-01 UTC. The type checker keeps the three apart, so that the values need no tags.
 */
export type RuleValue = null | boolean | string | Num | readonly RuleValue[] | RuleObject;

export type RuleObject = { readonly [name: string]: RuleValue };

/** Whether two values are equal: numbers by value, objects regardless of key order. Linear in the smaller value. */
export function equalValues(a: RuleValue, b: RuleValue): boolean {
  if (a === b) return true;
  if (isNum(a)) return isNum(b) && compareNums(a, b) === 0;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object" || isExact(b)) return false;
  if (isList(a)) {
    return isList(b) && a.length === b.length && a.every((item, index) => equalValues(item, b[index] as RuleValue));
  }
  if (isList(b)) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && equalValues(a[name] as RuleValue, b[name] as RuleValue));
}

/** The key of a value, equal exactly for equal values, to find a value in a set. */
export function keyOfValue(value: RuleValue): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (isNum(value)) return keyOfNum(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (isList(value)) return `[${value.map(keyOfValue).join(",")}]`;
  const names = Object.keys(value).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${keyOfValue(value[name] as RuleValue)}`).join(",")}}`;
}

function isNum(value: RuleValue): value is Num {
  return typeof value === "number" || typeof value === "bigint" || isExact(value);
}

export function isList(value: RuleValue): value is readonly RuleValue[] {
  return Array.isArray(value);
}

/** Compares texts by Unicode code point, as CEL does. In the order of UTF-16 units U+1F600 would come before U+FF5E. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (one === other) continue;
    return lifted(one) - lifted(other);
  }
  return a.length - b.length;
}

/** Moves surrogates above all other units, since they encode the code points above U+FFFF. */
function lifted(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Number of Unicode code points. */
export function sizeOfText(text: string): number {
  let pairs = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit <= 0xdbff) pairs += 1;
  }
  return text.length - pairs;
}
