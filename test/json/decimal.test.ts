import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareNumbers, compileMultiple, decimalOf, decimalOfText } from "../../src/json/decimal.ts";

/** Written apart from the product: both numbers as whole multiples of one power of ten. */
function isMultipleByBigInts(value: string, divisor: string): boolean {
  const [a, b] = [partsOf(value), partsOf(divisor)];
  const least = Math.min(a.exponent, b.exponent);
  return (a.digits * 10n ** BigInt(a.exponent - least)) % (b.digits * 10n ** BigInt(b.exponent - least)) === 0n;
}

function partsOf(text: string): { readonly digits: bigint; readonly exponent: number } {
  const match = /^(-?\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(text);
  const [, whole = "", fraction = "", power = "0"] = match ?? [];
  return { digits: BigInt(`${whole}${fraction}`), exponent: Number(power) - fraction.length };
}

const anyDouble = fc.double({ noNaN: true, noDefaultInfinity: true });
const money = fc.tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.nat(6)).map(([n, places]) => Number(`${n}e-${places}`));
const near = fc.tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: -30, max: 12 }));
const value = fc.oneof(
  anyDouble,
  money,
  near.map(([n, power]) => Number(`${n}e${power}`)),
);
const divisor = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: -25, max: 25 })).map(([n, e]) => Number(`${n}e${e}`)),
  fc.constantFrom(5e-324, 1e308, 0.01, 0.1, 0.05, 0.001, 1e-22, 1e-23, 3, 7, 1e14, 2 ** 53, 123456789.123456),
  anyDouble.map((double) => Math.abs(double) || 1),
);

describe("compileMultiple()", () => {
  test("agrees with big integers on 100,000 random pairs of every magnitude", () => {
    fc.assert(
      fc.property(value, divisor, (number, by) => {
        expect([number, by, compileMultiple(by)(number)]).toEqual([
          number,
          by,
          isMultipleByBigInts(String(number), String(by)),
        ]);
      }),
      { numRuns: 100_000, seed: 20_261_128 },
    );
  });

  test("takes every cent from 0.01 to 20.00 for a multiple of 0.01, and nothing between", () => {
    const isMultiple = compileMultiple(0.01);
    for (let cents = 1; cents <= 2_000; cents += 1) {
      expect(isMultiple(Number(`${cents}e-2`))).toBe(true);
      expect(isMultiple(Number(`${cents}5e-3`))).toBe(false);
    }
  });

  test.each([
    [0.01, [143.48, 8.69, 0.94, 19.99, 300.52, 1658529657949, 1658529657949.05, 5e6, 1e-2, 0, -0, -19.99], [8.695]],
    [0.001, [-0.059], [-0.0595]],
    [0.1, [0.3, 1e308], [0.35, 5e-324]],
    [5e-324, [5e-324, 1.5e-323, 1e308, 1], []],
    [1e308, [1e308, 0], [1e307, 1]],
    [1, [1764288000123456789n, 2 ** 53], [0.5, 5e-324]],
    [7, [9223372036854775807n], [9223372036854775806n]],
  ])("of %d takes each multiple and nothing else", (by, multiples, others) => {
    const isMultiple = compileMultiple(by);
    expect(multiples.filter((one) => !isMultiple(one))).toEqual([]);
    expect((others as readonly (number | bigint)[]).filter(isMultiple)).toEqual([]);
  });
});

describe("decimalOf()", () => {
  test.each([
    [0, 0n, 0],
    [-0, 0n, 0],
    [143.48, 14348n, -2],
    [1e21, 1n, 21],
    [-1.5e-7, -15n, -8],
    [5e-324, 5n, -324],
    [1764288000123456789n, 1764288000123456789n, 0],
    [-9000n, -9n, 3],
  ])("reads %s", (number, digits, exponent) => {
    expect(decimalOf(number)).toEqual({ digits, exponent });
  });

  test("reads texts that no double can hold", () => {
    expect(decimalOfText("-0.00E7")).toEqual({ digits: 0n, exponent: 0 });
    expect(decimalOfText("123456789012345678901.50e+3")).toEqual({ digits: 1234567890123456789015n, exponent: 2 });
  });
});

test("numbers of both kinds compare by the decimals they stand for", () => {
  expect(compareNumbers(2 ** 53, 9007199254740993n)).toBe(-1);
  expect(compareNumbers(9007199254740993n, 9007199254740992)).toBe(1);
  expect(compareNumbers(36028797018963970, 36028797018963968n)).toBe(1);
  expect(compareNumbers(1e22, 10n ** 22n)).toBe(0);
  expect(compareNumbers(0.5, 1)).toBe(-1);
  expect(compareNumbers(3n, 2n)).toBe(1);
});
