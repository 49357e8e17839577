import { describe, expect, test } from "vitest";
import { importSchema } from "../../src/authoring/import-schema.ts";
import type { Unmapped } from "../../src/authoring/draft.ts";
import type { JsonObject } from "../../src/json/json.ts";
import { refuseSchema } from "../../src/schema/schema-lint.ts";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";
const [DRAFT_4, DRAFT_7] = ["http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-07/schema#"];

/** Imports one document that has nobody else to refer to. */
function upgradeSchema(document: JsonObject): { readonly schema: JsonObject; readonly unmapped: readonly Unmapped[] } {
  const file = { name: "s.json", uri: "file:///s.json", fileUri: "file:///s.json", value: document };
  const { schema, unmapped, problems } = importSchema(file, () => ({ ok: false, why: "which is not there" }));
  expect(problems).toEqual([]);
  return { schema: schema as JsonObject, unmapped };
}

describe("a JSON Schema of an earlier dialect", () => {
  test.each<[string, JsonObject, JsonObject]>([
    [
      "definitions",
      { definitions: { a: { type: "string" } }, $ref: "#/definitions/a" },
      { $defs: { a: { type: "string" } }, $ref: "#/$defs/a" },
    ],
    [
      "a bound that excludes itself",
      { minimum: 1, exclusiveMinimum: true, maximum: 9 },
      { exclusiveMinimum: 1, maximum: 9 },
    ],
    ["a bound that does not", { minimum: 1, exclusiveMinimum: false }, { minimum: 1 }],
    ["bounds of later drafts", { minimum: 1, exclusiveMinimum: 0 }, { minimum: 1, exclusiveMinimum: 0 }],
    [
      "a list of items",
      { items: [{ type: "string" }], additionalItems: false },
      { prefixItems: [{ type: "string" }], items: false },
    ],
    [
      "items for all",
      { items: { minimum: 1, exclusiveMinimum: true }, additionalItems: false },
      { items: { exclusiveMinimum: 1 } },
    ],
    [
      "dependencies",
      { dependencies: { a: ["b"], c: { required: ["d"] } } },
      { dependentRequired: { a: ["b"] }, dependentSchemas: { c: { required: ["d"] } } },
    ],
    [
      "nullable",
      { properties: { a: { type: "string", nullable: true } } },
      { properties: { a: { type: ["string", "null"] } } },
    ],
    ["an absolute id", { id: "https://example.com/a#" }, { $id: "https://example.com/a" }],
    [
      "properties called like keywords",
      { properties: { items: { type: "string" }, id: { type: "string" } } },
      { properties: { items: { type: "string" }, id: { type: "string" } } },
    ],
  ])("keeps its meaning: %s", (_, before, after) => {
    const { schema, unmapped } = upgradeSchema({ $schema: DRAFT_4, ...before });
    expect([schema, unmapped]).toEqual([{ $schema: DIALECT, ...after }, []]);
    expect(refuseSchema(schema)).toEqual([]);
  });

  test("what stands beside $ref is left out where its dialect ignores it, and kept where it counts", () => {
    const schema = { $defs: { a: {} }, properties: { x: { $ref: "#/$defs/a", minimum: 1 } } };
    expect(upgradeSchema({ $schema: DRAFT_7, ...schema })).toMatchObject({
      schema: { properties: { x: { $ref: "#/$defs/a" } } },
      unmapped: [{ path: "/properties/x/minimum" }],
    });
    expect(upgradeSchema({ $schema: DIALECT, ...schema })).toEqual({
      schema: { $schema: DIALECT, ...schema },
      unmapped: [],
    });
  });

  test("a note of another form stays a note", () => {
    const { schema, unmapped } = upgradeSchema({ $schema: DRAFT_7, deprecated: "use b", examples: "x", title: "T" });
    expect(schema).toEqual({ $schema: DIALECT, "x-deprecated": "use b", "x-examples": "x", title: "T" });
    expect(unmapped.map(({ path }) => path)).toEqual(["/deprecated", "/examples"]);
  });

  test("names what has no meaning here, and keeps it as a note", () => {
    const { schema, unmapped } = upgradeSchema({
      properties: { a: { type: "string", format: "color", javaType: "X" }, b: { id: "#b" } },
    });
    expect(schema).toEqual({
      $schema: DIALECT,
      properties: { a: { type: "string", "x-format": "color", "x-javaType": "X" }, b: { $anchor: "b" } },
    });
    expect(unmapped.map(({ path }) => path)).toEqual(["/properties/a/format", "/properties/a/javaType"]);
  });
});

describe("a keyword that the declared dialect does not have yet", () => {
  const some = { type: "object", properties: { a: { type: "string" } } };
  test.each<[string, string, JsonObject, boolean]>([
    ["draft-07", "unevaluatedProperties", { ...some, unevaluatedProperties: false }, true],
    ["draft-07", "dependentRequired", { dependentRequired: { a: ["b"] } }, true],
    ["draft-07", "minContains", { contains: true, minContains: 2 }, true],
    ["draft-07", "const", { const: 1 }, false],
    ["draft-06", "then", { then: false }, true],
    ["draft-06", "propertyNames", { propertyNames: false }, false],
    ["draft-04", "const", { const: 1 }, true],
    ["2019-09", "prefixItems", { prefixItems: [false] }, true],
    ["2019-09", "unevaluatedItems", { unevaluatedItems: false }, false],
    ["2020-12", "prefixItems", { prefixItems: [false] }, false],
  ])("%s, %s", (draft, keyword, document, isIgnored) => {
    const $schema = draft.startsWith("draft")
      ? `http://json-schema.org/${draft}/schema#`
      : `https://json-schema.org/draft/${draft}/schema`;
    const { schema, unmapped } = upgradeSchema({ $schema, ...document });
    expect([keyword in schema, `x-${keyword}` in schema]).toEqual([!isIgnored, isIgnored]);
    expect(unmapped).toEqual(
      isIgnored
        ? [
            {
              path: `/${keyword}`,
              why: `"${keyword}" is of a later dialect than the one the document declares, which ignores it: kept as a note`,
            },
          ]
        : [],
    );
  });

  test("a document that declares none means them all", () => {
    expect(upgradeSchema({ unevaluatedProperties: false, const: {} }).unmapped).toEqual([]);
  });
});
