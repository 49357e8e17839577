import { describe, expect, test } from "vitest";
import { compareVersions } from "../../src/inclusion/inclusion.ts";
import { describeWitness } from "../../src/contract/describe-comparison.ts";
import type { JsonObject } from "../../src/json/json.ts";

const long: JsonObject = { type: "integer", format: "int64" };

function verdicts(before: JsonObject, after: JsonObject): readonly string[] {
  const inField = (f: JsonObject): JsonObject => ({ type: "object", required: ["f"], properties: { f } });
  const [old, next] = [before, after].map((f) => ({ schema: inField(f), rules: [], identity: [] }));
  if (old === undefined || next === undefined) throw new Error("two schemas were given");
  const { backward, forward, changes } = compareVersions(old, next, { seed: 1 });
  for (const verdict of [backward, forward]) {
    if (verdict.kind !== "incompatible") continue;
    expect(describeWitness(verdict)).toMatch(/^\{"f":.+\}$/);
    expect(verdict.violations.length).toBeGreaterThan(0);
  }
  return [backward.kind, forward.kind, changes.map(({ rule }) => rule).join()];
}

describe("integers of 64 bits", () => {
  test.each<[string, JsonObject, JsonObject, string, string, string]>([
    ["int64 is added", { type: "integer" }, long, "incompatible", "incompatible", "integer-range-changed"],
    ["int64 is kept", long, { ...long, title: "x" }, "compatible", "compatible", "annotation-changed"],
    [
      "int64 is added where no integer is long",
      { type: "integer", minimum: 0, maximum: 9 },
      { ...long, minimum: 0, maximum: 9 },
      "compatible",
      "compatible",
      "integer-range-changed",
    ],
    [
      "a bound beyond 2^53 is lowered by one",
      { ...long, maximum: 9_223_372_036_854_775_807n },
      { ...long, maximum: 9_223_372_036_854_775_806n },
      "incompatible",
      "compatible",
      "bound-tightened",
    ],
    [
      "a bound beyond 2^53 stays",
      { ...long, minimum: 9_007_199_254_740_993n },
      { ...long, exclusiveMinimum: 9_007_199_254_740_992 },
      "compatible",
      "compatible",
      "constraint-added,constraint-removed",
    ],
    [
      "the ends of 64 bits are written out",
      long,
      { ...long, minimum: -9_223_372_036_854_775_808n, maximum: 9_223_372_036_854_775_807n },
      "compatible",
      "compatible",
      "constraint-added,constraint-added",
    ],
    [
      "a listed value beyond 2^53 becomes another",
      { ...long, enum: [9_007_199_254_740_993n] },
      { ...long, enum: [9_007_199_254_740_995n] },
      "incompatible",
      "incompatible",
      "enum-value-removed,enum-value-added",
    ],
    [
      "multiples beyond 2^53 are exact",
      { ...long, multipleOf: 6 },
      { ...long, multipleOf: 3 },
      "compatible",
      "incompatible",
      "multiple-loosened",
    ],
  ])("%s", (_, before, after, ...expected) => {
    expect(verdicts(before, after)).toEqual(expected);
  });

  test("a witness that no double keeps has all its digits", () => {
    const [before, after] = [long, { type: "integer" }].map((schema) => ({ schema, rules: [], identity: [] }));
    if (before === undefined || after === undefined) throw new Error("two schemas were given");
    const { backward } = compareVersions(before, after, { seed: 1 });
    if (backward.kind !== "incompatible") throw new Error(backward.kind);
    expect(BigInt(describeWitness(backward))).not.toBe(BigInt(Number(describeWitness(backward))));
  });
});
