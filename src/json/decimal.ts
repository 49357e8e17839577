/**
 * A JSON number as `digits * 10^exponent`, exactly, without trailing zeros in `digits`; zero is `0n * 10^0`. A double
 * means its shortest decimal form (ECMAScript, RFC 8785), which is the text that its producer wrote: 143.48, not the
 * nearest binary fraction.
 */
export type Decimal = { readonly digits: bigint; readonly exponent: number };

/** The exact decimal of a JSON number. @param value finite. */
export function decimalOf(value: number | bigint): Decimal {
  return decimalOfText(String(value));
}

/**
 * The decimal of a JSON number's text, also of one that no double represents.
 * @param text matches the grammar of RFC 8259.
 */
export function decimalOfText(text: string): Decimal {
  const [mantissa = "", power = "0"] = text.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const all = `${whole}${fraction}`;
  const kept = all.replace(/0+$/, "");
  if (kept === "" || kept === "-") return ZERO;
  return { digits: BigInt(kept), exponent: Number(power) - fraction.length + (all.length - kept.length) };
}

const ZERO: Decimal = { digits: 0n, exponent: 0 };

/** Exact powers of ten as doubles: 10^22 is the largest. */
const POWERS: readonly number[] = Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/** Below this, 15 significant digits distinguish a double with a fraction of up to 22 digits from its neighbours. */
const QUOTIENT_MAX = 1e14;

/** Whether a number is a whole multiple of the divisor it was compiled for, in exact decimal arithmetic. */
export type IsMultiple = (value: number | bigint) => boolean;

/**
 * Compiles the test for one divisor (`multipleOf`), greater than 0.
 *
 * With divisor m * 10^-k, a value is a multiple when it is q * 10^-k for a whole q that m divides. For |q| < 10^14
 * doubles decide that exactly: q / 10^k is the double nearest to that decimal (both operands are exact), and two
 * decimals of at most 15 digits never share a double. Big integers decide all other cases.
 */
export function compileMultiple(divisor: number | bigint): IsMultiple {
  const { digits, exponent } = decimalOf(divisor);
  const power = POWERS[-exponent];
  const factor = Number(digits);
  const exact = (value: number | bigint): boolean => isMultiple(decimalOf(value), digits, exponent);
  if (exponent < 0 && power !== undefined && factor < QUOTIENT_MAX) {
    return (value) => {
      if (typeof value === "bigint") return exact(value);
      const quotient = Math.round(value * power);
      if (quotient >= QUOTIENT_MAX || quotient <= -QUOTIENT_MAX) return exact(value);
      return quotient / power === value && quotient % factor === 0;
    };
  }
  const whole = Number(divisor);
  if (exponent >= 0 && whole <= Number.MAX_SAFE_INTEGER) {
    return (value) => {
      if (typeof value === "bigint" || !(value <= Number.MAX_SAFE_INTEGER && value >= -Number.MAX_SAFE_INTEGER)) {
        return exact(value);
      }
      return value % whole === 0;
    };
  }
  return exact;
}

function isMultiple(value: Decimal, digits: bigint, exponent: number): boolean {
  if (value.digits === 0n) return true;
  const shift = value.exponent - exponent;
  if (shift >= 0) return (value.digits * 10n ** BigInt(shift)) % digits === 0n;
  // The digits have no trailing zeros, so they are not divisible by the divisor's power of ten.
  return false;
}

/** Compares two JSON numbers by their exact decimals: below 0, 0 or above 0. */
export function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  const [left, right] = [decimalOf(a), decimalOf(b)];
  const shift = left.exponent - right.exponent;
  const one = shift > 0 ? left.digits * 10n ** BigInt(shift) : left.digits;
  const other = shift < 0 ? right.digits * 10n ** BigInt(-shift) : right.digits;
  return one < other ? -1 : one > other ? 1 : 0;
}
