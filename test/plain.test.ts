import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isSamePlain, plain } from "./plain.ts";

const bytes = fc.uint8Array({ maxLength: 2 });
const leaf = fc.oneof(
  fc.constantFrom(null, undefined, 0, -0, Number.NaN, "", "a", 1n),
  bytes,
  bytes.map((of) => Buffer.from(of)),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    leaf,
    fc.array(tie("any"), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom("a", "b", "0"), tie("any"), { maxKeys: 2 }),
    fc.array(fc.tuple(fc.constantFrom("a", "b"), tie("any")), { maxLength: 2 }).map((entries) => new Map(entries)),
  ),
})).any;

test("two values are the same exactly when they are the same made plain", () => {
  fc.assert(
    fc.property(value, value, (one, other) => {
      expect(isSamePlain(one, other)).toBe(isDeepStrictEqual(plain(one), plain(other)));
    }),
    { numRuns: 5_000 },
  );
});

test("a value is the same as its clone, whose bytes are no Buffer any more", () => {
  fc.assert(
    fc.property(value, (one) => {
      expect(isSamePlain(one, structuredClone(one))).toBe(true);
    }),
  );
});
