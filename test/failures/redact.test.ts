import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileContractSet } from "../../src/core/compile.ts";
import type { CompiledContractSet } from "../../src/core/compiled.ts";
import { DEFAULT_LIMITS, sealContractSet, versionDigest } from "../../src/core/contract-set.ts";
import { decide, type Failed } from "../../src/core/decide.ts";
import { createRedaction, redact, type Redaction, type RedactionRules } from "../../src/failures/redact.ts";
import type { JsonObject, JsonValue } from "../../src/json/json.ts";

const HIDDEN = "[redacted]";

describe("by pointer", () => {
  const cases: readonly (readonly [what: string, pointers: readonly string[], payload: JsonValue, shown: JsonValue])[] =
    [
      ["a member", ["/a/b"], { a: { b: 1, c: 2 } }, { a: { b: HIDDEN, c: 2 } }],
      ["a whole object", ["/a"], { a: { b: 1 }, c: [] }, { a: HIDDEN, c: [] }],
      ["the whole payload", [""], [1, 2], HIDDEN],
      ["an item by its index", ["/a/1"], { a: [1, 2, 3] }, { a: [1, HIDDEN, 3] }],
      ["every item", ["/a/*/b"], { a: [{ b: 1 }, { c: 2 }] }, { a: [{ b: HIDDEN }, { c: 2 }] }],
      ["every member", ["/*/b"], { x: { b: 1 }, y: { b: 2, c: 3 } }, { x: { b: HIDDEN }, y: { b: HIDDEN, c: 3 } }],
      ["escaped names", ["/a~1b/c~0d"], { "a/b": { "c~d": 1, c: 2 } }, { "a/b": { "c~d": HIDDEN, c: 2 } }],
      ["a name of digits", ["/0"], { 0: "x", 1: "y" }, { 0: HIDDEN, 1: "y" }],
      ["nothing that is not there", ["/z", "/a/z"], { a: { b: 1 } }, { a: { b: 1 } }],
      ["null and all", ["/a"], { a: null }, { a: HIDDEN }],
      ["a text where the object should be", ["/a/b"], { a: "b is 7" }, { a: HIDDEN }],
      ["a number where the object should be", ["/a/b/c"], { a: { b: 7n } }, { a: { b: HIDDEN } }],
      ["what is in a list of such objects", ["/a/b"], { a: [{ b: 1 }, { c: 2 }] }, { a: [{ b: HIDDEN }, { c: 2 }] }],
      ["what is in an object where a list should be", ["/a/0/b"], { a: { b: 1, c: 2 } }, { a: { b: HIDDEN, c: 2 } }],
      ["no null where the object should be", ["/a/b"], { a: null }, { a: null }],
      ["an empty name", ["/"], { "": 1, a: 2 }, { "": HIDDEN, a: 2 }],
    ];
  test.each(cases)("%s is not shown", (_, pointers, payload, shown) => {
    expect(redact(payload, pointers)).toEqual(shown);
  });

  test("no text of a marked member is anywhere in what is shown, whatever the payload is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue({ maxDepth: 2 }), (around, secret) => {
        const payload = { around, person: { secret: ["SECRET", secret] } } as JsonValue;
        expect(redact(payload, ["/person/secret"])).toEqual({ around, person: { secret: HIDDEN } });
      }),
    );
  });
});

const personal = { "x-classification": "personal" };

/** A set with one contract `person`, and with an `other` whose records have no class and no identity that matters. */
function setOf(schema: JsonObject, versions = 1): CompiledContractSet {
  const version = (subject: string, number: number, own: JsonObject) => {
    const content = { version: number, schema: own, rules: [], identity: [], formats: "assert" as const };
    return { ...content, status: "active" as const, digest: versionDigest(subject, content) };
  };
  const contract = (subject: string, own: JsonObject, count: number) => ({
    subject,
    collection: subject,
    versionField: null,
    versions: Array.from({ length: count }, (_, index) => version(subject, index + 1, own)),
  });
  return compileContractSet(
    sealContractSet({
      limits: DEFAULT_LIMITS,
      contracts: [contract("person", schema, versions), contract("other", { type: "object" }, 1)],
      bindings: [
        { topic: "people", subject: "person", defaultVersion: 1 },
        { topic: "others", subject: "other", defaultVersion: 1 },
      ],
    }),
  );
}

const PERSON = { subject: "person", version: 1, digest: "" };
const OTHER = { subject: "other", version: 1, digest: "" };

function redactionOf(schema: JsonObject, rules: Partial<RedactionRules> = { classes: ["personal"] }): Redaction {
  const set = setOf(schema);
  return createRedaction({ pointers: [], classes: [], ...rules }, () => set);
}

describe("by class", () => {
  const shownBy = (schema: JsonObject, payload: JsonValue): JsonValue => redactionOf(schema).payload(PERSON, payload);
  const cases: readonly (readonly [what: string, schema: JsonObject, payload: JsonValue, shown: JsonValue])[] = [
    [
      "properties",
      { properties: { a: personal, b: { "x-classification": "public" } } },
      { a: 1, b: 2 },
      { a: HIDDEN, b: 2 },
    ],
    [
      "a list of classes",
      { properties: { a: { "x-classification": ["secret", "Personal"] } } },
      { a: 1 },
      { a: HIDDEN },
    ],
    ["the whole schema", { ...personal, type: "object" }, { a: 1 }, HIDDEN],
    ["$ref", { properties: { a: { $ref: "#/$defs/p" } }, $defs: { p: personal } }, { a: 1, b: 2 }, { a: HIDDEN, b: 2 }],
    [
      "beside a $ref",
      { properties: { a: { $ref: "#/$defs/p", ...personal } }, $defs: { p: {} } },
      { a: 1 },
      { a: HIDDEN },
    ],
    [
      "allOf",
      { allOf: [{ properties: { a: personal } }, { properties: { b: {} } }] },
      { a: 1, b: 2 },
      { a: HIDDEN, b: 2 },
    ],
    [
      "anyOf, of whichever branch",
      { anyOf: [{ required: ["k"] }, { properties: { a: personal } }] },
      { a: 1, k: 2 },
      { a: HIDDEN, k: 2 },
    ],
    [
      "oneOf",
      { oneOf: [{ properties: { a: personal } }, { properties: { a: { type: "string" } } }] },
      { a: "x" },
      { a: HIDDEN },
    ],
    ["if", { if: { properties: { a: personal } }, then: {} }, { a: 1 }, { a: HIDDEN }],
    [
      "then and else",
      { if: true, then: { properties: { a: personal } }, else: { properties: { b: personal } } },
      { a: 1, b: 2, c: 3 },
      { a: HIDDEN, b: HIDDEN, c: 3 },
    ],
    ["not", { not: { properties: { a: { ...personal, const: 1 } } } }, { a: 2 }, { a: HIDDEN }],
    [
      "dependentSchemas",
      { dependentSchemas: { k: { properties: { a: personal } } } },
      { a: 1, b: 2 },
      { a: HIDDEN, b: 2 },
    ],
    ["items", { properties: { l: { items: personal } } }, { l: [1, 2] }, { l: [HIDDEN, HIDDEN] }],
    [
      "prefixItems",
      { properties: { l: { prefixItems: [{}, personal], items: {} } } },
      { l: [1, 2, 3] },
      { l: [1, HIDDEN, 3] },
    ],
    [
      "items behind prefixItems",
      { properties: { l: { prefixItems: [{}], items: personal } } },
      { l: [1, 2, 3] },
      { l: [1, HIDDEN, HIDDEN] },
    ],
    ["contains", { properties: { l: { contains: personal } } }, { l: [1] }, { l: [HIDDEN] }],
    [
      "additionalProperties",
      { properties: { a: {} }, additionalProperties: personal },
      { a: 1, b: 2 },
      { a: 1, b: HIDDEN },
    ],
    ["patternProperties", { patternProperties: { "^p_": personal } }, { p_x: 1, q: 2 }, { p_x: HIDDEN, q: 2 }],
    [
      "additionalProperties behind patterns",
      { patternProperties: { "^p_": {} }, additionalProperties: personal },
      { p_x: 1, q: 2 },
      { p_x: 1, q: HIDDEN },
    ],
    [
      "unevaluatedProperties",
      { properties: { a: {} }, unevaluatedProperties: personal },
      { a: 1, b: 2 },
      { a: 1, b: HIDDEN },
    ],
    [
      "unevaluatedItems",
      { properties: { l: { prefixItems: [{}], unevaluatedItems: personal } } },
      { l: [1, 2] },
      { l: [1, HIDDEN] },
    ],
    [
      "propertyNames",
      { properties: { m: { propertyNames: personal } } },
      { m: { "ann@example.org": 1 } },
      { m: HIDDEN },
    ],
    [
      "contentSchema",
      { properties: { t: { contentMediaType: "application/json", contentSchema: { properties: { a: personal } } } } },
      { t: '{"a":1}' },
      { t: HIDDEN },
    ],
    [
      "a recursive schema",
      { $defs: { n: { properties: { v: personal, next: { $ref: "#/$defs/n" } } } }, $ref: "#/$defs/n" },
      { v: 1, next: { v: 2, w: 3 } },
      { v: HIDDEN, next: { v: HIDDEN, w: 3 } },
    ],
    [
      "$dynamicRef",
      {
        $defs: { n: { $dynamicAnchor: "node", properties: { v: personal } } },
        properties: { a: { $dynamicRef: "#node" } },
      },
      { a: { v: 1 } },
      { a: { v: HIDDEN } },
    ],
    [
      "a text where an object should be",
      { properties: { a: { type: "object", properties: { b: personal } } } },
      { a: "b: 7" },
      { a: HIDDEN },
    ],
    [
      "a list where an object should be",
      { properties: { a: { type: "object", properties: { b: personal, c: {} } } } },
      { a: [{ b: 1, c: 2 }, "x"] },
      { a: [{ b: HIDDEN, c: 2 }, HIDDEN] },
    ],
    [
      "an object where a list should be",
      { properties: { a: { type: "array", items: { properties: { b: personal } } } } },
      { a: { x: { b: 1, c: 2 } } },
      { a: { x: { b: HIDDEN, c: 2 } } },
    ],
  ];
  test.each(cases)("%s: what it classifies is not shown, and the rest is", (_, schema, payload, shown) => {
    expect(shownBy(schema, payload)).toEqual(shown);
  });

  test("a text that the schema allows beside an object with a class is shown", () => {
    const schema = { properties: { a: { oneOf: [{ type: "string" }, { properties: { b: personal } }] } } };
    expect(shownBy(schema, { a: "free" })).toEqual({ a: "free" });
  });

  test("a definition that nothing refers to marks nothing", () => {
    expect(redactionOf({ $defs: { p: personal }, properties: { a: {} } }).isFor(PERSON)).toBe(false);
  });

  test("a class that is not named in the settings is shown", () => {
    const redaction = redactionOf({ properties: { a: personal } }, { classes: ["secret"] });
    expect(redaction.payload(PERSON, { a: 1 })).toEqual({ a: 1 });
    expect(redaction.isFor(PERSON)).toBe(false);
  });

  test("of a version that the contracts have no more, nothing is shown", () => {
    const redaction = redactionOf({ properties: { a: personal } });
    expect(redaction.payload({ ...PERSON, version: 7 }, { b: 1 })).toBe(HIDDEN);
  });

  test("of a record without a contract, what any contract classifies is not shown", () => {
    const redaction = redactionOf({ properties: { a: personal } });
    expect(redaction.payload(null, { a: 1, b: 2 })).toEqual({ a: HIDDEN, b: 2 });
    expect(redaction.isFor(null)).toBe(true);
    expect(redaction.isFor(OTHER)).toBe(false);
  });
});

describe("by subject", () => {
  const pointers = [
    { subject: "person", pointer: "/name" },
    { subject: null, pointer: "/token" },
  ];
  const redaction = redactionOf({}, { pointers });

  test("a pointer of a subject is not applied to another's records, and one of all is", () => {
    const payload = { name: "Ann", token: "t", age: 7 };
    expect(redaction.payload(PERSON, payload)).toEqual({ name: HIDDEN, token: HIDDEN, age: 7 });
    expect(redaction.payload(OTHER, payload)).toEqual({ name: "Ann", token: HIDDEN, age: 7 });
  });

  test("a record without a contract is redacted by all of them", () => {
    expect(redaction.payload(null, { name: "Ann", token: "t" })).toEqual({ name: HIDDEN, token: HIDDEN });
  });
});

describe("explanations", () => {
  const failed = (schema: JsonObject, payload: JsonValue | string): Failed => {
    const value = Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload));
    const decision = decide({ topic: "people", headers: [], value }, setOf(schema));
    if (decision.status === "PASSED") throw new Error("it passed");
    return decision;
  };
  const explained = (schema: JsonObject, payload: JsonValue | string, rules?: Partial<RedactionRules>): string => {
    const { contract, reason } = failed(schema, payload);
    return JSON.stringify(redactionOf(schema, rules).reason(contract, reason));
  };

  test("a value that the contract shows is not shown where it is redacted", () => {
    const schema = { properties: { a: { ...personal, type: "integer", "x-show-value": true } } };
    expect(JSON.stringify(failed(schema, { a: "Ann" }).reason)).toContain("Ann");
    expect(explained(schema, { a: "Ann" })).not.toContain("Ann");
    expect(explained(schema, { a: "Ann" })).toContain('"pointer":"/a"');
  });

  test("a value in the place of a redacted object is not shown", () => {
    const schema = { properties: { a: { type: "object", "x-show-value": true, properties: { b: personal } } } };
    expect(explained(schema, { a: "Ann" })).not.toContain("Ann");
  });

  test("names below a redacted value are not shown", () => {
    const schema = { properties: { a: { ...personal, properties: { b: {} }, additionalProperties: false } } };
    expect(JSON.stringify(failed(schema, { a: { "ann@x": 1 } }).reason)).toContain("ann@x");
    expect(explained(schema, { a: { "ann@x": 1 } })).not.toContain("ann@x");
    expect(explained(schema, { a: { "ann@x": 1 } })).toContain('"pointer":"/a"');
  });

  test("redacted names of members are not shown", () => {
    const schema = { properties: { m: { propertyNames: { ...personal, maxLength: 3 } } } };
    expect(explained(schema, { m: { "ann@x": 1 } })).not.toContain("ann@x");
  });

  test("the branch that a redacted field chose is not named", () => {
    const branch = (kind: string) => ({
      properties: { kind: { ...personal, const: kind }, n: { type: "integer" } },
      required: ["kind"],
    });
    const schema = { oneOf: [branch("flu"), branch("hiv")] };
    const payload = { kind: "hiv", n: "x" };
    expect(JSON.stringify(failed(schema, payload).reason)).toContain("hiv");
    const shown = explained(schema, payload);
    expect(shown).not.toContain("hiv");
    expect(shown).not.toContain("oneOf/1");
    expect(shown).toContain('"pointer":"/n"');
  });

  test("the branch that another field chose is named", () => {
    const branch = (kind: string) => ({
      properties: { kind: { const: kind }, n: { ...personal, type: "integer" } },
      required: ["kind"],
    });
    expect(explained({ oneOf: [branch("flu"), branch("hiv")] }, { kind: "hiv", n: "x" })).toContain("kind = hiv");
  });

  test("the length of a redacted value is not shown", () => {
    const schema = { properties: { a: { ...personal, type: "integer" }, b: { type: "integer" } } };
    const { contract, reason } = failed(schema, { a: "Ann", b: "Bob" });
    const shown = redactionOf(schema).reason(contract, reason);
    const bytes = shown.kind === "schema" ? shown.violations.map((one) => one.bytes !== undefined) : [];
    expect(bytes).toEqual([false, true]);
  });

  test("the pointer of a malformed payload ends at the redacted value", () => {
    const rules = { pointers: [{ subject: null, pointer: "/a" }] };
    const twice = '{"a":{"ann@x":1,"ann@x":2}}';
    expect(JSON.stringify(failed({}, twice).reason)).toContain("ann@x");
    expect(explained({}, twice, rules)).not.toContain("ann@x");
  });

  test("the same words are said where nothing is redacted", () => {
    const schema = { properties: { a: personal, b: { type: "integer", "x-show-value": true } } };
    const { contract, reason } = failed(schema, { b: "Bob" });
    expect(redactionOf(schema).reason(contract, reason)).toEqual(reason);
  });

  test("a value by its pointer is shown unless it is in, or has in it, what is redacted", () => {
    const redaction = redactionOf({ properties: { a: personal } });
    expect(redaction.value(PERSON, "/b", "Bob")).toBe("Bob");
    expect(redaction.value(PERSON, "/a", "Ann")).toBe(HIDDEN);
    expect(redaction.value(PERSON, "/a/0", "Ann")).toBe(HIDDEN);
    expect(redaction.value(PERSON, "", { a: 1, b: 2 })).toEqual({ a: HIDDEN, b: 2 });
  });
});
