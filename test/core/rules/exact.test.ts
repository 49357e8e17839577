import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimalOf, decimalOfText } from "../../../src/json/decimal.ts";
import {
  addNums,
  compareNums,
  divideNums,
  isWhole,
  keyOfNum,
  multiplyNums,
  negateNum,
  numOfText,
  reciprocal,
  remainder,
  textOfNum,
  type Num,
} from "../../../src/core/rules/exact.ts";

/** Decimals as whole numbers of 10^-SCALE, without any of what is tested. */
const SCALE = 700n;

function scaled(value: Num): bigint {
  const { digits, exponent } = typeof value === "object" ? value : decimalOf(value);
  return digits * 10n ** (SCALE + BigInt(exponent));
}

const short = fc.tuple(fc.integer({ min: -999_999_999, max: 999_999_999 }), fc.nat(6)).map(([n, k]) => n / 10 ** k);
const doubles = fc.oneof(
  short,
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(
    0,
    -0,
    1e308,
    -1e308,
    5e-324,
    Number.MAX_VALUE,
    2 ** 53,
    0.1,
    0.2,
    0.3,
    515.29,
    1e15,
    999_999_999_999_999,
  ),
);
const nums: fc.Arbitrary<Num> = fc.oneof(
  { weight: 4, arbitrary: doubles },
  { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("0.1000000000000000000001", "123456789012345678901234567890", "-0.0").map(numOfText),
  },
);
const RUNS = { numRuns: 20_000, seed: 20_260_729 };

describe("exact arithmetic", () => {
  test("sums, differences and products are those of whole numbers", () => {
    fc.assert(
      fc.property(nums, nums, (a, b) => {
        expect(scaled(addNums(a, b))).toBe(scaled(a) + scaled(b));
        expect(scaled(addNums(a, negateNum(b)))).toBe(scaled(a) - scaled(b));
        expect(scaled(multiplyNums(a, b))).toBe((scaled(a) * scaled(b)) / 10n ** SCALE);
      }),
      RUNS,
    );
  });

  test("order and keys are those of whole numbers", () => {
    fc.assert(
      fc.property(nums, nums, (a, b) => {
        const difference = scaled(a) - scaled(b);
        expect(Math.sign(compareNums(a, b))).toBe(difference === 0n ? 0 : difference < 0n ? -1 : 1);
        expect(keyOfNum(a) === keyOfNum(b)).toBe(difference === 0n);
        expect(isWhole(a)).toBe(scaled(a) % 10n ** SCALE === 0n);
      }),
      RUNS,
    );
  });

  test("one value has one key however it came about", () => {
    fc.assert(
      fc.property(short, (a) => {
        const computed = addNums(
          addNums(a, numOfText("123456789.123456789123456789")),
          numOfText("-123456789.123456789123456789"),
        );
        expect(keyOfNum(computed)).toBe(keyOfNum(a));
        expect(textOfNum(computed)).toBe(String(a === 0 ? 0 : a));
      }),
      RUNS,
    );
  });

  test("a remainder has the sign of what is divided, and is what is left of it", () => {
    fc.assert(
      fc.property(nums, nums, (a, b) => {
        fc.pre(compareNums(b, 0) !== 0);
        expect(scaled(remainder(a, b))).toBe(scaled(a) % scaled(b));
      }),
      RUNS,
    );
  });

  test("a rounded quotient is next to the exact one, halves away from zero", () => {
    fc.assert(
      fc.property(nums, nums, fc.nat(30), (a, b, places) => {
        fc.pre(compareNums(b, 0) !== 0);
        const unit = 10n ** (SCALE - BigInt(places));
        // |quotient * b - a| <= b / 2 units: multiplied out.
        const rounded = scaled(divideNums(a, b, places, "half-away"));
        expect(rounded % unit).toBe(0n);
        const off = (rounded / unit) * scaled(b) - scaled(a) * 10n ** BigInt(places);
        const size = off < 0n ? -off : off;
        const divisor = scaled(b) < 0n ? -scaled(b) : scaled(b);
        expect(2n * size <= divisor).toBe(true);
      }),
      { ...RUNS, numRuns: 5_000 },
    );
  });

  test.each([
    ["2.5", "1", 0, "half-away", "3"],
    ["-2.5", "1", 0, "half-away", "-3"],
    ["0.125", "1", 2, "half-away", "0.13"],
    ["1.005", "1", 2, "half-away", "1.01"],
    ["-7", "2", 0, "trunc", "-3"],
    ["-7", "2", 0, "floor", "-4"],
    ["7", "-2", 0, "ceil", "-3"],
    ["1", "3", 5, "half-away", "0.33333"],
    ["1e308", "5e-324", 0, "trunc", "2e631"],
  ] as const)("%s / %s to %d places by %s is %s", (a, b, places, mode, expected) => {
    expect(keyOfNum(divideNums(numOfText(a), numOfText(b), places, mode))).toBe(keyOfNum(numOfText(expected)));
  });

  test("a reciprocal is exact, or there is none", () => {
    for (const text of ["1", "2", "100", "2.5", "0.08", "-4", "1e-5", "1024"]) {
      const value = numOfText(text);
      expect(keyOfNum(multiplyNums(value, reciprocal(value) ?? 0))).toBe("1");
    }
    for (const text of ["3", "0.7", "0", "6", "1e5000"])
      expect(reciprocal(numOfText(text)) === null).toBe(text !== "1e5000");
  });

  test("prices add up as on paper", () => {
    expect(multiplyNums(515.29, 9)).toBe(4637.61);
    expect(addNums(0.1, 0.2)).toBe(0.3);
    expect([0.1, 0.2, 0.3, 0.4].reduce<Num>(addNums, 0)).toBe(1);
  });

  test("a text of a decimal is read with all of its digits", () => {
    const text = "99999999999999999999.000000000000000000001";
    const value = numOfText(text);
    expect(textOfNum(value)).toBe(text);
    expect(decimalOfText(text)).toMatchObject({
      digits: value !== null && typeof value === "object" ? value.digits : 0n,
    });
  });
});
