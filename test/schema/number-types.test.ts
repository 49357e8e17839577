import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/json/json.ts";
import { compileNumberTypes, typesAt, type NumberTypes } from "../../src/schema/number-types.ts";

const INT64: JsonObject = { type: "integer", format: "int64" };
const TEXT: JsonObject = { type: "string" };

function at(schema: JsonObject | boolean, ...steps: readonly (string | number)[]): NumberTypes["here"] {
  return typesAt(compileNumberTypes(schema), steps).here;
}

describe("compileNumberTypes()", () => {
  test.each<[string, JsonObject | boolean, NumberTypes["here"]]>([
    ["an integer of the format", INT64, "int64"],
    ["or null", { type: ["null", "integer"], format: "int64" }, "int64"],
    ["a number of the format", { type: "number", format: "int64" }, "number"],
    ["a text of the format", { type: "string", format: "int64" }, null],
    ["the format alone", { format: "int64" }, null],
    ["another format", { type: "integer", format: "int32" }, "integer"],
    ["type and format in two parts", { type: "integer", allOf: [{ format: "int64" }] }, "int64"],
    ["format and type in two parts", { format: "int64", allOf: [{ type: "integer" }] }, "int64"],
    [
      "a text of the format, or an integer",
      { anyOf: [{ type: "string", format: "int64" }, { type: "integer" }] },
      "integer",
    ],
    ["one branch of a choice", { oneOf: [TEXT, { type: "number" }, INT64] }, "int64"],
    ["a branch in a branch", { anyOf: [{ anyOf: [TEXT, { allOf: [INT64] }] }] }, "int64"],
    ["what follows from a condition", { if: TEXT, then: {}, else: INT64 }, "int64"],
    ["the condition itself", { if: INT64 }, null],
    ["what is excluded", { not: INT64 }, null],
    ["a reference", { $ref: "#/$defs/a~1b%20c", $defs: { "a/b c": INT64 } }, "int64"],
    ["a reference beside a type", { type: "number", $ref: "#/$defs/a", $defs: { a: INT64 } }, "int64"],
    ["an anchor", { $ref: "#long", $defs: { a: { $anchor: "long", ...INT64 } } }, "int64"],
    ["a reference to nothing", { $ref: "#/$defs/b", $defs: { a: INT64 } }, null],
    ["a reference to itself", { $ref: "#", type: "integer", format: "int64" }, "int64"],
    ["a reference that is no URI", { $ref: "#/$defs/100%", $defs: { "100%": INT64 } }, null],
    [
      "a reference into a part with an address of its own",
      { $ref: "#/$defs/a", $defs: { a: { $id: "https://example.org/a", $ref: "#/$defs/b", $defs: { b: INT64 } } } },
      "int64",
    ],
    [
      "a reference by that address",
      { $ref: "/a#x", $id: "https://e.org/", $defs: { a: { $id: "a", $defs: { x: { $anchor: "x", ...INT64 } } } } },
      "int64",
    ],
    ["a dynamic reference", { $dynamicRef: "#x", $defs: { a: { $dynamicAnchor: "x", ...INT64 } } }, "int64"],
    ["number and integer", { allOf: [{ type: "integer" }, { type: "number" }] }, "number"],
    ["true", true, null],
  ])("%s", (_, schema, here) => {
    expect(at(schema)).toBe(here);
  });

  test.each<[string, JsonObject, readonly (string | number)[], NumberTypes["here"]]>([
    ["a property", { properties: { a: INT64 } }, ["a"], "int64"],
    ["another property", { properties: { a: INT64 } }, ["b"], null],
    ["names of Object's own", { properties: { a: INT64 } }, ["toString"], null],
    ["all other properties", { properties: { a: TEXT }, additionalProperties: INT64 }, ["b"], "int64"],
    ["not a listed one", { properties: { a: TEXT }, additionalProperties: INT64 }, ["a"], null],
    ["a pattern", { patternProperties: { "^i_": INT64 }, additionalProperties: TEXT }, ["i_a"], "int64"],
    ["a pattern that does not match", { patternProperties: { "^i_": INT64 }, additionalProperties: TEXT }, ["a"], null],
    ["not all others", { patternProperties: { "^i_": TEXT }, additionalProperties: INT64 }, ["i_a"], null],
    ["a property and a pattern", { properties: { i_a: true }, patternProperties: { "^i_": INT64 } }, ["i_a"], "int64"],
    ["what is not evaluated", { properties: { a: TEXT }, unevaluatedProperties: INT64 }, ["b"], "int64"],
    ["what depends on another", { dependentSchemas: { b: { properties: { a: INT64 } } } }, ["a"], "int64"],
    ["the place of an item", { prefixItems: [TEXT, INT64], items: { type: "number" } }, [1], "int64"],
    ["items behind those", { prefixItems: [INT64], items: { type: "number" } }, [1], "number"],
    ["items", { items: INT64 }, [99], "int64"],
    ["items that are not evaluated", { prefixItems: [TEXT], unevaluatedItems: INT64 }, [2], "int64"],
    ["some items", { contains: INT64 }, [0], null],
    ["items of each branch", { anyOf: [{ items: TEXT }, { items: INT64 }] }, [0], "int64"],
    [
      "rests of each branch",
      { oneOf: [{ additionalProperties: TEXT }, { additionalProperties: INT64 }] },
      ["x"],
      "int64",
    ],
    ["prefixes of each branch", { anyOf: [{ prefixItems: [TEXT] }, { prefixItems: [TEXT, INT64] }] }, [1], "int64"],
    ["deep inside", { properties: { a: { items: { additionalProperties: INT64 } } } }, ["a", 3, "z"], "int64"],
    ["a name of digits", { properties: { "0": INT64 } }, ["0"], "int64"],
  ])("declares %s", (_, schema, steps, here) => {
    expect(at(schema, ...steps)).toBe(here);
    // Asked a second time, what is kept must say the same.
    const types = compileNumberTypes(schema);
    expect([typesAt(types, steps).here, typesAt(types, steps).here]).toEqual([here, here]);
  });

  test("two recursive schemas that speak of one place have an answer at every depth", () => {
    const node = (value: JsonObject, name: string): JsonObject => ({
      properties: { next: { $ref: `#/$defs/${name}` }, value },
      additionalProperties: { $ref: `#/$defs/${name}` },
    });
    const schema = {
      allOf: [{ $ref: "#/$defs/a" }, { $ref: "#/$defs/b" }],
      $defs: { a: node({ type: "number" }, "a"), b: node(INT64, "b") },
    };
    const deep = Array.from({ length: 1_000 }, (_, index) => (index % 2 === 0 ? "next" : "other"));
    expect(at(schema, ...deep, "value")).toBe("int64");
    expect(at(schema, ...deep, "next")).toBe(null);
  });

  test("more combinations of patterns than are kept are answered right too", () => {
    const patternProperties = Object.fromEntries(
      Array.from({ length: 20 }, (_, bit) => [`^.{${bit}}1`, { items: { type: "integer", minimum: bit } }]),
    );
    const types = compileNumberTypes({ patternProperties });
    for (let name = 0; name < 5_000; name += 1) {
      const bits = name.toString(2).padStart(20, "0");
      expect(typesAt(types, [bits, 0]).here).toBe(bits.includes("1") ? "integer" : null);
    }
  });
});

test("a name is matched in linear time, as the schema's own engine does it", () => {
  const types = compileNumberTypes({ patternProperties: { "^(a|a)*$": { type: "integer", format: "int64" } } });
  const before = process.threadCpuUsage();
  expect(types.member(`${"a".repeat(29)}b`).here).toBe(null);
  expect(types.member("a".repeat(29)).here).toBe("int64");
  const { user, system } = process.threadCpuUsage(before);
  // The runtime tries 2^29 ways: seconds, and twice as many for each further letter.
  expect((user + system) / 1_000).toBeLessThan(1_500);
});
