import canonicalize from "canonicalize";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalText } from "../../src/json/canonical.ts";
import { toJsonText } from "../../src/json/json-text.ts";
import type { JsonValue } from "../../src/json/json.ts";
import { parseJson } from "../../src/json/parse-json.ts";

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

describe("canonicalText()", () => {
  test("is, on every value of RFC 8785, what its reference implementation writes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalText(value as JsonValue)).toBe(canonicalize(value));
      }),
      { numRuns: 5_000 },
    );
  });

  test("sorts keys by UTF-16 units and writes -0 as 0", () => {
    expect(canonicalText({ "\ufb33": 1, "\u{1f600}": -0, "\u00f6": 1e21, "1": [], a: null })).toBe(
      '{"1":[],"a":null,"\u00f6":1e+21,"\u{1f600}":0,"\ufb33":1}',
    );
  });

  test("writes an integer that no double keeps as its digits", () => {
    expect(canonicalText({ b: [-9_223_372_036_854_775_808n], a: 9_007_199_254_740_993n })).toBe(
      '{"a":9007199254740993,"b":[-9223372036854775808]}',
    );
  });

  test("writes equal integers alike, whichever way they are held", () => {
    fc.assert(
      fc.property(int64, (integer) => {
        const kept = BigInt(String(Number(integer))) === integer ? [Number(integer)] : [];
        for (const held of [integer, ...kept]) expect(canonicalText([held])).toBe(`[${integer}]`);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, "\ud800", { "\udc00": 1 }, undefined, () => 1, Symbol("s")])(
    "refuses what is no JSON value: %s",
    (value) => {
      expect(() => canonicalText(value as JsonValue)).toThrow("Cannot canonicalise");
    },
  );
});

describe("parseJson() and toJsonText()", () => {
  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      int64.map((integer) => (String(Number(integer)) === String(integer) ? Number(integer) : integer)),
      fc.jsonValue({ maxDepth: 1 }) as fc.Arbitrary<JsonValue>,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.string({ maxLength: 3 }), tie("value"), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));

  test("take every value to text and back, to the last digit", () => {
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 2), (wanted, indent) => {
        expect(canonicalText(parseJson(toJsonText(wanted, indent)))).toBe(canonicalText(wanted));
      }),
      { numRuns: 5_000 },
    );
  });

  test("are JSON's own where no such integer is", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJson(text)).toEqual(JSON.parse(text));
        expect(toJsonText(JSON.parse(text), 2)).toBe(JSON.stringify(JSON.parse(text), null, 2));
      }),
      { numRuns: 2_000 },
    );
  });

  test("digits in a text, a fraction and an exponent make no bigint", () => {
    const text = '{"a":"9007199254740993 :9007199254740993","b":1764288000123456789.5,"c":1764288000123456789e0}';
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  test("a text that is no JSON, and a value that has no text, are refused as JSON refuses them", () => {
    expect(() => parseJson('{"a":9007199254740993')).toThrow(SyntaxError);
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    expect(() => toJsonText(circle)).toThrow("circular");
  });
});
