import type { JsonObject, JsonValue } from "../../src/json/json.ts";
import { broken, edit, field, fine, type Edit } from "./edit-row.ts";

const open = { type: "object", properties: { a: { type: "string" } } };
const zip = { required: ["zip"] };
const inUs = { required: ["country"], properties: { country: { const: "US" } } };
const tree = (leaf: JsonObject): JsonObject => ({
  $ref: "#/$defs/tree",
  $defs: {
    tree: {
      type: "object",
      properties: { value: leaf, left: { $ref: "#/$defs/tree" }, right: { $ref: "#/$defs/tree" } },
      required: ["value"],
    },
  },
});

/** Edits that a well-known library of schema differences does not see or fails on: 19 and more. */
export const OVERLOOKED: readonly Edit[] = [
  edit("a pattern is added", field({ type: "string" }), field({ type: "string", pattern: "^[A-Z]{3}$" }), broken, fine),
  edit(
    "a pattern is removed",
    field({ type: "string", pattern: "^[A-Z]{3}$" }),
    field({ type: "string" }),
    fine,
    broken,
  ),
  edit(
    "a pattern is widened",
    field({ type: "string", pattern: "^[A-Z]{3}$" }),
    field({ type: "string", pattern: "^[A-Z]{2,4}$" }),
    fine,
    broken,
  ),
  edit(
    "a pattern is written in another way",
    field({ type: "string", pattern: "^(?:ab|ac)+$" }),
    field({ type: "string", pattern: "^(?:a[bc])+$" }),
    fine,
    fine,
  ),
  edit(
    "a pattern is replaced by lengths",
    field({ type: "string", pattern: "^.{2,5}$" }),
    field({ type: "string", minLength: 2, maxLength: 5 }),
    fine,
    broken,
  ),
  edit(
    "a pattern with look-ahead is replaced",
    field({ type: "string", pattern: "^(?!x)a*$" }),
    field({ type: "string", pattern: "^a*$" }),
    "unknown",
    "unknown",
  ),
  edit(
    "a format that is a note is added",
    field({ type: "string" }),
    field({ type: "string", format: "email" }),
    fine,
    fine,
  ),
  edit(
    "a format that is a note is changed",
    field({ type: "string", format: "date" }),
    field({ type: "string", format: "date-time" }),
    fine,
    fine,
  ),
  edit("an enum is narrowed", field({ enum: ["a", "b", "c"] }), field({ enum: ["a", "b"] }), broken, fine),
  edit("an enum is widened", field({ enum: ["a", "b"] }), field({ enum: ["a", "b", "c"] }), fine, broken),
  edit("an enum is reordered", field({ enum: ["a", "b"] }), field({ enum: ["b", "a"] }), fine, fine),
  edit("an enum is replaced by its type", field({ enum: ["a", "b"] }), field({ type: "string" }), fine, broken),
  edit("a const becomes an enum", field({ const: 1 }), field({ enum: [1, 2] }), fine, broken),
  edit(
    "an enum is replaced by the integers it lists",
    field({ enum: [1, 2, 3] }),
    field({ type: "integer", minimum: 1, maximum: 3 }),
    fine,
    fine,
  ),
  edit(
    "multipleOf is added",
    field({ type: "integer", minimum: 0, maximum: 100 }),
    field({ type: "integer", minimum: 0, maximum: 100, multipleOf: 5 }),
    broken,
    fine,
  ),
  edit("multipleOf is removed", field({ type: "number", multipleOf: 0.5 }), field({ type: "number" }), fine, broken),
  edit(
    "multipleOf is loosened on a bounded integer",
    field({ type: "integer", minimum: 0, maximum: 1000, multipleOf: 10 }),
    field({ type: "integer", minimum: 0, maximum: 1000, multipleOf: 5 }),
    fine,
    broken,
  ),
  edit(
    "multipleOf is halved",
    field({ type: "number", minimum: 0, maximum: 1000, multipleOf: 0.5 }),
    field({ type: "number", minimum: 0, maximum: 1000, multipleOf: 0.25 }),
    fine,
    broken,
  ),
  edit(
    "multipleOf three tenths becomes one tenth",
    field({ type: "number", minimum: 0, maximum: 1000, multipleOf: 0.3 }),
    field({ type: "number", minimum: 0, maximum: 1000, multipleOf: 0.1 }),
    fine,
    broken,
  ),
  edit(
    "multipleOf tenths becomes hundredths",
    field({ type: "number", minimum: 0, maximum: 1000, multipleOf: 0.1 }),
    field({ type: "number", minimum: 0, maximum: 1000, multipleOf: 0.01 }),
    fine,
    broken,
  ),
  edit(
    "multipleOf cents becomes tenths",
    field({ type: "number", multipleOf: 0.01 }),
    field({ type: "number", multipleOf: 0.1 }),
    broken,
    fine,
  ),
  edit("a condition is added", open, { ...open, if: inUs, then: zip }, broken, fine),
  edit("a condition is removed", { ...open, if: inUs, then: zip }, open, fine, broken),
  edit(
    "a condition asks for more",
    { ...open, if: inUs, then: zip },
    { ...open, if: inUs, then: { required: ["zip", "state"] } },
    broken,
    fine,
  ),
  edit(
    "a condition is written as anyOf",
    { if: inUs, then: zip, else: true },
    { anyOf: [{ not: inUs }, zip] },
    fine,
    fine,
  ),
  edit(
    "a condition gets an else that holds anyway",
    { type: "object", if: inUs, then: zip },
    { type: "object", if: inUs, then: zip, else: { type: "object" } },
    fine,
    fine,
  ),
  edit("dependentRequired is added", open, { ...open, dependentRequired: { a: ["b"] } }, broken, fine),
  edit("dependentRequired is removed", { ...open, dependentRequired: { a: ["b"] } }, open, fine, broken),
  edit(
    "dependentRequired is added where both are required",
    { ...open, required: ["a", "b"] },
    { ...open, required: ["a", "b"], dependentRequired: { a: ["b"] } },
    fine,
    fine,
  ),
  edit(
    "dependentRequired is written as dependentSchemas",
    { ...open, dependentRequired: { a: ["b"] } },
    { ...open, dependentSchemas: { a: { required: ["b"] } } },
    fine,
    fine,
  ),
  edit(
    "dependentRequired is written as if and then",
    { ...open, dependentRequired: { a: ["b"] } },
    { ...open, if: { required: ["a"] }, then: { required: ["b"] } },
    fine,
    fine,
  ),
  edit("a circular schema is widened at its leaves", tree({ type: "integer" }), tree({ type: "number" }), fine, broken),
  edit(
    "a circular schema is narrowed at its leaves",
    tree({ type: "number" }),
    tree({ type: "number", minimum: 0 }),
    broken,
    fine,
  ),
  edit(
    "a circular schema is unrolled once",
    tree({ type: "string" }),
    {
      ...(tree({ type: "string" })["$defs"] as { tree: JsonObject }).tree,
      $defs: tree({ type: "string" })["$defs"] as JsonValue,
    },
    fine,
    fine,
  ),
];
