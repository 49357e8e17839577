import { describe, expect, test } from "vitest";
import { stubFixtures } from "../../src/contract/fixture-stubs.ts";
import { untestedConstraints } from "../../src/contract/untested-constraints.ts";
import type { Rule } from "../../src/core/contract-set.ts";
import type { JsonObject } from "../../src/json/json.ts";
import { compileSchema } from "../../src/schema/schema.ts";

const schema: JsonObject = {
  type: "object",
  required: ["id", "weight"],
  additionalProperties: false,
  properties: {
    id: { type: "string", pattern: "^[A-Z]{3}-\\d+$" },
    weight: { type: "number", exclusiveMinimum: 0, multipleOf: 0.01 },
    day: { type: "string", format: "date" },
    tags: { type: "array", items: { enum: ["a", "b", "c", "d"] }, maxItems: 2, uniqueItems: true },
    serial: { type: "integer", format: "int64" },
  },
  dependentRequired: { tags: ["day"] },
};
const rules: readonly Rule[] = [{ id: "light", expression: "weight <= 100.0", message: "too heavy" }];
const version = { schema, rules, identity: ["/id"], formats: "assert" as const };

describe("payloads made for a version", () => {
  test("prove all of its constraints, each with the one it breaks", () => {
    const { stubs, without } = stubFixtures(version, []);
    expect(without).toEqual([]);
    const payloads = stubs.map(({ payload }) => payload);
    expect(untestedConstraints(version, payloads)).toEqual([]);
    expect(new Set(stubs.map(({ name }) => name)).size).toBe(stubs.length);
    const { accepts } = compileSchema(schema, { formats: "assert" });
    expect(
      stubs.filter(({ kind, breaks, payload }) => breaks !== "rule light" && accepts(payload) !== (kind === "pass")),
    ).toEqual([]);
  });

  test("look like the payloads that pass, where one change is enough", () => {
    const typical = { id: "ABC-1", weight: 2.5, day: "2024-02-29", tags: ["a"] };
    const { stubs } = stubFixtures(version, [typical]);
    const byName = new Map(stubs.map(({ name, payload }) => [name, payload]));
    expect(byName.has("sample")).toBe(false);
    expect(byName.get("weight-required")).toEqual({ id: "ABC-1", day: "2024-02-29", tags: ["a"] });
    expect(byName.get("tags-uniqueItems")).toEqual({ ...typical, tags: ["a", "a"] });
    expect(byName.get("rule-light")).toMatchObject({ id: "ABC-1", day: "2024-02-29" });
  });

  test("are none where fixtures need every constraint already", () => {
    const { stubs } = stubFixtures(version, []);
    expect(
      stubFixtures(
        version,
        stubs.map(({ payload }) => payload),
      ),
    ).toEqual({ stubs: [], without: [] });
  });

  test("are not made for a constraint that another one implies, which is named", () => {
    const twice: JsonObject = {
      type: "object",
      required: ["a"],
      properties: { a: { type: "string", minLength: 1, pattern: "^." } },
    };
    expect(stubFixtures({ schema: twice, rules: [], identity: ["/a"] }, []).without).toEqual(["minLength of /a"]);
  });
});
