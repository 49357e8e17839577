import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitOf, int64Of, type NumberFit } from "../../src/json/number-literal.ts";

const SEED = 20_261_123;

/** A decimal as a fraction of big integers. */
type Fraction = { readonly over: bigint; readonly under: bigint };

function fractionOf(literal: string): Fraction {
  const [mantissa = "", power = "0"] = literal.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const exponent = Number(power) - fraction.length;
  const over = BigInt(`${whole}${fraction}`);
  return exponent < 0 ? { over, under: 10n ** BigInt(-exponent) } : { over: over * 10n ** BigInt(exponent), under: 1n };
}

/** The exact value of a double, by doubling it until it is whole. */
function exactOf(double: number): Fraction {
  let [whole, under] = [double, 1n];
  while (!Number.isInteger(whole)) [whole, under] = [whole * 2, under * 2n];
  return { over: BigInt(whole), under };
}

function isSame(a: Fraction, b: Fraction): boolean {
  return a.over * b.under === b.over * a.under;
}

/** By the definition alone. */
function expected(literal: string): NumberFit {
  const double = Number(literal);
  if (!Number.isFinite(double)) return "lossy";
  const written = fractionOf(literal);
  if (isSame(written, fractionOf(String(double)))) return "double";
  if (/^-?[0-9]+$/.test(literal) && BigInt.asIntN(64, BigInt(literal)) === BigInt(literal)) return "int64";
  return isSame(written, exactOf(double)) ? "double" : "lossy";
}

/** All the digits of a double's exact value. */
function spelledOut(double: number): string {
  const { over, under } = exactOf(Math.abs(double));
  const places = under.toString(2).length - 1;
  const digits = String(over * 5n ** BigInt(places)).padStart(places + 1, "0");
  const text = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
  return double < 0 ? `-${text}` : text;
}

describe("fitOf()", () => {
  const double = fc.double({ noNaN: true, noDefaultInfinity: true });

  test("says of any literal what exact arithmetic says", () => {
    const literal = fc.tuple(
      fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
      fc.option(fc.bigInt({ min: 0n, max: 10n ** 18n })),
      fc.option(fc.integer({ min: -300, max: 280 })),
    );
    fc.assert(
      fc.property(literal, ([whole, fraction, power]) => {
        const text = `${whole}${fraction === null ? "" : `.${fraction}`}${power === null ? "" : `e${power}`}`;
        expect(fitOf(text)).toBe(expected(text));
      }),
      { numRuns: 20_000, seed: SEED },
    );
  });

  test("the exact value of any double, written out in full, is one, and its neighbour in the last place is not", () => {
    fc.assert(
      fc.property(double, fc.integer({ min: -1_074, max: 1_023 }), (one, power) => {
        for (const value of [one, 2 ** power, -(2 ** power)]) {
          const text = spelledOut(value);
          expect([value, fitOf(text)]).toEqual([value, expected(text)]);
          if (/^-?[0-9]{1,20}$/.test(text)) continue;
          expect([value, fitOf(text)]).toEqual([value, "double"]);
          const neighbour = text.includes(".") ? `${text}1` : `${text}.1`;
          expect([value, fitOf(neighbour)]).toEqual([value, expected(neighbour)]);
        }
      }),
      { numRuns: 2_000, seed: SEED },
    );
  });

  test.each<[string, NumberFit]>([
    ["-9223372036854775808", "int64"],
    ["9223372036854775807", "int64"],
    ["9223372036854775808", "double"],
    ["-9223372036854775809", "lossy"],
    ["36028797018963968", "int64"],
    ["36028797018963970", "double"],
    ["1764288000123456800", "double"],
    ["1764288000123456789", "int64"],
    ["1764288000123456789.0", "lossy"],
    ["1e-400", "lossy"],
    ["-0", "double"],
    ["1e400", "lossy"],
    [spelledOut(Number.MIN_VALUE), "double"],
    [`${spelledOut(Number.MIN_VALUE)}1`, "lossy"],
    [spelledOut(2 ** -1_022 - 2 ** -1_074), "double"],
    [spelledOut(Number.MAX_VALUE), "double"],
  ])("%s is %s", (literal, fit) => {
    expect(fitOf(literal)).toBe(fit);
  });

  test("a literal of a million digits is refused by their count", () => {
    expect(fitOf(`0.${"1".repeat(1_000_000)}`)).toBe("lossy");
    expect(fitOf(`1${"0".repeat(100)}1`)).toBe("lossy");
  });
});

describe("int64Of()", () => {
  test.each([
    [0, 0n],
    [-0, 0n],
    [1.5, null],
    [1_764_288_000_123_456_800, 1_764_288_000_123_456_800n],
    [-(2 ** 63), null],
    [2 ** 63, null],
    [9_223_372_036_854_775_000, 9_223_372_036_854_775_000n],
    [1e300, null],
  ])("of %d is %s", (value, integer) => {
    expect(int64Of(value)).toBe(integer);
  });
});
