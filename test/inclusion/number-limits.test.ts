import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareVersions } from "../../src/inclusion/inclusion.ts";
import { must, takeApart } from "../../src/inclusion/conjunction.ts";
import { accepts } from "../../src/inclusion/evaluate.ts";
import {
  areMultiples,
  compareBounds,
  listedNumbers,
  noNumberIn,
  numberLimits,
  type NumberLimits,
} from "../../src/inclusion/number-limits.ts";
import { openSchema, rootOf } from "../../src/inclusion/schema-node.ts";
import type { JsonObject } from "../../src/json/json.ts";
import { compileSchema } from "../../src/schema/schema.ts";

function factsOf(schema: JsonObject): NumberLimits {
  return numberLimits(takeApart([must(rootOf(openSchema("one", schema)))], new Set()));
}

function kinds(before: JsonObject, after: JsonObject): readonly unknown[] {
  const [old, next] = [before, after].map((schema) => ({ schema, rules: [], identity: [] }));
  if (old === undefined || next === undefined) throw new Error("two schemas were given");
  const { backward, forward } = compareVersions(old, next, { seed: 1 });
  return [backward.kind, forward.kind];
}

/** Decimals as people write them, and as nobody does. */
const decimal = fc.oneof(
  fc.tuple(fc.integer({ min: -9_999, max: 9_999 }), fc.integer({ min: -4, max: 3 })),
  fc.tuple(fc.integer({ min: -99_999_999, max: 99_999_999 }), fc.integer({ min: -330, max: 300 })),
);
const number = decimal.map(([digits, exponent]) => Number(`${digits}e${exponent}`));
const divisor = number.map(Math.abs).filter((one) => one > 0 && Number.isFinite(one));
const schema = fc.record(
  {
    minimum: number,
    exclusiveMinimum: number,
    maximum: number,
    exclusiveMaximum: number,
    multipleOf: divisor,
    type: fc.constantFrom("integer", "number"),
    allOf: fc.array(fc.record({ multipleOf: divisor }), { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
);

test("every number that a schema accepts keeps what is known of its numbers", () => {
  let accepted = 0;
  const property = fc.property(
    schema,
    fc.array(number, { maxLength: 6 }),
    fc.nat({ max: 50 }),
    (one, others, count) => {
      const changes = factsOf(one);
      const judge = compileSchema(one);
      const step = one.multipleOf ?? 1;
      const bounds = [one.minimum, one.maximum, one.exclusiveMinimum, one.exclusiveMaximum].filter(
        (at) => at !== undefined,
      );
      const near = bounds.flatMap((at) => [at, Math.ceil(at / step) * step, Math.floor(at / step) * step]);
      for (const value of [0, step, step * count, ...others, ...near]) {
        if (!Number.isFinite(value) || !judge.accepts(value)) continue;
        accepted += 1;
        expect(noNumberIn(changes)).toBe(false);
        expect(compareBounds(value, changes.least)).toBeGreaterThanOrEqual(changes.leastIsOut ? 1 : 0);
        expect(compareBounds(value, changes.most)).toBeLessThanOrEqual(changes.mostIsOut ? -1 : 0);
        for (const known of [step, one.allOf?.[0]?.multipleOf ?? step])
          if (areMultiples(changes, known)) expect(compileSchema({ multipleOf: known }).accepts(value)).toBe(true);
        const listed = listedNumbers(changes);
        if (listed !== null) expect(listed.some((other) => compareBounds(other, value) === 0)).toBe(true);
      }
    },
  );
  fc.assert(property, { numRuns: 1_500, seed: 20_261_123 });
  expect(accepted).toBeGreaterThan(300);
});

test("parts of a schema judge numbers as the engine does", () => {
  const property = fc.property(schema, fc.array(number, { minLength: 1, maxLength: 8 }), (one, values) => {
    const node = rootOf(openSchema("one", one));
    const judge = compileSchema(one);
    for (const value of values.filter(Number.isFinite)) expect(accepts(node, value)).toBe(judge.accepts(value));
  });
  fc.assert(property, { numRuns: 1_000, seed: 20_261_124 });
});

describe("multiples are combined exactly", () => {
  test.each<[string, JsonObject, JsonObject, string, string]>([
    [
      "of three and two tenths are of six",
      { allOf: [{ multipleOf: 0.3 }, { multipleOf: 0.2 }] },
      { multipleOf: 0.6 },
      "compatible",
      "compatible",
    ],
    ["of a half among integers", { type: "integer", multipleOf: 0.5 }, { type: "integer" }, "compatible", "compatible"],
    ["of two are integers", { type: "number", multipleOf: 2 }, { type: "integer" }, "compatible", "incompatible"],
    [
      "of five between one and four do not exist",
      { type: "number", multipleOf: 5, minimum: 1, maximum: 4 },
      { type: "string" },
      "compatible",
      "incompatible",
    ],
    [
      "of a quarter up to one can be listed",
      { type: "number", multipleOf: 0.25, minimum: 0, maximum: 1 },
      { type: "number", enum: [0, 0.25, 0.5, 0.75, 1] },
      "compatible",
      "compatible",
    ],
    [
      "of a cent above half a cent are at least a cent",
      { type: "number", multipleOf: 0.01, minimum: 0.005 },
      { type: "number", minimum: 0.01 },
      "compatible",
      "incompatible",
    ],
    ["at the upper end", { multipleOf: 1e300 }, { multipleOf: 1e299 }, "compatible", "incompatible"],
    ["at the lower end", { multipleOf: 1e-323 }, { multipleOf: 5e-324 }, "compatible", "incompatible"],
  ])("%s", (_, before, after, backward, forward) => {
    expect(kinds(before, after)).toEqual([backward, forward]);
  });
});

test("a witness against multiples is one that both versions judge so, and a plain one", () => {
  const before = { schema: { type: "number", multipleOf: 0.01 }, rules: [], identity: [] };
  const after = { schema: { type: "number", multipleOf: 0.1 }, rules: [], identity: [] };
  const { backward, forward, changes } = compareVersions(before, after, { seed: 1 });
  expect(forward).toEqual({ kind: "compatible" });
  expect(changes.map(({ rule }) => rule)).toEqual(["multiple-tightened"]);
  expect(backward.kind === "incompatible" ? String(backward.witness) : "").toMatch(/^-?\d\.\d[1-9]$/);
});
