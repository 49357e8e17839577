import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareVersions } from "../../src/inclusion/inclusion.ts";
import type { VersionContent } from "../../src/core/contract-set.ts";
import { schemaOfRule } from "../../src/inclusion/rule-schema.ts";
import type { JsonObject } from "../../src/json/json.ts";
import { compileRules } from "../../src/core/rules.ts";
import { compileSchema } from "../../src/schema/schema.ts";
import { randomPayload } from "./random-schemas.ts";

const SCHEMA: JsonObject = {
  type: "object",
  required: ["id", "weight"],
  properties: { id: { type: "string", minLength: 1 }, weight: { type: "number", exclusiveMinimum: 0 } },
  additionalProperties: false,
};

function version(expressions: readonly string[], more: Partial<VersionContent> = {}): VersionContent {
  const rules = expressions.map((expression, index) => ({ id: `rule-${index}`, expression, message: "broken" }));
  return { schema: SCHEMA, rules, identity: ["/id"], ...more };
}

function kinds(before: VersionContent, after: VersionContent): readonly string[] {
  const { backward, forward } = compareVersions(before, after, { seed: 1 });
  return [backward.kind, forward.kind];
}

describe("versions with rules", () => {
  test("a threshold that is raised is backward compatible, and its witness lies between the two", () => {
    const { backward, forward } = compareVersions(version(["weight <= 1000.0"]), version(["weight <= 2000.0"]), {
      seed: 1,
    });
    expect(backward).toEqual({ kind: "compatible" });
    expect(forward).toMatchObject({ kind: "incompatible", violations: [{ id: "rule-0", message: "broken" }] });
    const weight = forward.kind === "incompatible" ? (forward.witness as { weight: number }).weight : 0;
    expect(weight > 1000 && weight <= 2000).toBe(true);
  });

  test("a threshold moves from the rules into the schema without a difference", () => {
    const properties = {
      ...(SCHEMA["properties"] as JsonObject),
      weight: { type: "number", exclusiveMinimum: 0, maximum: 1000 },
    };
    expect(kinds(version(["weight <= 1000.0"]), version([], { schema: { ...SCHEMA, properties } }))).toEqual([
      "compatible",
      "compatible",
    ]);
  });

  test.each([
    ["a rule is removed", ["size(id) < 10"], [], ["compatible", "incompatible"]],
    ["a rule is added", [], ["id != 'forbidden'"], ["incompatible", "compatible"]],
    [
      "rules are reordered",
      ["size(id) < 10", "id != 'x'"],
      ["id != 'x'", "size(id) < 10"],
      ["compatible", "compatible"],
    ],
    ["a rule is written in other words", ["size(id) < 10"], ["size(id) + 0 < 10"], ["unknown", "unknown"]],
  ] as const)("%s", (_, before, after, expected) => {
    expect(kinds(version(before), version(after))).toEqual(expected);
  });

  test("a threshold is exactly the schema it is taken for", () => {
    const payloads = fc.sample(randomPayload, { numRuns: 3_000, seed: 20_261_123 });
    const fitting: JsonObject = { type: "object", required: ["a"], properties: { a: { type: "number" } } };
    const some = [...payloads, { a: 3 }, { a: 2 }, { a: -1 }, { a: 0.5 }, { a: 1e300 }].filter(
      compileSchema(fitting).accepts,
    );
    for (const expression of ["a <= 2.0", "a < 2", "a >= -1.0", "a > 0.5"]) {
      const rule = { id: "r", expression, message: "m" };
      const [judge, schema] = [compileRules([rule], fitting, "assert"), compileSchema(schemaOfRule(rule)!)];
      const differ = some.filter((payload) => (judge(payload).length === 0) !== schema.accepts(payload));
      expect(differ).toEqual([]);
    }
  });

  test.each([
    "payload <= 2.0",
    "toString <= 2.0",
    "a.b <= 2.0",
    "a <= 2.0 || true",
    "a <= 12345678901234567890.0",
    "a == 2.0",
  ])("%s is not taken for a threshold", (expression) => {
    expect(schemaOfRule({ id: "r", expression, message: "m" })).toBeNull();
  });
});

describe("versions with an identity", () => {
  test("an identity that changes is a fact of its own; what is accepted is the same", () => {
    const { backward, forward, changes } = compareVersions(version([]), version([], { identity: ["/id", "/weight"] }), {
      seed: 1,
    });
    expect([backward.kind, forward.kind]).toEqual(["compatible", "compatible"]);
    expect(changes).toEqual([
      {
        rule: "identity-changed",
        effect: "changes",
        pointer: "/identity",
        keyword: "identity",
        before: ["/id"],
        after: ["/id", "/weight"],
      },
    ]);
  });

  test("an identity field that the schema leaves open is found by a payload without it", () => {
    const open = { schema: { type: "object" } as JsonObject };
    const { backward } = compareVersions(version([], { ...open, identity: [] }), version([], open), { seed: 1 });
    expect(backward).toMatchObject({
      kind: "incompatible",
      witness: {},
      violations: [{ pointer: "/id", keyword: "identity" }],
    });
  });
});

describe("what cannot be decided", () => {
  test.each([
    [
      "a reference that leads back to the same value",
      { $ref: "#/$defs/a", $defs: { a: { anyOf: [{ type: "string" }, { $ref: "#/$defs/a" }] } } },
    ],
    [
      "a reference that depends on who refers",
      { $dynamicRef: "#a", $defs: { a: { $dynamicAnchor: "a", type: "string" } } },
    ],
    [
      "a document with inner identifiers",
      { properties: { a: { $id: "https://example.com/a", type: "string" } }, $ref: "#/properties/a" },
    ],
  ] as const)("%s is compatible with itself, and nothing else is claimed", (_, schema) => {
    const same = version([], { schema, identity: [] });
    expect(kinds(same, { ...same, schema: { ...schema, title: "x" } })).not.toContain("incompatible");
    expect(kinds(same, same)).toEqual(["compatible", "compatible"]);
    expect(
      kinds(same, version([], { schema: { ...schema, not: { const: "zzz-never-mind" } }, identity: [] })),
    ).not.toContain("compatible");
  });

  test.each<[string, JsonObject]>([
    ["a constant", { examples: [{ $anchor: "x", type: "number" }] }],
    ["another value", { not: { const: { deep: [{ $dynamicAnchor: "x", type: "number" }] } } }],
    ["a schema with an identifier of its own", { $defs: { z: { $id: "https://example.com/z", $anchor: "x" } } }],
    [
      "a schema inside one",
      { $defs: { z: { $id: "https://example.com/z", items: { $anchor: "x", type: "number" } } } },
    ],
  ])("an anchor of the same name in %s is not what a reference means", (_, { $defs, ...more }) => {
    const before = { $ref: "#x", ...more, $defs: { a: { $anchor: "x", type: "string" }, ...($defs as JsonObject) } };
    const number = version([], { schema: { type: "number" }, identity: [] });
    expect(kinds(version([], { schema: before, identity: [] }), number)).toEqual(["incompatible", "incompatible"]);
  });

  test("unknown names the place and the reason", () => {
    const before = { schema: { pattern: "^(?!x)" }, rules: [], identity: [] };
    const after = { schema: { pattern: "^(?!xy)" }, rules: [], identity: [] };
    expect(compareVersions(before, after, { seed: 1, effort: 100 }).backward).toEqual({
      kind: "unknown",
      undecided: [{ pointer: "/pattern", reason: "not shown that it matches every text" }],
    });
  });
});

test("payloads given beforehand are tried first: a fixture refutes what no search would find", () => {
  const before = version([], { schema: { type: "string" }, identity: [] });
  const after = version([], {
    schema: { type: "string", pattern: "^(?!a very long and unlikely text)" },
    identity: [],
  });
  const payloads = ["a very long and unlikely text indeed"];
  expect(compareVersions(before, after, { seed: 1, effort: 200 }).backward.kind).toBe("unknown");
  expect(compareVersions(before, after, { seed: 1, effort: 200, payloads }).backward.kind).toBe("incompatible");
});
