/**
 * How a JSON number's text fits into a double.
 *
 * - double: the double represents it: its shortest decimal form denotes the same decimal, or its exact value does.
 * - int64: an integer within 64 bits, without fraction and exponent, that is not the shortest form of its double.
 * - lossy: no double represents it.
 */
export type NumberFit = "double" | "int64" | "lossy";

/** The smallest and the largest signed 64-bit integer. */
const [INT64_MIN, INT64_MAX] = [-(2n ** 63n), 2n ** 63n - 1n];
/** Length of the longest of them, with its sign. */
const INT64_LENGTH_MAX = 20;
const DIGITS = /^-?[0-9]+$/;

/** @param literal matches the grammar of RFC 8259. */
export function fitOf(literal: string): NumberFit {
  const double = Number(literal);
  if (!Number.isFinite(double)) return "lossy";
  const shortest = String(double);
  // Fast path: most producers write the shortest form.
  if (shortest === literal) return "double";
  // Below 10^21 the shortest form of an integer is its digits, so other digits mean another integer, except for -0.
  if (literal.length <= INT64_LENGTH_MAX && DIGITS.test(literal) && isInt64(BigInt(literal))) {
    return double === 0 ? "double" : "int64";
  }
  const written = decimalOf(literal);
  if (isSame(written, decimalOf(shortest))) return "double";
  return isExactly(written, double) ? "double" : "lossy";
}

/** Whether an integer has at most 64 bits, sign included. */
export function isInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}

/** The integer of a double's shortest decimal form; null when that is not an integer of at most 64 bits. */
export function int64Of(value: number): bigint | null {
  if (!Number.isInteger(value)) return null;
  // Beyond 2^63 the text may have an exponent; such a number is out of range anyway.
  if (value > 2 ** 63 || value < -(2 ** 63)) return null;
  const integer = BigInt(String(value));
  return isInt64(integer) ? integer : null;
}

/** Significant digits without leading and trailing zeros, and the power of ten of the last one; zero is "" and 0. No sign. */
type Digits = { readonly digits: string; readonly exponent: number };

/** Parses a literal as text, not as a big integer: it may have a million digits, and the first few mostly decide. */
function decimalOf(literal: string): Digits {
  const [mantissa = "", power = "0"] = literal.replace(/^-/, "").toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const kept = digits.replace(/0+$/, "");
  if (kept === "") return { digits: "", exponent: 0 };
  return { digits: kept, exponent: Number(power) - fraction.length + (digits.length - kept.length) };
}

function isSame(a: Digits, b: Digits): boolean {
  return a.exponent === b.exponent && a.digits === b.digits;
}

/** Most significant digits of a double's exact value: that of 2^-1074 times the greatest odd number of 53 bits. */
const EXACT_DIGITS_MAX = 767;

/**
 * Whether a decimal is the exact value of its nearest double. A fraction of n binary places ends at its n-th decimal
 * place; most literals do not, so the exact arithmetic is rarely needed.
 */
function isExactly(written: Digits, double: number): boolean {
  if (double === 0 || written.digits.length > EXACT_DIGITS_MAX) return false;
  const { mantissa, exponent } = binaryOf(double);
  if (exponent >= 0) return isSame(written, decimalOf(String(mantissa << BigInt(exponent))));
  return written.exponent === exponent && written.digits === String(mantissa * 5n ** BigInt(-exponent));
}

const BITS = new DataView(new ArrayBuffer(8));

/**
 * A finite double other than 0, without its sign, as `mantissa * 2^exponent`; the mantissa is odd when the exponent is
 * below 0.
 */
function binaryOf(double: number): { readonly mantissa: bigint; readonly exponent: number } {
  BITS.setFloat64(0, double);
  const bits = BITS.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  let mantissa = biased === 0 ? fraction : fraction | 0x10_0000_0000_0000n;
  let exponent = (biased === 0 ? 1 : biased) - 1_075;
  for (; exponent < 0 && (mantissa & 1n) === 0n; exponent += 1) mantissa >>= 1n;
  return { mantissa, exponent };
}
