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
      "uniqueItems without a bound",
      { uniqueItems: true, items: { type: "string" } },
      ["unbounded-unique /uniqueItems"],
    ],
    [
      "uniqueItems with too large a bound",
      { uniqueItems: true, maxItems: 101, items: { type: "string" } },
      ["unbounded-unique /uniqueItems"],
    ],
    [
      "a property that no payload can have",
      { properties: { constructor: {} } },
      ["forbidden-property /properties/constructor"],
    ],
    ["a dynamic reference", { $dynamicRef: "#a" }, ["unknown-keyword /$dynamicRef"]],
    ["unevaluatedItems", { unevaluatedItems: false }, ["unknown-keyword /unevaluatedItems"]],
    ["unevaluatedProperties", { unevaluatedProperties: false }, ["unknown-keyword /unevaluatedProperties"]],
    [
      "uniqueItems of objects",
      { uniqueItems: true, maxItems: 3, items: { type: "object" } },
      ["unique-objects /uniqueItems"],
    ],
    ["contains beside prefixItems", { contains: {}, prefixItems: [{}] }, ["contains-with-prefix /contains"]],
    ["not with a bare true", { not: true }, ["boolean-subschema /not"]],
    ["contains with a bare false", { contains: false }, ["boolean-subschema /contains"]],
    ["a schema nested too deep", nested(40), [`too-deep ${"/not".repeat(32)}`]],
    ["a schema too large", { description: "x".repeat(256_001) }, ["too-large "]],
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
    ["uniqueItems with a small bound", { uniqueItems: true, maxItems: 100, items: { type: "integer" } }],
    ["a property called like a keyword", { properties: { minimun: {}, $ref: {} } }],
    ["a value that looks like a schema", { const: { $ref: "https://example.org" }, enum: [{ minimun: 1 }] }],
    ["a property called toString", { properties: { toString: {} } }],
    ["a schema just deep enough", nested(31)],
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
});
