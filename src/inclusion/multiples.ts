import { decimalOf, type Decimal } from "../json/decimal.ts";

/** A JSON number: a double, or an integer that doubles do not hold. */
export type Numeric = number | bigint;

/** The exact multiples of a decimal above 0. */
export type Multiples = Decimal;

/** The numbers that are multiples of both. */
export function common(one: Multiples, other: Multiples): Multiples {
  const exponent = Math.min(one.exponent, other.exponent);
  const [a, b] = [scaled(one, exponent), scaled(other, exponent)];
  return { digits: (a / gcd(a, b)) * b, exponent };
}

/** Whether every multiple of the first is one of the second. */
export function areMultiplesOf(one: Multiples, other: Multiples): boolean {
  const exponent = Math.min(one.exponent, other.exponent);
  return scaled(one, exponent) % scaled(other, exponent) === 0n;
}

/** Whether all of them are whole numbers. */
export function areWhole({ digits, exponent }: Multiples): boolean {
  return exponent >= 0 || digits % 10n ** BigInt(-exponent) === 0n;
}

/**
 * Which multiple stands next at or above a number, as `count` times the multiples' own decimal.
 * @param beyond the number itself does not count.
 */
export function countFrom(multiples: Multiples, number: Numeric, beyond: boolean): bigint {
  const value = decimalOf(number);
  const exponent = Math.min(value.exponent, multiples.exponent);
  const [at, step] = [scaled(value, exponent), scaled(multiples, exponent)];
  const below = floorDiv(at, step);
  return below * step === at && !beyond ? below : below + 1n;
}

/** As {@link countFrom}, at or below. */
export function countTo(multiples: Multiples, number: Numeric, beyond: boolean): bigint {
  return -countFrom(multiples, -number, beyond);
}

/**
 * A multiple as a number. Past 2^53 doubles leave numbers out: an integer is then given exactly, and a fraction rounded
 * towards `side`, so that a bound made of it leaves nothing out.
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

/** Beyond this no integer that is kept exactly comes near; the largest double is below 1.8e308. */
const EXPONENT_MAX = 20;

/** Powers of ten that both can be written with, as whole counts of it. */
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
