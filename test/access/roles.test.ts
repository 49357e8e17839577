import { expect, test } from "vitest";
import { mayUse } from "../../src/access/roles.ts";

test("somebody without a role may use what is open, and somebody of two roles what either may", () => {
  expect([mayUse([], "public"), mayUse([], "viewer")]).toEqual([true, false]);
  expect([mayUse(["producer", "validator"], "producer"), mayUse(["producer", "validator"], "validator")]).toEqual([
    true,
    true,
  ]);
  expect(mayUse(["producer", "validator"], "viewer")).toBe(false);
});
