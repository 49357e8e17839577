import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../src/json/json.ts";
import { refuseSchema } from "../../src/schema/schema-lint.ts";
import { compileSchema, VIOLATIONS_MAX } from "../../src/schema/schema.ts";
import { schemaGroups } from "../conformance.ts";

type Schema = JsonObject | boolean;

const SHIPMENT = JSON.parse(
  readFileSync(new URL("../../contracts/shipment/v1.schema.json", import.meta.url), "utf8"),
) as JsonObject;

describe("the official JSON Schema 2020-12 suite", () => {
  test("has no wrong verdict among its 1,299 but for the refused constructs, and an explanation for every no", () => {
    const counts = { judged: 0, refused: 0 };
    const wrong: string[] = [];
    for (const { file, description, schema, tests } of schemaGroups()) {
      if (refuseSchema(schema as Schema).length > 0) {
        counts.refused += tests.length;
        continue;
      }
      const { accepts, explain } = compileSchema(schema as Schema);
      for (const { description: name, data, valid } of tests) {
        counts.judged += 1;
        const before = JSON.stringify(data);
        const verdict = accepts(data as JsonValue);
        if (verdict !== valid) wrong.push(`${file} / ${description} / ${name}`);
        if (!verdict && explain(data as JsonValue).length === 0)
          wrong.push(`${file} / ${description} / ${name}: no explanation`);
        if (JSON.stringify(data) !== before) wrong.push(`${file} / ${description} / ${name}: the payload was changed`);
      }
    }
    expect(wrong).toEqual([]);
    expect(counts).toEqual({ judged: 909, refused: 390 });
  });

  test("the constructs a version may not be frozen with are exactly those listed", () => {
    const refused = schemaGroups().flatMap(({ file, description, schema }) => {
      const codes = [...new Set(refuseSchema(schema as Schema).map(({ code }) => code))].toSorted();
      return codes.length === 0 ? [] : [`${file} / ${description}: ${codes.join(", ")}`];
    });
    const listed = JSON.parse(readFileSync(new URL("schema-refusals.json", import.meta.url), "utf8")) as {
      count: number;
      groups: string[];
    };
    expect(refused).toEqual(listed.groups);
    expect(refused.length).toBe(listed.count);
  });
});

describe("compileSchema()", () => {
  test("names the missing and the unknown field by their own pointers", () => {
    const { explain } = compileSchema(SHIPMENT);
    expect(
      explain({ shipment_id: "S", weight_kg: 1, priority: 1, "a/b~c": 1 }).map(({ pointer, keyword }) => ({
        pointer,
        keyword,
      })),
    ).toEqual([
      { pointer: "/destination", keyword: "required" },
      { pointer: "/a~1b~0c", keyword: "additionalProperties" },
    ]);
  });

  test("gives the same answer in the same order every time", () => {
    const { explain } = compileSchema(SHIPMENT);
    const payload = { shipment_id: "", weight_kg: "x", priority: 9 };
    const first = explain(payload);
    for (let again = 0; again < 100; again += 1) expect(explain(payload)).toEqual(first);
  });

  test("reports at most twenty violations", () => {
    const { explain } = compileSchema({ items: { type: "string" } });
    expect(explain(Array.from({ length: 500 }, (_, n) => n))).toHaveLength(VIOLATIONS_MAX);
  });

  test("does not confuse the violations of one constraint at different places", () => {
    const { explain } = compileSchema({ items: { type: "string" } });
    expect(explain(["a", 1, 2]).map(({ pointer }) => pointer)).toEqual(["/1", "/2"]);
    expect(explain([7, "a", 3]).map(({ pointer }) => pointer)).toEqual(["/0", "/2"]);
  });

  test("does not take an inherited property for a field", () => {
    expect(compileSchema({ required: ["toString"] }).accepts({})).toBe(false);
    expect(
      compileSchema({ properties: { toString: { type: "string" } }, additionalProperties: false }).accepts({}),
    ).toBe(true);
  });

  test("asserts no format and fills in no default", () => {
    const payload = {};
    expect(compileSchema({ properties: { a: { default: 1 }, b: { format: "email" } } }).accepts(payload)).toBe(true);
    expect(payload).toEqual({});
    expect(compileSchema({ format: "email" }).accepts("not an address")).toBe(true);
  });

  test.each([
    ["^.$", "😀", true],
    ["^.$", "ab", false],
    ["^[^a]$", "😀", true],
    ["^[😀]$", "😀", true],
    ["^\\u{1F600}$", "😀", true],
    ["^\\W$", "😀", true],
    ["^\\p{L}+$", "Zürich", true],
    ["^[A-Z]{2}-[0-9]+$", "AB-12", true],
    ["^[A-Z]{2}-\\d+$", "AB-x", false],
  ])("matches the pattern %s by code point", (pattern, text, matches) => {
    const schema = compileSchema({ pattern });
    expect(schema.accepts(text)).toBe(matches);
    expect(compileSchema({ patternProperties: { [pattern]: false } }).accepts({ [text]: 1 })).toBe(!matches);
  });

  test("shows the pattern as the contract wrote it", () => {
    const { explain } = compileSchema({ properties: { a: { pattern: "^.$" } } });
    expect(explain({ a: "abc" })).toEqual([
      {
        pointer: "/a",
        keyword: "pattern",
        schemaPath: "/properties/a/pattern",
        message: expect.not.stringContaining("\\p{L}") as string,
      },
    ]);
  });
});
