import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../src/json/json.ts";
import { refuseSchema } from "../../src/schema/schema-lint.ts";
import { VIOLATIONS_MAX } from "../../src/schema/report.ts";
import { compileSchema } from "../../src/schema/schema.ts";
import { remoteSchemas, schemaGroups } from "../conformance.ts";

type Schema = JsonObject | boolean;

const SHIPMENT = JSON.parse(
  readFileSync(new URL("../../contracts/shipment/v1.schema.json", import.meta.url), "utf8"),
) as JsonObject;

const REMOTES = remoteSchemas();

/** Verdicts that hang on what is refused at lint: a `$schema` of its own, and a keyword of older drafts. */
const REFUSED = [
  "vocabulary.json / schema that uses custom metaschema with with no validation vocabulary",
  "cross-draft.json / refs to historic drafts are processed as historic drafts",
  "format-assertion.json / schema that uses custom metaschema with format-assertion: false",
  "format-assertion.json / schema that uses custom metaschema with format-assertion: true",
  "dependencies-compatibility.json / ",
];

describe("the official JSON Schema 2020-12 suite", () => {
  test.each([
    ["required", "" as const, 1_296],
    ["optional", "optional" as const, 121],
  ])("has no wrong verdict among the %s tests, and an explanation for every no", (_, folder, judged) => {
    const wrong: string[] = [];
    let count = 0;
    for (const { file, description, schema, tests } of schemaGroups(folder)) {
      const name = `${file} / ${description}`;
      if (REFUSED.some((refused) => name.startsWith(refused))) continue;
      const { accepts, explain } = compileSchema(schema as Schema, { references: REMOTES });
      for (const { description: what, data, valid } of tests) {
        count += 1;
        const before = JSON.stringify(data);
        const verdict = accepts(data as JsonValue);
        if (verdict !== valid) wrong.push(`${name} / ${what}`);
        if (!verdict && explain(data as JsonValue).some(({ keyword }) => keyword === ""))
          wrong.push(`${name} / ${what}: no explanation`);
        if (JSON.stringify(data) !== before) wrong.push(`${name} / ${what}: the payload was changed`);
      }
    }
    expect(wrong).toEqual([]);
    expect(count).toBe(judged);
  });

  test("the constructs a version may not be frozen with are exactly those listed", () => {
    const refused = schemaGroups().flatMap(({ file, description, schema }) => {
      const codes = [...new Set(refuseSchema(schema as Schema, "annotate").map(({ code }) => code))].toSorted();
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

  test("asserts no format unless told to, and fills in no default", () => {
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
        expected: 'text that matches "^.$"',
        got: "string",
        keyword: "pattern",
        schemaPath: "/properties/a/pattern",
        message: expect.not.stringContaining("\\p{L}") as string,
      },
    ]);
  });
});
