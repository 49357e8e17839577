import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileContractSet } from "../../src/core/compile.ts";
import { type CompiledBinding } from "../../src/core/compiled.ts";
import { DEFAULT_LIMITS, sealContractSet, versionDigest } from "../../src/core/contract-set.ts";
import { compilePointers } from "../../src/core/identity.ts";
import { compileFieldKey, compileIdentityKey } from "../../src/source/record-key.ts";
import type { Header } from "../../src/core/record.ts";
import { canonicalText } from "../../src/json/canonical.ts";
import type { JsonValue } from "../../src/json/json.ts";

function keyOf(pointers: readonly string[], text: string): string | null {
  const key = compileFieldKey(pointers)(Buffer.from(text));
  return key === null ? null : Buffer.from(key).toString();
}

describe("the key from fields of a payload", () => {
  test.each([
    ['{"id":"S-1"}', ["/id"], "S-1"],
    [' { "other" : { "id" : 1 } , "id" : "a\\u0062\\n" } ', ["/id"], "ab\n"],
    ['{"a":{"b":[1,{"c":"é"}]}}', ["/a/b/1/c"], "é"],
    ['{"id":1.50e1}', ["/id"], "15"],
    ['{"id":-0}', ["/id"], "0"],
    ['{"id":{"b":1,"a":[ ]}}', ["/id"], '{"a":[],"b":1}'],
    ['{"id":null}', ["/id"], "null"],
    ['{"id":""}', ["/id"], ""],
    ['{"b":2,"a":"x"}', ["/a", "/b"], '["x",2]'],
    ['{"\\u0069d":"S-1"}', ["/id"], "S-1"],
    ['{"a/b":"x","c~d":"y"}', ["/a~1b", "/c~0d"], '["x","y"]'],
    ['["x","y"]', ["/1"], "y"],
    ['{"0":"x"}', ["/0"], "x"],
  ])("of %s by %j is %j", (text, pointers, key) => {
    expect(keyOf(pointers, text)).toBe(key);
  });

  test.each([
    ["", ["/id"]],
    ["no JSON", ["/id"]],
    ["[]", ["/id"]],
    ['{"id":', ["/id"]],
    ['{"id":"\\x"}', ["/id"]],
    ['{"id":"\\ud800"', ["/id", "/id"]],
    ['{"other":1}', ["/id"]],
    ['{"a":1}', ["/a", "/b"]],
  ])("of %j by %j is none", (text, pointers) => {
    expect(keyOf(pointers, text)).toBeNull();
  });

  test("of a tombstone is none, and of a framed value that of its payload", () => {
    expect(compileFieldKey(["/id"])(null)).toBeNull();
    expect(keyOf(["/id"], '\u0000\u0000\u0000\u0000\u0007{"id":"S-1"}')).toBe("S-1");
  });

  test("that is long is its hash: a log keeps it beside each record", () => {
    expect(keyOf(["/id"], `{"id":"${"x".repeat(512)}"}`)).toBe("x".repeat(512));
    expect(keyOf(["/id"], `{"id":"${"x".repeat(513)}"}`)).toMatch(/^[0-9a-f]{64}$/);
  });

  test("is that of the parsed payload, however its text is written", () => {
    const member = fc.constantFrom("id", "é", "a b", 'q"', "0", "x");
    const payload = fc.dictionary(member, fc.jsonValue({ maxDepth: 2 }), { minKeys: 1, maxKeys: 6 });
    fc.assert(
      fc.property(
        payload,
        fc.uniqueArray(member, { minLength: 1, maxLength: 3 }),
        fc.nat(2),
        (value, names, indent) => {
          const pointers = names.map((name) => `/${name}`);
          const fields = compilePointers(pointers)(value as JsonValue);
          const [only] = "missing" in fields ? [] : fields;
          const whole = "missing" in fields ? null : typeof only === "string" ? only : canonicalText(only ?? null);
          const expected = "missing" in fields ? null : fields.length === 1 ? whole : canonicalText(fields);
          const key = keyOf(pointers, JSON.stringify(value, null, indent));
          expect(expected === null || Buffer.byteLength(expected) <= 512 ? key : expected).toBe(expected);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("is found or not in any bytes, and never throws", () => {
    const text = fc.string({ unit: fc.constantFrom("{", "}", "[", "]", ",", ":", '"', "\\", "id", "1", " ", "é") });
    fc.assert(
      fc.property(text, fc.constantFrom(["/id"], ["/id/0"], [""], ["/id", "/1"]), (bytes, pointers) => {
        expect([null, "object"]).toContain(compileFieldKey(pointers)(Buffer.from(bytes)) === null ? null : "object");
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("the key from the identity", () => {
  /** Versions of an order with these identities; the payload may declare one when `field` names where. */
  function bound(identities: readonly (readonly string[])[], field: string | null = null): CompiledBinding {
    const versions = identities.map((identity, index) => {
      const content = { version: index + 1, schema: { type: "object" }, rules: [], identity };
      return { ...content, status: "active" as const, digest: versionDigest("order", content) };
    });
    const set = compileContractSet(
      sealContractSet({
        limits: DEFAULT_LIMITS,
        contracts: [{ subject: "order", collection: "orders", versionField: field, versions }],
        bindings: [{ topic: "orders", subject: "order", defaultVersion: 1 }],
      }),
    );
    const binding = set.byTopic.get("orders");
    if (binding === undefined) throw new Error("orders is not bound");
    return binding;
  }

  function identityKey(binding: CompiledBinding, text: string, headers: readonly Header[] = []): string | null {
    const key = compileIdentityKey(binding, DEFAULT_LIMITS)(headers, Buffer.from(text));
    return key === null ? null : Buffer.from(key).toString();
  }

  const ORDER = '{"order":"O-1","revision":2,"version":2}';
  const SECOND: readonly Header[] = [["sigma-contract", Buffer.from("order@2")]];

  test("is the same whatever version is declared, where all have one identity", () => {
    const binding = bound([["/order"], ["/order"]]);
    expect([identityKey(binding, ORDER), identityKey(binding, ORDER, SECOND)]).toEqual(["O-1", "O-1"]);
  });

  test("is that of the declared version, by header, payload or default, where they differ", () => {
    const binding = bound([["/order"], ["/order", "/revision"]]);
    expect([identityKey(binding, ORDER), identityKey(binding, ORDER, SECOND)]).toEqual(["O-1", '["O-1",2]']);
    expect(identityKey(bound([["/order"], ["/order", "/revision"]], "/version"), ORDER)).toBe('["O-1",2]');
    expect(identityKey(binding, ORDER, [["sigma-contract", Buffer.from("order@9")]])).toBeNull();
  });
});
