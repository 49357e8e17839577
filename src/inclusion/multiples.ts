import { decimalOf, type Decimal } from "../json/decimal.ts";

/** A JSON number: a double, or an integer that a double cannot represent. */
export type Numeric = number | bigint;

/** The integer multiples of a positive decimal. */
export type Multiples = Decimal;

/** The numbers that are multiples of both: the multiples of the least common multiple. */
export function common(one: Multiples, other: Multiples): Multiples {
  const exponent = Math.min(one.exponent, other.exponent);
  const [a, b] = [scaled(one, exponent), scaled(other, exponent)];
  return { digits: (a / gcd(a, b)) * b, exponent };
}

/** Whether every multiple of the first is a multiple of the second. */
export function areMultiplesOf(one: Multiples, other: Multiples): boolean {
  const exponent = Math.min(one.exponent, other.exponent);
  return scaled(one, exponent) % scaled(other, exponent) === 0n;
}

/** Whether all of the multiples are integers. */
export function areWhole({ digits, exponent }: Multiples): boolean {
  return exponent >= 0 || digits % 10n ** BigInt(-exponent) === 0n;
}

/**
 * The first multiple at or above a number, as the factor `count`.
 * @param beyond excludes the number itself.
 */
export function countFrom(multiples: Multiples, number: Numeric, beyond: boolean): bigint {
  const value = decimalOf(number);
  const exponent = Math.min(value.exponent, multiples.exponent);
  const [at, step] = [scaled(value, exponent), scaled(multiples, exponent)];
  const below = floorDiv(at, step);
  return below * step === at && !beyond ? below : below + 1n;
}

/** As {@link countFrom}, for the last multiple at or below a number. */
export function countTo(multiples: Multiples, number: Numeric, beyond: boolean): bigint {
  return -countFrom(multiples, -number, beyond);
}

/**
 * A multiple as a number. Past 2^53 doubles cannot represent every integer: an integer is then returned as a bigint, and a
 * fraction is rounded towards `side`, so that a bound made of it excludes no multiple.
 */
export function multipleAt({ digits, exponent }: Multiples, count: bigint, side: "down" | "up"): Numeric {
  const value = count * digits;
  const text = `${value}e${exponent}`;
  const near = Number(text);
  if (Math.abs(near) <= Number.MAX_SAFE_INTEGER) return near;
  if (exponent >= 0) return exponent > EXPONENT_MAX ? near : value * 10n ** BigInt(exponent);
  const unit = 10n ** BigInt(-exponent);
  const whole = floorDiv(value, unit);
  return side === "down" || whole * unit === value ? whole : whole + 1n;
}

/** The largest exponent for exact integers. No such integer is near a larger power of ten; the largest double is below 1.8e308. */
const EXPONENT_MAX = 20;

/** The decimal as an integer count of 10^`to`; `to` must not exceed its exponent. */
function scaled({ digits, exponent }: Decimal, to: number): bigint {
  return digits * 10n ** BigInt(exponent - to);
}

function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return quotient * b > a ? quotient - 1n : quotient;
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}
