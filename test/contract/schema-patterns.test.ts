import { expect, test } from "vitest";
import { schemaPatterns } from "../../src/contract/schema-patterns.ts";

test("finds the patterns of every place where a schema may stand", () => {
  const schema = {
    pattern: "a",
    properties: { "x/y": { pattern: "b" }, pattern: { type: "string" } },
    patternProperties: { "^c~": { items: { pattern: "d" } } },
    allOf: [{ not: { pattern: "e" } }],
    $defs: { f: { prefixItems: [{}, { pattern: "f" }] } },
    additionalProperties: { pattern: "g" },
  };
  expect(schemaPatterns(schema)).toEqual([
    { pattern: "a", pointer: "/pattern" },
    { pattern: "g", pointer: "/additionalProperties/pattern" },
    { pattern: "e", pointer: "/allOf/0/not/pattern" },
    { pattern: "f", pointer: "/$defs/f/prefixItems/1/pattern" },
    { pattern: "^c~", pointer: "/patternProperties/^c~0" },
    { pattern: "d", pointer: "/patternProperties/^c~0/items/pattern" },
    { pattern: "b", pointer: "/properties/x~1y/pattern" },
  ]);
});

test("takes constants and examples for what they are", () => {
  expect(
    schemaPatterns({ const: { pattern: "(a+)+" }, enum: [{ pattern: "b" }], examples: [{ pattern: "c" }] }),
  ).toEqual([]);
  expect(schemaPatterns(true)).toEqual([]);
});
