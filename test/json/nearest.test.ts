import { expect, test } from "vitest";
import { nearestName } from "../../src/json/nearest.ts";

const KEYS = ["subject", "owner", "description", "collection", "identity", "versions"];

test.each([
  ["onwer", "owner"],
  ["Owner", "owner"],
  ["subjct", "subject"],
  ["discription", "description"],
  ["version", "versions"],
  ["identitiy", "identity"],
])("takes %s for %s", (typed, meant) => {
  expect(nearestName(typed, KEYS)).toBe(meant);
});

test.each(["retries", "x", "", "own", "sub"])("takes %j for nothing", (typed) => {
  expect(nearestName(typed, KEYS)).toBeNull();
});

test("takes the first of two that are equally near", () => {
  expect(nearestName("cat", ["bat", "car"])).toBe("bat");
});
