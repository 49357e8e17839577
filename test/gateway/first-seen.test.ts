import fc from "fast-check";
import { expect, test } from "vitest";
import { createFirstSeen } from "../../src/gateway/first-seen.ts";

/** What a Map says of the same ids. */
function byMap(ids: readonly string[]): readonly number[] {
  const places = new Map<string, number>();
  return ids.map((id) => {
    const known = places.get(id);
    if (known === undefined) places.set(id, places.size);
    return known ?? -1;
  });
}

test("a repeated id gets the place of its first, any other the next place, whatever the ids are", () => {
  // Few letters: many ids repeat, and many others have the same digits at their end.
  const id = fc.string({ unit: fc.constantFrom("a", "b", "\u{1f4e6}"), maxLength: 14 });
  fc.assert(
    fc.property(fc.array(fc.array(id, { maxLength: 200 }), { maxLength: 3 }), (batches) => {
      for (const ids of batches) expect(ids.map(createFirstSeen(ids.length))).toEqual(byMap(ids));
    }),
  );
});

test("ids that share their last digits, and more ids than the table has room for, are told apart", () => {
  const alike = Array.from({ length: 3_000 }, (_, index) => `${index}-00000000`);
  expect([...alike, ...alike].map(createFirstSeen(6_000))).toEqual(byMap([...alike, ...alike]));
  const many = Array.from({ length: 20_000 }, (_, index) => `id-${index % 15_000}`);
  expect(many.map(createFirstSeen(many.length))).toEqual(byMap(many));
});
