import type { JsonObject } from "../../src/json/json.ts";
import { asserted, broken, edit, field, fine, type Edit } from "./edit-row.ts";

const text = (more: JsonObject): JsonObject => field({ type: "string", ...more });
const base: JsonObject = { type: "object", properties: { id: { type: "string" } }, required: ["id"] };
const extended = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  allOf: [{ $ref: "#/$defs/base" }],
  properties,
  unevaluatedProperties: false,
  $defs: { base },
  ...more,
});

/** Formats that are asserted, what nothing else has looked at, and integers of 64 bits. */
export const JUDGED: readonly Edit[] = [
  asserted("an asserted format is added", text({}), text({ format: "email" }), broken, fine),
  asserted("an asserted format is removed", text({ format: "uuid" }), text({}), fine, broken),
  asserted(
    "an asserted format is kept",
    text({ format: "uri" }),
    text({ format: "uri", maxLength: 2_048 }),
    broken,
    fine,
  ),
  asserted("an asserted format is changed", text({ format: "date" }), text({ format: "date-time" }), broken, broken),
  asserted("a uri becomes a uri-reference", text({ format: "uri" }), text({ format: "uri-reference" }), fine, broken),
  asserted("a uri becomes an iri-reference", text({ format: "uri" }), text({ format: "iri-reference" }), fine, broken),
  asserted(
    "a hostname becomes international",
    text({ format: "hostname" }),
    text({ format: "idn-hostname" }),
    fine,
    broken,
  ),
  // email does not look into xn-- labels, and idn-email does.
  asserted("an email becomes international", text({ format: "email" }), text({ format: "idn-email" }), broken, broken),
  asserted("an address is no hostname", text({ format: "ipv4" }), text({ format: "hostname" }), broken, broken),
  asserted(
    "a date is what its pattern says, and more",
    text({ format: "date" }),
    text({ pattern: "^\\d{4}-\\d{2}-\\d{2}$" }),
    fine,
    broken,
  ),
  asserted("a date has ten characters", text({ format: "date" }), text({ minLength: 10, maxLength: 10 }), fine, broken),
  asserted(
    "a pattern that says what a uuid is",
    text({ pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$" }),
    text({ format: "uuid" }),
    fine,
    broken,
  ),
  asserted("listed dates", text({ enum: ["2024-02-29", "2023-10-01"] }), text({ format: "date" }), fine, broken),
  asserted("a listed day that is none", text({ enum: ["2023-02-29"] }), text({ format: "date" }), broken, broken),
  asserted(
    "a format of another type asserts nothing",
    field({ type: "integer" }),
    field({ type: "integer", format: "date" }),
    fine,
    fine,
  ),
  asserted(
    "a format beside a type that it does not speak of",
    field({ type: ["string", "null"], format: "date" }),
    field({ format: "date" }),
    fine,
    broken,
  ),
  edit("every format becomes something to keep", text({ format: "date" }), text({ format: "date" }), broken, fine, [
    "annotate",
    "assert",
  ]),
  edit("every format becomes a note", text({ format: "date" }), text({ format: "date" }), fine, broken, [
    "assert",
    "annotate",
  ]),
  edit("the same without a format", text({}), text({}), fine, fine, ["annotate", "assert"]),
  asserted(
    "int32 is a range",
    field({ type: "integer", format: "int32" }),
    field({ type: "integer", minimum: -2_147_483_648, maximum: 2_147_483_647 }),
    fine,
    fine,
  ),
  edit(
    "a closed extension is written out",
    extended({ x: { type: "integer" } }),
    { ...base, properties: { id: { type: "string" }, x: { type: "integer" } }, additionalProperties: false },
    fine,
    fine,
  ),
  edit(
    "a closed extension takes one more property",
    extended({ x: true }),
    extended({ x: true, y: true }),
    fine,
    broken,
  ),
  edit(
    "an extension is closed",
    { ...extended({ x: true }), unevaluatedProperties: true },
    extended({ x: true }),
    broken,
    fine,
  ),
  edit(
    "what is left over is narrowed",
    { ...extended({ x: true }), unevaluatedProperties: { type: "number" } },
    { ...extended({ x: true }), unevaluatedProperties: { type: "integer" } },
    broken,
    fine,
  ),
  edit(
    "a closed extension stays what it is under another name",
    extended({ x: true }),
    {
      $ref: "#/$defs/whole",
      $defs: {
        base,
        whole: { allOf: [{ $ref: "#/$defs/base" }], properties: { x: true }, unevaluatedProperties: false },
      },
    },
    fine,
    fine,
  ),
  edit("items of any kind must differ", { type: "array" }, { type: "array", uniqueItems: true }, broken, fine),
  edit(
    "an object among the listed values is removed",
    { enum: [{ a: 1 }, { toString: 1 }, 2] },
    { enum: [{ a: 1 }, 2] },
    broken,
    fine,
  ),
];
