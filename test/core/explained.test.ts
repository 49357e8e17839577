import { describe, expect, test } from "vitest";
import { compileContractSet } from "../../src/core/compile.ts";
import { type CompiledContractSet } from "../../src/core/compiled.ts";
import { DEFAULT_LIMITS, sealContractSet, versionDigest, type Rule } from "../../src/core/contract-set.ts";
import { decide, type Failed } from "../../src/core/decide.ts";
import type { JsonObject } from "../../src/json/json.ts";

function setOf(schema: JsonObject, rules: readonly Rule[] = []): CompiledContractSet {
  const content = { version: 1, schema, rules, identity: ["/id"], formats: "assert" as const };
  const version = { ...content, status: "active" as const, digest: versionDigest("s", content) };
  const contract = { subject: "s", collection: "s", versionField: null, versions: [version] };
  return compileContractSet(
    sealContractSet({
      limits: DEFAULT_LIMITS,
      contracts: [contract],
      bindings: [{ topic: "t", subject: "s", defaultVersion: 1 }],
    }),
  );
}

function failed(schema: JsonObject, value: Buffer | string): Failed {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  const decision = decide({ topic: "t", headers: [], value: bytes }, setOf(schema));
  if (decision.status === "PASSED") throw new Error("it passed");
  return decision;
}

/** `pointer: the bytes that are marked` of each violation. */
function markedIn(schema: JsonObject, value: Buffer | string): readonly string[] {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  const { reason } = failed(schema, bytes);
  if (reason.kind !== "schema") throw new Error(`it failed by ${reason.kind}`);
  return reason.violations.map(
    ({ pointer, bytes: [from, to] = [0, 0] }) => `${pointer}: ${bytes.toString("utf8", from, to)}`,
  );
}

describe("a violation marks its bytes in the record", () => {
  const schema: JsonObject = {
    type: "object",
    properties: { id: { type: "string" }, "ü/ö": { type: "integer" }, list: { items: { maxLength: 1 } } },
    required: ["id"],
    additionalProperties: false,
  };

  test.each([
    ['{"id":1}', ["/id: 1"]],
    ['  {"\\u0069d" : 1 }', ["/id: 1"]],
    ['{"id":"😀","ü/ö":"ß"}', ['/ü~1ö: "ß"']],
    ['{"id":"a","list":["b","ab\\"c"]}', ['/list/1: "ab\\"c"']],
    ['{"id":"a","other":{"x":[1]}}', ['/other: "other":{"x":[1]}']],
    [' {"list":[]} ', ['/id: {"list":[]}']],
    ["[1]", [": [1]"]],
  ])("%s", (text, marked) => {
    expect(markedIn(schema, text)).toEqual(marked);
  });

  test("behind the prefix of a schema id too", () => {
    const framed = Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), Buffer.from('{"id":1}')]);
    const set = setOf(schema);
    const withId = sealContractSet({
      ...(JSON.parse(set.text) as Parameters<typeof sealContractSet>[0]),
      schemaIds: [{ id: "7", subject: "s", version: 1 }],
    });
    const decision = decide({ topic: "t", headers: [], value: framed }, compileContractSet(withId));
    expect(decision).toMatchObject({ reason: { violations: [{ pointer: "/id", bytes: [11, 12] }] } });
  });
});

describe("a fingerprint", () => {
  const branch = (kind: string, field: string): JsonObject => ({
    type: "object",
    properties: { id: true, kind: { const: kind }, [field]: { type: "string" } },
    required: ["kind", field],
  });
  const print = (branches: readonly JsonObject[], payload: object): string =>
    failed({ type: "object", required: ["id"], properties: { id: true }, oneOf: branches }, JSON.stringify(payload))
      .fingerprint;

  test("does not change with the number or the order of branches", () => {
    const [a, b, c] = [branch("a", "x"), branch("b", "y"), branch("c", "z")];
    for (const payload of [{ id: 1, kind: "b", y: 1 }, { id: 1, kind: "nope" }, { id: 1 }]) {
      const prints = [print([a, b], payload), print([c, b, a], payload), print([b, c], payload)];
      expect(new Set(prints).size).toBe(1);
    }
  });

  test("tells branches apart that a field names", () => {
    const branches = [branch("a", "x"), branch("b", "x")];
    expect(print(branches, { id: 1, kind: "a", x: 1 })).not.toBe(print(branches, { id: 1, kind: "b", x: 1 }));
  });

  test("of a branch that was only the nearest is that of the whole", () => {
    const nearest = (fields: readonly string[]): string =>
      print(
        fields.map((field) => ({ type: "object", required: [field, "more"] })),
        { id: 1, a: 1 },
      );
    expect(nearest(["a", "b"])).toBe(nearest(["c", "a", "d"]));
  });
});
