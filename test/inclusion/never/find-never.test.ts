import { describe, expect, test } from "vitest";
import { findNever } from "../../../src/inclusion/inclusion.ts";
import type { JsonObject, JsonValue } from "../../../src/json/json.ts";

function places(schema: JsonObject | boolean): readonly string[] {
  return findNever(schema, "annotate").found.map(({ kind, pointer }) => `${kind} ${pointer}`);
}

function object(properties: JsonObject, more: JsonObject = {}): JsonObject {
  return { type: "object", properties, ...more };
}

const closed: JsonObject = { additionalProperties: false };

describe("nothing can pass, and it is said where it is best changed", () => {
  test.each<[string, JsonObject, readonly string[]]>([
    [
      "a required name that a closed object does not list",
      object({ id: {} }, { required: ["id", "idd"], ...closed }),
      ["nothing /required/1"],
    ],
    ["a required property that is false", object({ a: false }, { required: ["a"] }), ["nothing /required/0"]],
    [
      "a required property of an allOf branch that the object around it refuses",
      { allOf: [{ properties: { a: { type: "string" } }, required: ["a"] }], ...object({ b: true }, closed) },
      ["nothing /allOf/0/properties/a"],
    ],
    [
      "a required property of a base that the object extending it refuses",
      {
        ...object({ b: true }, { $ref: "#/$defs/base", ...closed }),
        $defs: { base: object({ id: { type: "string" } }, { required: ["id"] }) },
      },
      ["nothing /$defs/base/properties/id"],
    ],
    ["bounds that cross", object({ a: { minimum: 5, maximum: 3 } }), ["nothing /properties/a/maximum"]],
    [
      "bounds that leave nothing",
      object({ a: { minimum: 1, exclusiveMaximum: 1 } }),
      ["nothing /properties/a/exclusiveMaximum"],
    ],
    [
      "whole numbers of which there are none between",
      { type: "integer", exclusiveMinimum: 1, exclusiveMaximum: 2 },
      ["nothing /exclusiveMaximum"],
    ],
    [
      "bounds without a multiple between them",
      { type: "number", multipleOf: 0.25, minimum: 0.3, maximum: 0.4 },
      ["nothing /maximum"],
    ],
    ["lengths that cross", { type: "string", minLength: 3, maxLength: 2 }, ["nothing /maxLength"]],
    ["counts that cross", { type: "array", minItems: 3, maxItems: 1 }, ["nothing /maxItems"]],
    ["counts of properties that cross", { minProperties: 2, maxProperties: 1 }, ["nothing /maxProperties"]],
    [
      "more required names than properties allowed",
      { required: ["a", "b"], maxProperties: 1 },
      ["nothing /maxProperties"],
    ],
    ["counts of fitting items that cross", { contains: {}, minContains: 2, maxContains: 1 }, ["nothing /maxContains"]],
    ["more items than a closed list has", { prefixItems: [{}], items: false, minItems: 2 }, ["nothing /minItems"]],
    ["a list of values outside its type", { type: "integer", enum: ["a", "b"] }, ["nothing /enum"]],
    ["a constant outside its type", { type: "string", const: 1 }, ["nothing /const"]],
    ["not everything", { type: "object", not: {} }, ["nothing /not"]],
    ["not everything, and nothing else", { not: {} }, ["nothing /not"]],
    [
      "a pattern that is longer than the text may be",
      object({ a: { type: "string", pattern: "^a{5}$", maxLength: 3 } }),
      ["nothing /properties/a"],
    ],
    [
      "a oneOf of equal branches",
      { oneOf: [{ type: "string" }, { title: "x", type: "string" }] },
      ["nothing /oneOf/1"],
    ],
    ["two types at once", { allOf: [{ type: "string" }, { type: "integer" }] }, ["nothing "]],
    [
      "a property of two types",
      object({ x: { type: "integer" } }, { allOf: [{ properties: { x: { type: "string" } } }] }),
      ["nothing /allOf/0/properties/x"],
    ],
    [
      "items that cannot be what the list must contain",
      { type: "array", items: { type: "string" }, contains: { type: "integer" } },
      ["nothing "],
    ],
    [
      "a value that requires another one of its kind without end",
      { $ref: "#/$defs/n", $defs: { n: object({ next: { $ref: "#/$defs/n" } }, { required: ["next"] }) } },
      ["nothing /$defs/n/properties/next"],
    ],
    [
      "what a condition asks of a closed object",
      object({ k: {} }, { ...closed, if: { required: ["k"] }, then: { required: ["x"] } }),
      ["nothing /then"],
    ],
    [
      "the innermost cause alone",
      object({ a: object({ b: { minLength: 2, maxLength: 1 } }, { required: ["b"] }) }, { required: ["a"] }),
      ["nothing /properties/a/properties/b/maxLength"],
    ],
  ])("%s", (_, schema, expected) => {
    expect(places(schema)).toEqual(expected);
  });
});

describe("formats that are asserted", () => {
  test.each<[string, JsonObject, readonly string[]]>([
    ["a constant that is no date", { format: "date", const: "2023-02-30" }, ["nothing /const"]],
    ["a listed text that is no date", { format: "date", enum: ["2023-02-30", "2024-02-29"] }, ["part /enum/0"]],
    ["a date that may have eight characters", { type: "string", format: "date", maxLength: 8 }, ["nothing "]],
    ["a date that begins with a letter", { type: "string", format: "date", pattern: "^[a-z]" }, ["nothing "]],
    [
      "an address that is a date too",
      { type: "string", allOf: [{ format: "ipv4" }, { format: "date" }] },
      ["nothing "],
    ],
    ["an integer beyond 64 bits", { type: "integer", format: "int64", minimum: 1e19 }, ["nothing "]],
  ])("%s", (_, schema, expected) => {
    expect(findNever(schema, "assert").found.map(({ kind, pointer }) => `${kind} ${pointer}`)).toEqual(expected);
  });

  test("are notes where the version says so", () => {
    expect(findNever({ format: "date", enum: ["2023-02-30"], maxLength: 10 }, "annotate").found).toEqual([]);
  });
});

describe("what nothing else has looked at", () => {
  const base = object({ id: { type: "string" } }, { required: ["id"] });
  const extended = object({ x: {} }, { allOf: [base], unevaluatedProperties: false });

  test("is refused when it is required", () => {
    expect(places({ ...extended, required: ["id", "idd"] })).toEqual(["nothing /required/1"]);
  });

  test("is no finding where the base describes it", () => {
    expect(places({ ...extended, required: ["id", "x"] })).toEqual([]);
  });

  test("may be what a base around it closes", () => {
    expect(places({ allOf: [extended], properties: { y: {} } })).toEqual(["part /properties/y"]);
  });
});

describe("a part that never matters", () => {
  test.each<[string, JsonObject, readonly string[]]>([
    [
      "an optional property that the object around it refuses",
      { allOf: [{ properties: { a: {} } }], ...object({ b: true }, closed) },
      ["part /allOf/0/properties/a"],
    ],
    [
      "the properties of two closed objects at once",
      { allOf: [object({ a: true }, closed), object({ b: true }, closed)] },
      ["part /allOf/0/properties/a", "part /allOf/1/properties/b"],
    ],
    [
      "a name that propertyNames refuses",
      object({ ID: true }, { propertyNames: { pattern: "^[a-z]+$" } }),
      ["part /properties/ID"],
    ],
    ["a listed value outside its type", { type: "string", enum: ["a", 1] }, ["part /enum/1"]],
    ["a listed value that is too long", { enum: ["a", "bb"], maxLength: 1 }, ["part /enum/1"]],
    [
      "two equal branches",
      { oneOf: [{ type: "string" }, { title: "x", type: "string" }, { type: "null" }] },
      ["part /oneOf/1"],
    ],
    ["a branch inside another", { oneOf: [{ type: "number" }, { type: "integer" }] }, ["part /oneOf/1"]],
    ["a branch of another type", { type: "object", anyOf: [{ type: "null" }, { required: ["a"] }] }, ["part /anyOf/0"]],
    [
      "a branch for a kind that is not listed",
      object(
        { kind: { enum: ["a", "b"] } },
        {
          required: ["kind"],
          oneOf: [{ properties: { kind: { const: "a" } } }, { properties: { kind: { const: "c" } } }],
        },
      ),
      ["part /oneOf/1"],
    ],
    [
      "a condition that never holds",
      object(
        { k: { enum: ["a"] } },
        { if: object({ k: { const: "c" } }, { required: ["k"] }), then: { required: ["x"] } },
      ),
      ["part /if"],
    ],
    [
      "a property that needs one that is refused",
      object({ a: true }, { ...closed, dependentRequired: { a: ["b"] } }),
      ["part /dependentRequired/a/0"],
    ],
  ])("%s", (_, schema, expected) => {
    expect(places(schema)).toEqual(expected);
  });
});

describe("nothing is said of", () => {
  const base = object({ kind: { enum: ["a", "b"] }, x: { type: "string" } }, { required: ["kind"] });

  test.each<[string, JsonObject | boolean]>([
    ["false, written by hand", false],
    ["a property that is false", object({ a: false, b: true })],
    ["a property that older drafts wrote false", object({ a: { not: {} } })],
    ["a base property turned off by hand", { allOf: [base], properties: { x: false } }],
    ["a branch that is false", { anyOf: [false, { type: "string" }] }],
    ["a condition that forbids", object({ k: {} }, { if: { required: ["k"] }, then: false })],
    [
      "a base that is narrowed to one of its kinds",
      { allOf: [{ $ref: "#/$defs/base" }], properties: { kind: { const: "a" } }, $defs: { base } },
    ],
    [
      "branches told apart by their kind",
      {
        oneOf: [
          object({ kind: { const: "a" }, x: { type: "integer" } }, { required: ["kind"] }),
          object({ kind: { const: "b" } }, { required: ["kind"] }),
        ],
      },
    ],
    ["anyOf branches inside one another", { anyOf: [{ type: "number" }, { type: "integer" }] }],
    [
      "a tree",
      { $ref: "#/$defs/n", $defs: { n: object({ next: { $ref: "#/$defs/n" }, v: {} }, { required: ["v"] }) } },
    ],
    ["a required name that a pattern allows", { patternProperties: { "^x": true }, required: ["xa"], ...closed }],
    ["bounds that touch", { minimum: 1, maximum: 1, minLength: 2, maxLength: 2 }],
  ])("%s", (_, schema) => {
    expect(places(schema)).toEqual([]);
  });
});

test.each<[JsonObject, boolean]>([
  [object({ a: { minimum: 2, maximum: 1 } }), false],
  [object({ a: { type: "number", minimum: 2, maximum: 1 } }, { required: ["a"] }), true],
  [{ type: "array", anyOf: [{ type: "string" }, { type: "object" }] }, true],
])("of %j it is told whether nothing at all passes", (schema, isWhole) => {
  const report = findNever(schema, "annotate");
  expect([report.found.length, report.isWhole]).toEqual([1, isWhole]);
});

describe("the words", () => {
  const words = (schema: JsonObject): readonly string[] =>
    findNever(schema, "annotate").found.map(({ message, remedy }) => `${message}; ${remedy}`);

  test("name the property that was meant", () => {
    expect(words(object({ id: {} }, { required: ["idd"], ...closed }))).toEqual([
      'No object can pass: "idd" is required, and additionalProperties: false refuses it (did you mean "id"?); Add "idd" to properties, or correct the name',
    ]);
  });

  test("name both bounds", () => {
    expect(words({ minimum: 5, maximum: 3 })).toEqual([
      "No number can pass: minimum 5 and maximum 3 cross; Set maximum to 5 or more, or lower minimum",
    ]);
  });

  test("name the keyword that refuses a listed value", () => {
    expect(words({ type: "string", enum: ["a", 1] as JsonValue })).toEqual([
      "1 can never match: type beside enum refuses it; Remove the value, or correct what refuses it",
    ]);
  });

  test("name the schema that the branch contradicts, and the field", () => {
    const schema = object(
      { kind: { enum: ["a"] } },
      { required: ["kind"], anyOf: [{ properties: { kind: { const: "c" } } }, {}] },
    );
    expect(words(schema)).toEqual([
      'The branch of anyOf can never match: it contradicts the schema itself about "kind"; Remove it, or correct what it contradicts',
    ]);
  });
});

describe("a definition that nothing refers to and that cannot be evaluated", () => {
  test.each<[string, JsonObject]>([
    ["leads back to itself", { loop: { enum: [2], anyOf: [{ const: 1 }, { $ref: "#/$defs/loop" }] } }],
    [
      "leads back to itself through another",
      { a: { enum: [2], $ref: "#/$defs/b" }, b: { allOf: [{ $ref: "#/$defs/a" }] } },
    ],
    [
      "refers to where identifiers differ",
      { a: { enum: [2], $ref: "https://example.com/b" }, b: { $id: "https://example.com/b", type: "number" } },
    ],
    ["depends on who refers", { a: { enum: [2], $dynamicRef: "#d" }, d: { $dynamicAnchor: "d", type: "number" } }],
  ])("%s: the rest is searched", (_, $defs) => {
    expect(places({ ...object({ a: { minimum: 5, maximum: 3 } }), $defs })).toEqual(["nothing /properties/a/maximum"]);
  });
});
