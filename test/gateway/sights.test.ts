import { expect, test } from "vitest";
import { createSights } from "../../src/gateway/sights.ts";

test("however often a log is looked at, the oldest record keeps the time at which it was seen first", () => {
  const sights = createSights();
  for (let second = 0; second < 10_000; second += 1) sights.look(0n, BigInt(second + 1), second * 1_000);
  expect(sights.ageMs(10_000_000)).toBe(10_000_000);
  // Some looks are forgotten: never is a record said to be older than it is.
  const since = sights.waitingSince(5_000_000);
  expect(since).toBeGreaterThan(4_900);
  expect(since).toBeLessThanOrEqual(5_001);
  sights.look(9_990n, 10_000n, 10_000_000);
  expect(sights.ageMs(10_000_000)).toBeLessThanOrEqual(10_000);
  sights.look(10_000n, 10_000n, 10_001_000);
  expect([sights.ageMs(10_001_000), sights.waitingSince(10_001_000)]).toEqual([0, 0]);
});
