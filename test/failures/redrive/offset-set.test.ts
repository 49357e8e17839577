import fc from "fast-check";
import { expect, test } from "vitest";
import { createOffsetSet } from "../../../src/failures/redrive/offset-set.ts";

function listOf(offsets: readonly bigint[]) {
  const set = createOffsetSet();
  for (const offset of offsets) set.add(offset);
  return set.end();
}

const ascending = (offsets: readonly bigint[]): bigint[] => [...new Set(offsets)].toSorted((a, b) => (a < b ? -1 : 1));

/** Offsets alone, neighbours, and ranges so full that they are kept as bits. */
const OFFSETS = fc
  .array(
    fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map((one) => [one]),
      fc.bigInt({ min: 0n, max: 200_000n }).map((one) => [one, one + 1n, one]),
      fc
        .tuple(
          fc.bigInt({ min: 0n, max: 2n ** 62n }),
          fc.integer({ min: 1, max: 9_000 }),
          fc.integer({ min: 1, max: 40 }),
        )
        .map(([first, count, step]) => Array.from({ length: count }, (_, n) => first + BigInt(n * step))),
    ),
    { minLength: 1, maxLength: 20 },
  )
  .map((groups) => groups.flat());

test("offsets come back ascending, each once, in slices of the size that was asked for", () => {
  fc.assert(
    fc.property(OFFSETS, fc.integer({ min: 1, max: 10_000 }), (offsets, size) => {
      const [list, wanted] = [listOf(offsets), ascending(offsets)];
      expect([list.count, list.first, list.last]).toEqual([wanted.length, wanted[0], wanted.at(-1)]);
      const slices = [...list.slices(size)];
      expect(slices.slice(0, -1).every(({ length }) => length === size)).toBe(true);
      expect(slices.flatMap((slice) => [...slice])).toEqual(wanted);
      // A second look finds the same.
      expect([...list.slices(wanted.length)].map(({ length }) => length)).toEqual([wanted.length]);
    }),
    { numRuns: 50 },
  );
});

test("a list of nothing is refused", () => {
  expect(() => listOf([])).toThrow("there are none");
});
