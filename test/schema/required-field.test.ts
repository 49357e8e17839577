import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/json/json.ts";
import { schemaRequires } from "../../src/schema/required-field.ts";

const ID: JsonObject = { type: "object", required: ["id"] };

describe("showing that a schema requires a field", () => {
  test.each<[string, JsonObject | boolean, string]>([
    ["the whole payload", true, ""],
    ["a required property", ID, "/id"],
    ["a type in a list", { type: ["object"], required: ["id"] }, "/id"],
    ["a nested property", { type: "object", required: ["a"], properties: { a: ID } }, "/a/id"],
    ["through allOf", { allOf: [{ type: "object" }, { required: ["id"] }] }, "/id"],
    ["through a local reference", { $ref: "#/$defs/id", $defs: { id: ID } }, "/id"],
    [
      "in a property by reference",
      { type: "object", required: ["a"], properties: { a: { $ref: "#/$defs/id" } }, $defs: { id: ID } },
      "/a/id",
    ],
    ["an item of an array", { type: "array", minItems: 2, items: ID }, "/1/id"],
    ["a prefix item", { type: "array", minItems: 1, prefixItems: [ID] }, "/0/id"],
    ["an escaped name", { type: "object", required: ["a/b~c"] }, "/a~1b~0c"],
    ["of a schema that accepts nothing", false, "/id"],
    ["every branch requires it", { oneOf: [ID, { $ref: "#/$defs/id" }], $defs: { id: ID } }, "/id"],
    [
      "every branch does, beside the type",
      { type: "object", anyOf: [{ required: ["id"] }, { required: ["id", "b"] }] },
      "/id",
    ],
    ["a choice in a branch", { type: "object", anyOf: [ID, { oneOf: [ID, { allOf: [ID] }] }] }, "/id"],
    ["behind a reference", { $ref: "#/$defs/c", $defs: { c: { type: "object", oneOf: [ID, ID] } } }, "/id"],
    ["a branch that accepts nothing", { anyOf: [ID, false], properties: { id: { type: "string" } } }, "/id"],
    [
      "a property of every branch",
      { anyOf: ["x", "y"].map((k) => ({ ...ID, required: ["a", k], properties: { a: ID } })) },
      "/a/id",
    ],
    [
      "a hundred and fifty branches",
      { oneOf: Array.from({ length: 150 }, () => ({ $ref: "#/$defs/id" })), $defs: { id: ID } },
      "/id",
    ],
    [
      "a reference within its own identifier",
      { allOf: [{ $id: "https://example.com/x", $ref: "#/$defs/id", $defs: { id: ID } }], $defs: { id: {} } },
      "/id",
    ],
  ])("%s", (_, schema, pointer) => {
    expect(schemaRequires(schema, pointer)).toBe(true);
  });

  test.each<[string, JsonObject | boolean, string]>([
    ["everything goes", true, "/id"],
    ["not required", { type: "object", properties: { id: {} } }, "/id"],
    ["other types go too", { required: ["id"] }, "/id"],
    ["two types", { type: ["object", "null"], required: ["id"] }, "/id"],
    ["the way to it is not required", { type: "object", properties: { a: ID } }, "/a/id"],
    ["only one branch requires it", { type: "object", anyOf: [ID, {}] }, "/id"],
    ["a branch of a branch does not", { type: "object", oneOf: [ID, { anyOf: [ID, {}] }] }, "/id"],
    ["each of two choices lacks a branch", { type: "object", anyOf: [ID, {}], oneOf: [ID, {}] }, "/id"],
    ["a choice in a circle", { type: "object", anyOf: [{ $ref: "#" }, { $ref: "#" }] }, "/id"],
    [
      "a reference means its own identifier",
      { allOf: [{ $id: "https://example.com/x", $ref: "#/$defs/id", $defs: { id: {} } }], $defs: { id: ID } },
      "/id",
    ],
    ["a short array", { type: "array", minItems: 1, items: ID }, "/1/id"],
    ["no index", { type: "array", minItems: 5, items: ID }, "/01/id"],
    ["a reference in a circle", { $ref: "#" }, "/id"],
    ["a reference to nowhere", { $ref: "#/$defs/id" }, "/id"],
    ["an inherited name", ID, "/toString"],
  ])("is not shown when %s", (_, schema, pointer) => {
    expect(schemaRequires(schema, pointer)).toBe(false);
  });
});
