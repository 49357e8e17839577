import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/json/json.ts";
import { refuseSchema } from "../../src/schema/schema-lint.ts";

const found = (schema: JsonObject): readonly string[] =>
  refuseSchema(schema).map(({ code, pointer }) => `${code} ${pointer}`);

function nested(depth: number): JsonObject {
  return depth === 0 ? {} : { not: nested(depth - 1) };
}

describe("refuseSchema()", () => {
  test.each<readonly [string, JsonObject, readonly string[]]>([
    ["another dialect", { $schema: "http://json-schema.org/draft-07/schema#" }, ["dialect /$schema"]],
    ["a keyword nobody judges", { minimun: 3 }, ["unknown-keyword /minimun"]],
    [
      "a keyword nobody judges, deep inside",
      { properties: { a: { items: { requird: [] } } } },
      ["unknown-keyword /properties/a/items/requird"],
    ],
    ["a reference to another host", { $ref: "https://example.org/x.json" }, ["remote-ref /$ref"]],
    ["a reference to a file", { items: { $ref: "file:///etc/passwd" } }, ["remote-ref /items/$ref"]],
    ["a reference to a relative document", { $ref: "other.json#/a" }, ["remote-ref /$ref"]],
    ["a reference to nothing", { $ref: "#/$defs/none" }, ["unresolved-ref /$ref"]],
    [
      "a property that no payload can have",
      { properties: { constructor: {} } },
      ["forbidden-property /properties/constructor"],
    ],
    ["a reference with a bare percent", { $ref: "#/$defs/100%", $defs: { "100%": {} } }, ["unresolved-ref /$ref"]],
    [
      "an anchor that two schemas have",
      { $ref: "#a", $defs: { a: { $anchor: "a", type: "string" }, b: { $dynamicAnchor: "a" } } },
      ["repeated-name /$defs/b/$dynamicAnchor"],
    ],
    [
      "an $id that two schemas have",
      { $defs: { a: { $id: "urn:x:a", type: "string" }, b: { $id: "urn:x:a", type: "number" } }, $ref: "urn:x:a" },
      ["repeated-name /$defs/b/$id"],
    ],
    [
      "an $id inside that is the one of the root",
      { $id: "https://example.org/x", $defs: { a: { $id: "x" } } },
      ["repeated-name /$defs/a/$id"],
    ],
    ["an empty $id inside", { items: { $id: "" } }, ["repeated-name /items/$id"]],
    ["a vocabulary", { $vocabulary: {} }, ["unknown-keyword /$vocabulary"]],
    ["a format nobody can assert", { items: { format: "colour" } }, ["unknown-format /items/format"]],
    ["a pattern that is none", { pattern: "(" }, ["pattern-syntax /pattern"]],
    [
      "an escape that flag u does not have",
      { patternProperties: { "a\\:": {} } },
      ["pattern-syntax /patternProperties/a\\:"],
    ],
    [
      "more property escapes than compile in a moment",
      { properties: { a: { pattern: "\\p{L}".repeat(900) }, b: { pattern: `[${"\\P{Lu}".repeat(101)}]` } } },
      ["pattern-syntax /properties/b/pattern"],
    ],
    ["a schema nested too deep", nested(70), [`too-deep ${"/not".repeat(64)}`]],
    ["a schema too large", { description: "x".repeat(1_000_001) }, ["too-large "]],
  ])("refuses %s", (_, schema, expected) => {
    expect(found(schema)).toEqual(expected);
  });

  test.each<readonly [string, JsonObject]>([
    ["its own dialect", { $schema: "https://json-schema.org/draft/2020-12/schema" }],
    ["a note that begins with x-", { "x-owner": { anything: [1] } }],
    ["a reference inside the document", { $defs: { a: { type: "string" } }, $ref: "#/$defs/a" }],
    ["a reference with escaped steps", { $defs: { "a/b": {} }, $ref: "#/$defs/a~1b" }],
    ["a reference by anchor", { $defs: { a: { $anchor: "here" } }, $ref: "#here" }],
    ["a recursive reference", { properties: { next: { $ref: "#" } } }],
    ["uniqueItems of anything", { uniqueItems: true }],
    ["a dynamic reference", { $dynamicRef: "#a", $defs: { a: { $dynamicAnchor: "a" } } }],
    ["unevaluatedItems and unevaluatedProperties", { unevaluatedItems: false, unevaluatedProperties: false }],
    ["a bare true or false anywhere", { not: true, contains: false, prefixItems: [true] }],
    [
      "an embedded resource",
      { $ref: "urn:x:a", $defs: { a: { $id: "urn:x:a", $ref: "#b", $defs: { b: { $anchor: "b" } } } } },
    ],
    [
      "an anchor of two resources",
      { $defs: { a: { $id: "urn:x:a", $anchor: "c" }, b: { $id: "urn:x:b", $anchor: "c" } } },
    ],
    ["a schema with both anchors of one name", { $anchor: "a", $dynamicAnchor: "a" }],
    ["a class of characters beyond the basic plane", { pattern: "^[😀-🙏]$" }],
    ["formats of numbers", { properties: { a: { format: "int64" }, b: { format: "double" } } }],
    ["a property called like a keyword", { properties: { minimun: {}, $ref: {} } }],
    ["a value that looks like a schema", { const: { $ref: "https://example.org" }, enum: [{ minimun: 1 }] }],
    ["a property called toString", { properties: { toString: {} } }],
    ["a schema just deep enough", nested(63)],
  ])("takes %s", (_, schema) => {
    expect(found(schema)).toEqual([]);
  });

  test("names every refusal at once, in document order", () => {
    expect(found({ a: 1, properties: { b: { c: 2 }, d: { $ref: "#/none" } } })).toEqual([
      "unknown-keyword /a",
      "unknown-keyword /properties/b/c",
      "unresolved-ref /properties/d/$ref",
    ]);
  });

  test("takes any format where formats are notes", () => {
    expect(refuseSchema({ format: "colour" }, "annotate")).toEqual([]);
  });

  test.each<readonly [JsonObject, string]>([
    [{ multipleOf: 0 }, "/multipleOf: multipleOf must be > 0"],
    [{ multipleOf: -1 }, "/multipleOf: multipleOf must be > 0"],
    [{ type: [] }, "/type: type must not have fewer than 1 item"],
    [{ type: "text" }, '/type: type must be one of array, boolean, integer, "null", number, object, string'],
    [{ minLength: -1 }, "/minLength: minLength must be >= 0"],
    [{ maxLength: 1.5 }, "/maxLength: maxLength must be integer"],
    [{ type: "object", required: [1] }, "/required/0: required/0 must be string"],
    [{ oneOf: [] }, "/oneOf: oneOf must not have fewer than 1 item"],
    [{ type: ["string", "string"] }, "/type: type must not have equal items (items 0 and 1 are equal)"],
    [{ dependentRequired: { a: [1] } }, "/dependentRequired/a/0: dependentRequired/a/0 must be string"],
    [{ description: ["x"] }, "/description: description must be string"],
    [{ items: [{}] }, "/items: items must be object or boolean"],
    [{ properties: { a: 3 } }, "/properties/a: properties/a must be object or boolean"],
  ])("says what the meta-schema has against %j", (schema, expected) => {
    expect(refuseSchema(schema).map(({ pointer, code, message }) => `${code} ${pointer}: ${message}`)).toEqual([
      `invalid ${expected}`,
    ]);
  });
});
