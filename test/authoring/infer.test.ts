import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSample, type Inferred } from "../../src/authoring/infer.ts";
import { writtenFractions } from "../../src/authoring/written-fractions.ts";
import { compileSchema } from "../../src/schema/schema.ts";
import { refuseSchema } from "../../src/schema/schema-lint.ts";
import type { JsonObject, JsonValue } from "../../src/json/json.ts";

function inferred(records: readonly JsonValue[]): Inferred {
  const sample = createSample();
  for (const record of records) sample.add(record);
  return sample.result();
}

function propertiesOf({ schema }: Inferred): Record<string, JsonObject> {
  return schema["properties"] as Record<string, JsonObject>;
}

describe("a schema proposed from records", () => {
  test("takes every record it was made of, and can be part of a contract", () => {
    const member = fc.constantFrom("a", "b", "c", "toString", "ä/~");
    const value = fc.letrec<{ json: JsonValue }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<JsonValue>(null, true, 1, 1.5, "x", "y"),
        fc.array(tie("json"), { maxLength: 3 }),
        fc.dictionary(member, tie("json"), { maxKeys: 3 }) as fc.Arbitrary<JsonValue>,
      ),
    })).json;
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 12 }), (records) => {
        const plain = JSON.parse(JSON.stringify(records)) as readonly JsonValue[];
        const { schema } = inferred(plain);
        expect(refuseSchema(schema)).toEqual([]);
        const { accepts } = compileSchema(schema);
        expect(plain.filter((record) => !accepts(record))).toEqual([]);
      }),
      { seed: 7, numRuns: 400 },
    );
  });

  test("requires what every record had, takes null where it came, and tells integers from numbers", () => {
    const result = inferred([
      { id: "a", n: 1, x: 1.0, note: null },
      { id: "b", n: 2.5, x: 2, note: "t", extra: true },
    ]);
    expect(result.schema).toMatchObject({
      type: "object",
      required: ["id", "n", "x", "note"],
      additionalProperties: false,
    });
    expect(propertiesOf(result)).toEqual({
      id: { type: "string" },
      n: { type: "number" },
      x: { type: "integer" },
      note: { type: ["null", "string"] },
      extra: { type: "boolean" },
    });
  });

  test("a number that is written with a fraction or an exponent is no integer", () => {
    const sample = createSample();
    const texts = [
      '{"a":25.0,"b":1e2,"c":[1,2.0],"d":{"e":3},"f":"1.5"}',
      '{"a":25,"b":100,"c":[],"d":{"e":3.0},"f":"x"}',
    ];
    for (const text of texts) sample.add(JSON.parse(text) as JsonValue, writtenFractions(Buffer.from(text)));
    expect(sample.result().schema["properties"]).toEqual({
      a: { type: "number" },
      b: { type: "number" },
      c: { type: "array", items: { type: "number" } },
      d: {
        type: "object",
        additionalProperties: false,
        required: ["e"],
        properties: { e: { type: "number" } },
      },
      f: { type: "string" },
    });
  });

  test("days and times are told by their format, and never listed", () => {
    const records = Array.from({ length: 120 }, (_, n) => ({
      day: n % 2 === 0 ? "2024-02-29" : "2023-10-01",
      at: n === 0 ? null : "2023-10-01T10:00:00Z",
      mixed: n === 0 ? "2023-10-01" : "2023-10-01T10:00:00Z",
      none: n % 2 === 0 ? "2023-02-29" : "2023-10-01",
    }));
    const result = inferred(records);
    expect(propertiesOf(result)).toEqual({
      day: { type: "string", format: "date" },
      at: { type: ["null", "string"], format: "date-time" },
      mixed: { type: "string" },
      none: { type: "string", enum: ["2023-02-29", "2023-10-01"] },
    });
    expect(result.dated).toEqual([
      { pointer: "/day", format: "date" },
      { pointer: "/at", format: "date-time" },
    ]);
    expect(result.kinds).toEqual(["/none"]);
  });

  test("draws no bound and no list of values from a few records", () => {
    const result = inferred(Array.from({ length: 99 }, (_, n) => ({ id: `i${n}`, kind: n % 2 === 0 ? "a" : "b", n })));
    expect(propertiesOf(result)).toEqual({ id: { type: "string" }, kind: { type: "string" }, n: { type: "integer" } });
  });

  test("offers a list of values where a text came often, in few forms, each several times", () => {
    const records = Array.from({ length: 120 }, (_, n) => ({
      kind: n % 2 === 0 ? "b" : "a",
      rare: n === 7 ? "z" : "y",
    }));
    const result = inferred(records);
    expect(propertiesOf(result)).toEqual({ kind: { type: "string", enum: ["a", "b"] }, rare: { type: "string" } });
    expect(result.kinds).toEqual(["/kind"]);
  });

  test("proposes as identity what was there each time with another value", () => {
    const records = [1, 2, 3].map((n) => ({
      id: n,
      same: 1,
      text: `t${n}`,
      half: n + 0.5,
      ...(n === 2 ? {} : { gone: n }),
    }));
    expect(inferred(records).unique).toEqual(["/id", "/text"]);
  });

  test("does not grow with names that never end", () => {
    const result = inferred([Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`k${n}`, n]))]);
    expect(result.open).toEqual([""]);
    expect(result.schema).toEqual({
      $schema: expect.any(String) as string,
      type: "object",
      additionalProperties: true,
    });
  });

  test("an integer that no double keeps makes its member one of 64 bits, and may name the fact", () => {
    const { schema, unique } = inferred([
      { id: 9_007_199_254_740_993n, n: 1 },
      { id: 1, n: 9_007_199_254_740_993n },
      { id: 9_007_199_254_740_995n, n: 1.5 },
    ]);
    expect(schema["properties"]).toEqual({ id: { type: "integer", format: "int64" }, n: { type: "number" } });
    expect(unique).toEqual(["/id"]);
  });
});
