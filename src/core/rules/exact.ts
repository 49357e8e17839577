import { decimalOf, decimalOfText, type Decimal } from "../../json/decimal.ts";

const EXACT: unique symbol = Symbol("exact");

/** A computed decimal that a double cannot represent. The symbol distinguishes it from an object of a payload. */
export type Exact = Decimal & { readonly [EXACT]: true };

/**
 * A number of a rule: exact, of any size. A double stands for its shortest decimal form (see {@link decimalOf}), so that 515.29
 * is 515.29 and not the binary fraction nearest to it.
 */
export type Num = number | bigint | Exact;

export function isExact(value: unknown): value is Exact {
  return typeof value === "object" && value !== null && EXACT in value;
}

function exact(digits: bigint, exponent: number): Exact {
  return { [EXACT]: true, digits, exponent };
}

/** Parses a number: `-?[0-9]+(\.[0-9]+)?`; literals may have an exponent. */
export function numOfText(text: string): Num {
  const double = Number(text);
  const { digits, exponent } = decimalOfText(text);
  if (!Number.isFinite(double)) return exact(digits, exponent);
  const kept = decimalOf(double);
  return kept.digits === digits && kept.exponent === exponent ? double : exact(digits, exponent);
}

function decimalOfNum(value: Num): Decimal {
  return typeof value === "object" ? value : decimalOf(value);
}

/** Powers of ten that are exact as doubles and enough for prices, weights and rates. */
const SHORT: readonly number[] = [1, 10, 100, 1e3, 1e4, 1e5, 1e6];

/**
 * Limit below which two decimals never have the same double: dividing such an integer by a power of ten gives the right double.
 */
const SHORT_MAX = 1e15;

/** The number of decimal places of a short decimal, 0 to 6; -1 for any other number. */
function placesOf(value: number): number {
  for (let places = 0; places < SHORT.length; places += 1) {
    const power = SHORT[places] as number;
    const scaled = Math.round(value * power);
    if (scaled >= SHORT_MAX || scaled <= -SHORT_MAX) return -1;
    if (scaled / power === value) return places;
  }
  return -1;
}

/** The exact sum. Integers and short decimals are added as doubles, others as big integers. */
export function addNums(a: Num, b: Num): Num {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(a) && Number.isSafeInteger(b) && Number.isSafeInteger(sum)) return sum;
    const places = Math.max(placesOf(a), placesOf(b));
    if (places >= 0 && placesOf(a) >= 0 && placesOf(b) >= 0) {
      const power = SHORT[places] as number;
      const scaled = Math.round(a * power) + Math.round(b * power);
      if (isShort(a, power) && isShort(b, power) && Math.abs(scaled) < SHORT_MAX) return scaled / power;
    }
  }
  const left = decimalOfNum(a);
  const right = decimalOfNum(b);
  const exponent = Math.min(left.exponent, right.exponent);
  return exact(scaleTo(left, exponent) + scaleTo(right, exponent), exponent);
}

/** Whether the product of value and power is an integer that a double represents exactly, so that Math.round finds it. */
function isShort(value: number, power: number): boolean {
  return Math.abs(value * power) < SHORT_MAX;
}

export function negateNum(value: Num): Num {
  if (typeof value !== "object") return -value;
  return exact(-value.digits, value.exponent);
}

export function multiplyNums(a: Num, b: Num): Num {
  if (typeof a === "number" && typeof b === "number") {
    const product = a * b;
    if (Number.isSafeInteger(a) && Number.isSafeInteger(b) && Number.isSafeInteger(product)) return product;
    const [left, right] = [placesOf(a), placesOf(b)];
    if (left >= 0 && right >= 0) {
      const scaled = Math.round(a * (SHORT[left] as number)) * Math.round(b * (SHORT[right] as number));
      // Both scaled factors are exact and the power of ten is below 10^22: the quotient is the double nearest to the exact
      // decimal.
      if (Math.abs(scaled) < SHORT_MAX) return scaled / ((SHORT[left] as number) * (SHORT[right] as number));
    }
  }
  const left = decimalOfNum(a);
  const right = decimalOfNum(b);
  return exact(left.digits * right.digits, left.exponent + right.exponent);
}

/** Negative, 0 or positive. Two doubles are compared as doubles, which is the order of their shortest decimals. */
export function compareNums(a: Num, b: Num): number {
  if (typeof a === "number" && typeof b === "number") return a < b ? -1 : a > b ? 1 : 0;
  const left = decimalOfNum(a);
  const right = decimalOfNum(b);
  const [one, other] = [signOf(left), signOf(right)];
  if (one !== other) return one - other;
  const exponent = Math.min(left.exponent, right.exponent);
  const [big, small] = [scaleTo(left, exponent), scaleTo(right, exponent)];
  return big < small ? -1 : big > small ? 1 : 0;
}

function signOf({ digits }: Decimal): number {
  return digits === 0n ? 0 : digits > 0n ? 1 : -1;
}

/** The sign: -1, 0 or 1. */
export function signOfNum(value: Num): number {
  return signOf(decimalOfNum(value));
}

export function isZero(value: Num): boolean {
  return typeof value === "object" ? value.digits === 0n : value === 0 || value === 0n;
}

function scaleTo({ digits, exponent }: Decimal, target: number): bigint {
  return exponent === target ? digits : digits * powerOfTen(exponent - target);
}

/** A cache of the powers of ten by which two doubles can differ: 80 KB at most. */
const TENS: bigint[] = [];
const TENS_MAX = 640;

function powerOfTen(power: number): bigint {
  if (power > TENS_MAX) return 10n ** BigInt(power);
  return (TENS[power] ??= 10n ** BigInt(power));
}

/**
 * The remainder of `a` divided by `b`; it has the sign of `a`.
 * @param b not 0.
 */
export function remainder(a: Num, b: Num): Num {
  if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return (a as number) % (b as number);
  const left = decimalOfNum(a);
  const right = decimalOfNum(b);
  const exponent = Math.min(left.exponent, right.exponent);
  return exact(scaleTo(left, exponent) % scaleTo(right, exponent), exponent);
}

/** How a quotient is rounded: to the nearest, halves away from zero; down; up; or towards zero. */
export type Rounding = "half-away" | "floor" | "ceil" | "trunc";

/**
 * The quotient `a / b`, rounded to decimal places.
 * @param b not 0.
 * @param places 0 to 30.
 */
export function divideNums(a: Num, b: Num, places: number, rounding: Rounding): Num {
  if (b === 1 && Number.isSafeInteger(a)) return a;
  const left = decimalOfNum(a);
  const right = decimalOfNum(b);
  const shift = left.exponent - right.exponent + places;
  let above = shift > 0 ? left.digits * powerOfTen(shift) : left.digits;
  let below = shift < 0 ? right.digits * powerOfTen(-shift) : right.digits;
  if (below < 0n) [above, below] = [-above, -below];
  return simplify(exact(roundedQuotient(above, below, rounding), -places));
}

function roundedQuotient(above: bigint, below: bigint, rounding: Rounding): bigint {
  const whole = above / below;
  const rest = above % below;
  if (rest === 0n) return whole;
  const away = above < 0n ? whole - 1n : whole + 1n;
  switch (rounding) {
    case "trunc":
      return whole;
    case "floor":
      return above < 0n ? away : whole;
    case "ceil":
      return above < 0n ? whole : away;
    case "half-away":
      return 2n * (rest < 0n ? -rest : rest) >= below ? away : whole;
  }
}

/** The reciprocal, when it is a finite decimal (of 100, 2.5, 0.08); null for others (3, 0.7, 0). */
export function reciprocal(value: Num): Num | null {
  const { digits, exponent } = decimalOfNum(value);
  if (digits === 0n) return null;
  let rest = digits < 0n ? -digits : digits;
  let power = 0;
  for (const prime of [2n, 5n]) {
    let times = 0;
    for (; rest % prime === 0n; times += 1) rest /= prime;
    power = Math.max(power, times);
  }
  if (rest !== 1n) return null;
  return simplify(exact(10n ** BigInt(power) / digits, -power - exponent));
}

/** Replaces the number by a double when a double represents it. */
function simplify(value: Exact): Num {
  const [digits, exponent] = stripped(value);
  const text = `${digits}e${exponent}`;
  return text.length <= 20 ? numOfText(text) : exact(digits, exponent);
}

function stripped({ digits, exponent }: Decimal): readonly [digits: bigint, exponent: number] {
  if (digits === 0n) return [0n, 0];
  // Trailing zeros are counted in the text: repeated division by ten would take quadratic time.
  const text = String(digits);
  const kept = text.replace(/0+$/, "");
  return kept.length === text.length ? [digits, exponent] : [BigInt(kept), exponent + text.length - kept.length];
}

/** The key of a number, equal exactly for equal numbers, to find a number in a set. */
export function keyOfNum(value: Num): string {
  // The template literal writes -0 as 0.
  if (Number.isSafeInteger(value)) return `${value as number}`;
  const [digits, exponent] = stripped(decimalOfNum(value));
  if (exponent >= 0 && exponent <= 15) {
    const whole = digits * 10n ** BigInt(exponent);
    if (whole <= Number.MAX_SAFE_INTEGER && whole >= -Number.MAX_SAFE_INTEGER) return String(whole);
  }
  return `${digits}e${exponent}`;
}

/** The number as a text: a double as JSON writes it, any other number as plain digits, or as digits and exponent. */
export function textOfNum(value: Num): string {
  if (typeof value !== "object") return `${value}`;
  const simple = simplify(value);
  if (typeof simple !== "object") return `${simple}`;
  const { digits, exponent } = simple;
  if (exponent > 0 || exponent < -400) return `${digits}e${exponent}`;
  if (exponent === 0) return String(digits);
  const sign = digits < 0n ? "-" : "";
  const text = String(digits < 0n ? -digits : digits).padStart(1 - exponent, "0");
  return `${sign}${text.slice(0, exponent)}.${text.slice(exponent)}`;
}

/** Whether the number is an integer. */
export function isWhole(value: Num): boolean {
  if (typeof value === "bigint") return true;
  if (typeof value === "number") return Number.isInteger(value);
  return stripped(value)[1] >= 0;
}

/**
 * The number as an index of characters or items; beyond 2^53 it is only approximate.
 * @param value an integer.
 */
export function indexOfNum(value: Num): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  const { digits, exponent } = value;
  return Number(`${digits}e${exponent}`);
}
