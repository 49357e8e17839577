/**
 * What becomes of a JSON number's text in a reader whose numbers are doubles.
 *
 * - double: the double keeps it, since its shortest decimal form denotes the same decimal, or its own exact value does.
 * - int64: an integer within 64 bits, written without fraction and exponent, that is not the shortest form of its double.
 * - lossy: no double keeps it.
 */
export type NumberFit = "double" | "int64" | "lossy";

/** The least and the greatest signed integer of 64 bits. */
const [INT64_MIN, INT64_MAX] = [-(2n ** 63n), 2n ** 63n - 1n];
/** Sign and digits of the longest of them. */
const INT64_LENGTH_MAX = 20;
const DIGITS = /^-?[0-9]+$/;

/** @param literal matches the grammar of RFC 8259. */
export function fitOf(literal: string): NumberFit {
  const double = Number(literal);
  if (!Number.isFinite(double)) return "lossy";
  const shortest = String(double);
  // Most producers write the shortest form themselves.
  if (shortest === literal) return "double";
  // Below 10^21 the shortest form of an integer is its digits: other digits are another integer, but for -0.
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

/** The integer a double stands for by its shortest decimal form; null when that is none, or has more than 64 bits. */
export function int64Of(value: number): bigint | null {
  if (!Number.isInteger(value)) return null;
  // Beyond 2^63 the text may have an exponent, and is out of range anyway.
  if (value > 2 ** 63 || value < -(2 ** 63)) return null;
  const integer = BigInt(String(value));
  return isInt64(integer) ? integer : null;
}

/** Significant digits without leading and trailing zeros, and the power of ten of the last one; zero is "" and 0. No sign. */
type Digits = { readonly digits: string; readonly exponent: number };

/** As text, not as a big integer: a literal may have a million digits, and most are told apart by their first. */
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

/** No double's exact value has more significant digits: 2^-1074 times the greatest odd number of 53 bits. */
const EXACT_DIGITS_MAX = 767;

/**
 * Whether a decimal is the exact value of its nearest double. A fraction of n binary places ends at its n-th decimal place,
 * which most literals do not, so that hardly any is worth the arithmetic.
 */
function isExactly(written: Digits, double: number): boolean {
  if (double === 0 || written.digits.length > EXACT_DIGITS_MAX) return false;
  const { mantissa, exponent } = binaryOf(double);
  if (exponent >= 0) return isSame(written, decimalOf(String(mantissa << BigInt(exponent))));
  return written.exponent === exponent && written.digits === String(mantissa * 5n ** BigInt(-exponent));
}

const BITS = new DataView(new ArrayBuffer(8));

/** A finite double that is not 0, without its sign, as `mantissa * 2^exponent`; the mantissa odd when the exponent is below 0. */
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
