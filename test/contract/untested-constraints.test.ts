import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkContracts } from "../../src/contract/commands.ts";
import { constraintsOf } from "../../src/contract/constraints.ts";
import { loadContracts, type LoadedVersion } from "../../src/contract/files.ts";
import { reportUntested, untestedConstraints } from "../../src/contract/untested-constraints.ts";
import type { Rule } from "../../src/core/contract-set.ts";
import type { JsonObject, JsonValue } from "../../src/json/json.ts";
import { contractsDirectory } from "./contract-files.ts";

function untested(schema: JsonObject, payloads: readonly JsonValue[], rules: readonly Rule[] = []): readonly string[] {
  const version = { schema, rules } as LoadedVersion;
  return untestedConstraints(version, payloads).map((one) =>
    one.kind === "rule" ? one.id : `${one.pointer} ${one.name}`,
  );
}

const ALL_KINDS: JsonObject = {
  type: "object",
  required: ["a", "b"],
  properties: {
    a: { type: ["string", "null"], minLength: 1, maxLength: 5, pattern: "^a", format: "email" },
    b: { enum: [1, 2], title: "B" },
    c: { type: "array", items: { $ref: "#/$defs/small" }, minItems: 1, uniqueItems: true, contains: { const: 1 } },
    gone: false,
  },
  patternProperties: { "^x-": { const: true } },
  additionalProperties: false,
  propertyNames: { maxLength: 20 },
  dependentRequired: { c: ["b", "a"] },
  if: { properties: { b: { const: 2 } } },
  then: { required: ["c"] },
  not: { required: ["y"] },
  anyOf: [{ required: ["a"] }, { minProperties: 3 }],
  $defs: { small: { type: "integer", maximum: 9 } },
};

describe("the constraints of a version", () => {
  test("are every assertion, a name at a time, and no annotation, condition or format", () => {
    const names = constraintsOf(ALL_KINDS, [{ id: "r", expression: "true", message: "m" }], "annotate").map((one) =>
      one.kind === "rule" ? `rule ${one.id}` : `${one.pointer} ${one.name}`,
    );
    expect(names).toEqual([
      "/type type",
      '/required/0 required "a"',
      '/required/1 required "b"',
      "/properties/a/type type",
      "/properties/a/minLength minLength",
      "/properties/a/maxLength maxLength",
      "/properties/a/pattern pattern",
      "/properties/b/enum enum",
      "/properties/c/type type",
      "/properties/c/minItems minItems",
      "/properties/c/uniqueItems uniqueItems",
      "/properties/c/contains contains",
      "/properties/c/contains/const const",
      '/properties/gone properties "gone"',
      "/patternProperties/^x-/const const",
      "/additionalProperties additionalProperties",
      "/propertyNames/maxLength maxLength",
      '/dependentRequired/c/0 dependentRequired "c" "b"',
      '/dependentRequired/c/1 dependentRequired "c" "a"',
      '/then/required/0 required "c"',
      "/not not",
      "/anyOf anyOf",
      '/anyOf/0/required/0 required "a"',
      "/anyOf/1/minProperties minProperties",
      "/$defs/small/type type",
      "/$defs/small/maximum maximum",
      "rule r",
    ]);
  });

  test("are left out one at a time, and nothing else with them", () => {
    const schema: JsonObject = {
      required: ["a", "b"],
      properties: { a: false, b: { minimum: 1, maximum: 2 } },
      prefixItems: [false, {}],
      not: false,
    };
    expect(constraintsOf(schema, [], "annotate").map((one) => one.without)).toEqual([
      { ...schema, required: ["b"] },
      { ...schema, required: ["a"] },
      { ...schema, properties: { a: true, b: { minimum: 1, maximum: 2 } } },
      { ...schema, properties: { a: false, b: { maximum: 2 } } },
      { ...schema, properties: { a: false, b: { minimum: 1 } } },
      { ...schema, prefixItems: [true, {}] },
      { required: schema["required"], properties: schema["properties"], prefixItems: [false, {}] },
    ]);
  });
});

describe("fixtures that prove a version", () => {
  test.each<[string, JsonObject, readonly JsonValue[], readonly string[]]>([
    ["a limit nobody comes near", { type: "integer", maximum: 9 }, [1, "x"], ["/maximum maximum"]],
    ["a limit a fixture breaks", { type: "integer", maximum: 9 }, [1, "x", 10], []],
    [
      "a fixture that breaks two constraints at once proves neither",
      { minLength: 2, pattern: "^a" },
      ["ab", "b"],
      ["/minLength minLength", "/pattern pattern"],
    ],
    [
      "a constraint that another one implies",
      { minLength: 1, pattern: "^." },
      ["a", ""],
      ["/minLength minLength", "/pattern pattern"],
    ],
    ["a required name", { required: ["a", "b"] }, [{ a: 1, b: 1 }, { a: 1 }], ['/required/0 required "a"']],
    ["a definition nobody refers to", { $defs: { x: { type: "string" } } }, [1], ["/$defs/x/type type"]],
    [
      "a branch that never matters",
      { if: { required: ["a"] }, then: { required: ["b"] } },
      [{}, { a: 1, b: 1 }],
      ['/then/required/0 required "b"'],
    ],
    [
      "one of several, where leaving out makes two match",
      { oneOf: [{ type: "string" }, { const: 1 }] },
      [1, "a"],
      ["/oneOf oneOf"],
    ],
    ["nothing proves anything without fixtures", { type: "string" }, [], ["/type type"]],
  ])("%s", (_, schema, payloads, expected) => {
    expect(untested(schema, payloads)).toEqual(expected);
  });

  test("a rule is needed by a payload that the schema takes and only the rule refuses", () => {
    const rules = ["a < 10", "a != 5"].map((expression, index) => ({ id: `r${index}`, expression, message: "m" }));
    const schema: JsonObject = { type: "object", required: ["a"], properties: { a: { type: "integer" } } };
    const payloads = [{ a: 1 }, {}, { a: "x" }, 1, { a: 10 }];
    expect(untested(schema, payloads, rules)).toEqual(["r1"]);
    expect(untested(schema, [...payloads, { a: 5 }], rules)).toEqual([]);
  });

  test("a constraint of the schema is needed even where a rule would stumble over the same payload", () => {
    const rules = [{ id: "positive", expression: "a > 0", message: "m" }];
    const schema: JsonObject = { type: "object", required: ["a"] };
    expect(untested(schema, [{ a: 1 }, {}, 7, { a: 0 }], rules)).toEqual([]);
  });

  test("are summed up by field, with how many and one to begin with", () => {
    const rules = [{ id: "r", expression: "a.b == 1.0", message: "m" }];
    const version = { version: 1, fixturesDir: "f", place: { file: "c", line: 1, column: 1 }, schemaFile: "gone" };
    const schema: JsonObject = {
      type: "object",
      required: ["a"],
      properties: {
        a: { type: "object", required: ["b/c"], properties: { "b/c": { type: "integer", minimum: 1 } } },
        list: { items: { type: "string" }, minItems: 1, prefixItems: [{ const: 1 }] },
      },
      $defs: { small: { maximum: 9 } },
    };
    const { summary } = reportUntested({ ...version, schema, rules } as unknown as LoadedVersion, "s", []);
    expect(summary.map(({ level, message }) => [level, message])).toEqual([
      ["advice", "No fixture of s@1 needs 1 constraint of the payload (type)"],
      ["advice", 'No fixture of s@1 needs 2 constraints of /a (required "a", type)'],
      ["advice", 'No fixture of s@1 needs 3 constraints of /a/b~1c (required "b/c", type, minimum)'],
      ["advice", "No fixture of s@1 needs 1 constraint of /list/* (type)"],
      ["advice", "No fixture of s@1 needs 1 constraint of /list (minItems)"],
      ["advice", "No fixture of s@1 needs 1 constraint of /list/0 (const)"],
      ["advice", "No fixture of s@1 needs 1 constraint of definition small (maximum)"],
      ["advice", "No fixture of s@1 needs 1 constraint of the rules (r)"],
    ]);
    expect(summary[2]?.remedy).toBe(
      'Add a payload to f/fail/ that breaks required "b/c" and nothing else; sigma contract fixtures s@1 writes such payloads, and check --strict names every constraint',
    );
  });

  test("an untested constraint is named where it is written, and is no reason not to freeze", async () => {
    const directory = contractsDirectory({
      "parcel/contract.yaml":
        "subject: parcel\nowner: o\ndescription: d\ncollection: parcels\nidentity: [/id]\nversions:\n  1: { status: draft, schema: v1.schema.json }\n",
      "parcel/v1.schema.json":
        '{\n  "type": "object",\n  "required": ["id"],\n  "properties": { "id": { "maxLength": 9 } }\n}\n',
      "parcel/fixtures/v1/pass/one.json": '{"id":"a"}',
      "parcel/fixtures/v1/fail/no-id.json": "{}",
      "parcel/fixtures/v1/fail/text.json": '"a"',
    });
    const checked = await checkContracts(directory, null);
    if (!checked.ok) throw new Error(JSON.stringify(checked.faults));
    const { findings, constraints, untested: named } = checked.value;
    expect([findings, constraints]).toEqual([[], 3]);
    expect(
      named.map(({ file, line, column, code, message }) => [file.slice(directory.length), line, column, code, message]),
    ).toEqual([
      [
        "/parcel/v1.schema.json",
        4,
        27,
        "SIG-C-045",
        "No fixture of parcel@1 needs maxLength at /properties/id/maxLength: it is untested, or another constraint says the same",
      ],
    ]);
    expect(loadContracts(directory).ok).toBe(true);
    expect(readFileSync(`${directory}/parcel/v1.schema.json`, "utf8").split("\n")[3]?.slice(26)).toMatch(
      /^"maxLength"/,
    );
  });
});
