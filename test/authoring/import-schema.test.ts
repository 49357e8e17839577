import { describe, expect, test } from "vitest";
import { importSchema, type ImportedSchema } from "../../src/authoring/import-schema.ts";
import type { JsonObject, JsonValue } from "../../src/json/json.ts";
import { refuseSchema } from "../../src/schema/schema-lint.ts";
import { compileSchema } from "../../src/schema/schema.ts";

const DRAFT_4 = "http://json-schema.org/draft-04/schema#";
const DRAFT_7 = "http://json-schema.org/draft-07/schema#";
const DRAFT_2019 = "https://json-schema.org/draft/2019-09/schema";
const DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema";

/** Imports the first of some documents, each by its URI. */
function importOf(documents: Readonly<Record<string, JsonValue>>): ImportedSchema {
  const all = Object.entries(documents).map(([uri, value]) => ({ name: uri, uri, fileUri: uri, value }));
  return importSchema(all[0]!, (uri) => {
    const document = all.find((one) => one.uri === uri);
    return document === undefined ? { ok: false, why: "which is not there" } : { ok: true, document };
  });
}

/** The references of a schema that came through whole, and whether it takes each payload. */
function judged(documents: Readonly<Record<string, JsonValue>>, ...payloads: readonly JsonValue[]): readonly boolean[] {
  const { schema, problems } = importOf(documents);
  expect(problems).toEqual([]);
  expect(refuseSchema(schema as JsonObject)).toEqual([]);
  const compiled = compileSchema(schema as JsonObject, { formats: "annotate" });
  return payloads.map((payload) => compiled.accepts(payload));
}

const ROOT = "file:///s.json";

describe("references of a schema that is imported", () => {
  test.each<[string, JsonObject, readonly JsonValue[], readonly JsonValue[]]>([
    [
      "through nested definitions",
      {
        definitions: { a: { definitions: { b: { type: "integer" } } } },
        properties: { e: { $ref: "#/definitions/a/definitions/b" } },
      },
      [{ e: 1 }],
      [{ e: "x" }],
    ],
    [
      "into a list of items, and what may follow it",
      {
        properties: {
          t: { items: [{ type: "integer" }], additionalItems: { type: "null" } },
          e: { $ref: "#/properties/t/items/0" },
          f: { $ref: "#/properties/t/additionalItems" },
        },
      },
      [{ e: 1, f: null, t: [1, null] }],
      [{ e: "x" }, { f: 1 }, { t: [1, 1] }],
    ],
    [
      "into dependencies",
      {
        dependencies: { a: { required: ["b"] }, c: ["d"] },
        properties: { e: { $ref: "#/dependencies/a" } },
      },
      [{ a: 1, b: 2 }, { e: { b: 1 } }, { c: 1, d: 1 }],
      [{ a: 1 }, { e: {} }, { c: 1 }],
    ],
    [
      "by a plain name",
      { definitions: { a: { $id: "#whole", type: "integer" } }, properties: { e: { $ref: "#whole" } } },
      [{ e: 1 }],
      [{ e: "x" }],
    ],
    [
      "by the URI of a schema inside",
      {
        $id: "https://example.com/root.json",
        definitions: {
          a: { $id: "parts/a.json", definitions: { b: { type: "integer" } }, allOf: [{ $ref: "#/definitions/b" }] },
        },
        properties: { e: { $ref: "parts/a.json" }, f: { $ref: "https://example.com/parts/a.json#/definitions/b" } },
      },
      [{ e: 1, f: 2 }],
      [{ e: "x" }, { f: "x" }],
    ],
    [
      "to a place where no keyword has a schema",
      {
        components: {
          schemas: { A: { properties: { b: { $ref: "#/components/schemas/B" } } }, B: { type: "integer" } },
        },
        properties: { e: { $ref: "#/components/schemas/A" } },
      },
      [{ e: { b: 1 } }],
      [{ e: { b: "x" } }],
    ],
    [
      "with characters that a URI escapes",
      {
        definitions: { "a b": { type: "integer" }, "100%": { type: "integer" }, "a/b~c": { type: "integer" } },
        properties: {
          e: { $ref: "#/definitions/a%20b" },
          f: { $ref: "#/definitions/100%" },
          g: { $ref: "#/definitions/a~1b~0c" },
        },
      },
      [{ e: 1, f: 1, g: 1 }],
      [{ e: "x" }, { f: "x" }, { g: "x" }],
    ],
    [
      "to the whole, again and again",
      { properties: { child: { $ref: "#" }, n: { type: "integer" } } },
      [{ child: { child: { n: 1 } } }],
      [{ child: { child: { n: "x" } } }],
    ],
    [
      "to itself beside what does not count",
      { definitions: { a: { type: "integer" } }, properties: { e: { $ref: "#/definitions/a", minimum: 5 } } },
      [{ e: 1 }],
      [{ e: "x" }],
    ],
    [
      "to a schema of schemas that everybody knows",
      { properties: { e: { $ref: DRAFT_7 } } },
      [{ e: { type: "string" } }],
      [{ e: { type: "text" } }],
    ],
  ])("keep their meaning: %s", (_, schema, good, bad) => {
    const document = { [ROOT]: { $schema: DRAFT_7, ...schema } };
    expect(judged(document, ...good, ...bad)).toEqual([...good.map(() => true), ...bad.map(() => false)]);
  });

  test("keep their meaning in draft 4, where id names a schema and bounds exclude themselves", () => {
    const schema = {
      $schema: DRAFT_4,
      id: "https://example.com/root.json#",
      definitions: { a: { id: "#a", minimum: 1, exclusiveMinimum: true }, b: { id: "b.json", type: "integer" } },
      properties: { e: { $ref: "#a" }, f: { $ref: "b.json" }, id: { type: "string" } },
    };
    expect(judged({ [ROOT]: schema }, { e: 2, f: 1, id: "x" }, { e: 1 }, { f: "x" }, { id: 1 })).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect((importOf({ [ROOT]: schema }).schema as JsonObject)["$id"]).toBe("https://example.com/root.json");
  });

  test("keep their meaning in 2019-09, where they may go back to where they came from", () => {
    const tree = {
      $schema: DRAFT_2019,
      $recursiveAnchor: true,
      properties: { n: { type: "integer" }, child: { $recursiveRef: "#" } },
    };
    expect(judged({ [ROOT]: tree }, { child: { n: 1 } }, { child: { n: "x" } })).toEqual([true, false]);
    const strict = { $schema: DRAFT_2019, $recursiveAnchor: true, $ref: "tree.json", required: ["n"] };
    expect(importOf({ [ROOT]: strict, "file:///tree.json": tree }).problems).toMatchObject([
      { pointer: "/properties/child/$recursiveRef", document: { name: "file:///tree.json" } },
    ]);
  });

  test("definitions and $defs of one name both stay", () => {
    const schema = {
      $schema: DRAFT_2019,
      definitions: { a: { type: "integer" } },
      $defs: { a: { type: "string" } },
      properties: { e: { $ref: "#/definitions/a" }, f: { $ref: "#/$defs/a" } },
    };
    expect(judged({ [ROOT]: schema }, { e: 1, f: "x" }, { e: "x" }, { f: 1 })).toEqual([true, false, false]);
  });
});

describe("documents that refer to each other", () => {
  const common = {
    $schema: DRAFT_7,
    definitions: {
      money: { type: "object", required: ["amount"], properties: { amount: { $ref: "#/definitions/amount" } } },
      amount: { $id: "#amount", type: "number", multipleOf: 0.01 },
    },
  };

  test("become one, of which only what is referred to is taken", () => {
    const documents = {
      "file:///a/order.json": {
        $schema: DRAFT_2020,
        properties: {
          total: { $ref: "common.json#/definitions/money" },
          tip: { $ref: "common.json#amount" },
          lines: { items: { $ref: "../b/line.json" } },
        },
      },
      "file:///a/common.json": common,
      "file:///b/line.json": {
        $schema: DRAFT_4,
        properties: {
          price: { $ref: "../a/common.json#/definitions/money" },
          qty: { minimum: 0, exclusiveMinimum: true },
        },
      },
    };
    const good = { total: { amount: 143.48 }, tip: 1.5, lines: [{ qty: 1, price: { amount: 1 } }] };
    expect(
      judged(documents, good, { total: {} }, { tip: 0.001 }, { lines: [{ qty: 0 }] }, { lines: [{ price: {} }] }),
    ).toEqual([true, false, false, false, false]);
    const { $defs } = importOf(documents).schema as { readonly $defs: JsonObject };
    expect(Object.keys($defs)).toEqual(["money", "amount", "line"]);
  });

  test("may refer to each other in a circle", () => {
    const documents = {
      "file:///a.json": { $schema: DRAFT_7, properties: { b: { $ref: "b.json" }, n: { type: "integer" } } },
      "file:///b.json": {
        $schema: DRAFT_7,
        properties: { a: { $ref: "a.json" }, b: { $ref: "#" }, s: { type: "string" } },
      },
    };
    expect(
      judged(documents, { b: { a: { n: 1 }, b: { s: "x" } } }, { b: { a: { n: "x" } } }, { b: { b: { s: 1 } } }),
    ).toEqual([true, false, false]);
  });

  test("are found beside the file where its id is on the web, and by their own ids", () => {
    const documents = {
      "file:///a.json": {
        $schema: DRAFT_7,
        $id: "https://example.com/schemas/a.json",
        properties: { b: { $ref: "b.json" }, c: { $ref: "https://example.com/c" } },
      },
      "file:///b.json": { $schema: DRAFT_7, $id: "https://example.com/schemas/b.json", type: "integer" },
      "https://example.com/c": { $schema: DRAFT_7, type: "string" },
    };
    expect(judged(documents, { b: 1, c: "x" }, { b: "x" }, { c: 1 })).toEqual([true, false, false]);
  });

  test("unevaluated properties see through what was another document", () => {
    const documents = {
      [ROOT]: {
        $schema: DRAFT_2020,
        allOf: [{ $ref: "base.json" }],
        properties: { x: true },
        unevaluatedProperties: false,
      },
      "file:///base.json": { $schema: DRAFT_2020, properties: { id: { type: "string" } } },
    };
    expect(judged(documents, { id: "a", x: 1 }, { id: "a", y: 1 })).toEqual([true, false]);
  });
});

describe("what cannot be imported", () => {
  test.each<[string, JsonObject, string, string, string]>([
    [
      "a document that is not there",
      { properties: { e: { $ref: "https://example.com/x.json#/a" } } },
      "/properties/e/$ref",
      "it refers to https://example.com/x.json, which is not there",
      "give its file: --ref https://example.com/x.json=FILE",
    ],
    [
      "a place that is not there",
      { properties: { e: { $ref: "#/definitions/b" } } },
      "/properties/e/$ref",
      "it refers to nothing in its document",
      "correct the reference, or add what it names",
    ],
    [
      "a place that holds no schema",
      { title: "x", properties: { e: { $ref: "#/title" } } },
      "/properties/e/$ref",
      "what it refers to is no schema",
      "correct the reference",
    ],
    [
      "a pattern of another dialect",
      { properties: { e: { pattern: String.raw`\Aabc\Z` } } },
      "/properties/e/pattern",
      'the pattern is no regular expression under flag u: there is no escape of "A" at character 1 of it; write ^ for the beginning',
      "correct the pattern in the original",
    ],
  ])("is named with its place and what to do: %s", (_, schema, pointer, why, remedy) => {
    const { problems } = importOf({ [ROOT]: { $schema: DRAFT_7, ...schema } });
    expect(problems.map((one) => [one.pointer, one.why, one.remedy])).toEqual([[pointer, why, remedy]]);
  });

  test("patterns that are legal without flag u are written so that they are with it", () => {
    const schema = {
      $schema: DRAFT_7,
      patternProperties: { [String.raw`^x\-`]: { type: "integer" } },
      properties: { e: { pattern: String.raw`^\d{4}\-\d{2}$` }, f: { $ref: String.raw`#/patternProperties/%5Ex%5C-` } },
    };
    expect(
      judged({ [ROOT]: schema }, { e: "2026-01", "x-a": 1, f: 1 }, { e: "2026_01" }, { "x-a": "x" }, { f: "x" }),
    ).toEqual([true, false, false, false]);
  });

  test("a place of the result is told as the place it came from", () => {
    const { originOf } = importOf({
      [ROOT]: {
        $schema: DRAFT_7,
        definitions: { a: { items: [{ type: "x" }] } },
        properties: { e: { $ref: "b.json#/x/y" } },
      },
      "file:///b.json": { x: { y: { type: "y" } } },
    });
    expect(originOf("/$defs/a/prefixItems/0/type")).toMatchObject({ pointer: "/definitions/a/items/0/type" });
    expect(originOf("/$defs/y/type")).toMatchObject({ document: { name: "file:///b.json" }, pointer: "/x/y/type" });
  });
});
