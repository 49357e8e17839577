import { describe, expect, test } from "vitest";
import { fingerprint } from "../../src/core/fingerprint.ts";
import type { FailureReason } from "../../src/core/failure.ts";
import { describeRecipe, pointersOf, summaryOf } from "../../src/failures/recipe.ts";
import type { Violation } from "../../src/schema/violation.ts";
import { REASONS } from "../store/rows.ts";

const CONTRACT = { subject: "order", version: 2, digest: "c".repeat(64) };
const VIOLATION: Violation = {
  pointer: "/items/3/price",
  keyword: "minimum",
  schemaPath: "/properties/items/items/properties/price/minimum",
  message: "must be >= 0",
  expected: "a number >= 0",
  got: "-1",
};

function broken(changes: Partial<Violation> = {}): FailureReason {
  return { kind: "schema", violations: [{ ...VIOLATION, ...changes }] };
}

describe("the recipe of a group in words", () => {
  test("names the contract, the constraint, and the place without positions in arrays", () => {
    expect(describeRecipe("schema", CONTRACT, broken())).toBe(
      "They are of order@2, and their first violation is of the same constraint: `minimum` at " +
        "/properties/items/items/properties/price/minimum of the schema, broken at /items/*/price of the payload. " +
        "Positions in arrays do not tell groups apart, and neither do values.",
    );
  });

  test.each<[string, Partial<Violation>, Partial<Violation>]>([
    ["positions in arrays", { pointer: "/items/3/price" }, { pointer: "/items/12/price" }],
    [
      "names that producers chose",
      { keyword: "additionalProperties", pointer: "/secret-of-ann", schemaPath: "/additionalProperties" },
      { keyword: "additionalProperties", pointer: "/other", schemaPath: "/additionalProperties" },
    ],
    [
      "branches that were only nearest",
      {
        schemaPath: "/oneOf/0/properties/a/type",
        branches: [{ schemaPath: "/oneOf/0", pointer: "", name: "0", chosenBy: "nearest" }],
      },
      {
        schemaPath: "/oneOf/1/required",
        keyword: "required",
        branches: [{ schemaPath: "/oneOf/1", pointer: "", name: "1", chosenBy: "nearest" }],
      },
    ],
  ])("is the same for failures of one fingerprint that differ in %s", (_, one, other) => {
    expect(fingerprint(broken(one), CONTRACT)).toBe(fingerprint(broken(other), CONTRACT));
    expect(describeRecipe("schema", CONTRACT, broken(one))).toBe(describeRecipe("schema", CONTRACT, broken(other)));
  });

  test("holds no name that a producer chose", () => {
    const reason = broken({ keyword: "propertyNames", pointer: "/a/ann@example.com", schemaPath: "/propertyNames" });
    expect(describeRecipe("schema", CONTRACT, reason)).toContain("broken at /a/* of the payload");
  });

  test.each(REASONS.map((reason) => [reason.kind, reason] as const))("has a sentence for %s", (_, reason) => {
    const text = describeRecipe("rule", null, reason);
    expect(text).toMatch(/^No contract judged them, and .+\.$/);
    expect(text).not.toContain("undefined");
  });

  test("is of the code where no reason can be read", () => {
    expect(describeRecipe("schema", CONTRACT, null)).toBe("They are of order@2, and they have the code schema.");
    expect(summaryOf("schema", null)).toBe("schema");
    // The stored code and reason contradict each other: somebody changed the document.
    expect(summaryOf("rule", broken())).toBe("rule");
    expect(pointersOf(null)).toEqual([]);
  });
});
