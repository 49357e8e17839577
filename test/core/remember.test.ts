import { expect, test } from "vitest";
import { remember } from "../../src/core/remember.ts";

test("of more keys than may be kept, the one that was kept first is forgotten", () => {
  const kept = new Map<string, number>();
  for (const [at, key] of ["a", "b", "a", "c"].entries()) remember(kept, key, at, 2);
  expect([...kept]).toEqual([
    ["b", 1],
    ["c", 3],
  ]);
});

test("where nothing may be kept, nothing is", () => {
  const kept = new Map<string, number>();
  remember(kept, "a", 1, 0);
  expect(kept.size).toBe(0);
});
