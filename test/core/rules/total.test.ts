import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkRule } from "../../../src/core/rules/check.ts";
import { shapeOfSchema } from "../../../src/core/rules/schema-shape.ts";
import { compileSchema } from "../../../src/schema/schema.ts";
import { conforms } from "./conforms.ts";
import { randomContract } from "./random-rules.ts";

const RULES = 40;
const PAYLOADS = 12;

describe("rules on payloads that their schema accepts", () => {
  test("the shape of a schema says of every payload what it is", () => {
    let judged = 0;
    fc.assert(
      fc.property(randomContract, fc.integer(), ({ schema, payloads }, seed) => {
        const { accepts } = compileSchema(schema, { formats: "assert" });
        const shape = shapeOfSchema(schema, "assert");
        const accepted = fc.sample(payloads, { numRuns: PAYLOADS, seed }).filter(accepts);
        judged += accepted.length;
        expect(accepted.filter((payload) => !conforms(payload, shape))).toEqual([]);
      }),
      { numRuns: 2_000, seed: 20_260_727 },
    );
    expect(judged).toBeGreaterThan(5_000);
  });

  test("a rule that nothing is found wrong with yields true or false, and each part of it what was said of it", () => {
    let asked = 0;
    let held = 0;
    const wrong: unknown[] = [];
    fc.assert(
      fc.property(randomContract, fc.integer(), (contract, seed) => {
        const { schema } = contract;
        const { accepts } = compileSchema(schema, { formats: "assert" });
        const shape = shapeOfSchema(schema, "assert");
        const payloads = fc.sample(contract.payloads, { numRuns: PAYLOADS, seed }).filter(accepts);
        for (const expression of fc.sample(contract.rules, { numRuns: RULES, seed })) {
          const { holds } = checkRule(expression, shape, (of, value, part) => {
            if (!conforms(value, of)) wrong.push({ schema, expression, part, value });
          });
          if (holds === null) continue;
          for (const payload of payloads) {
            asked += 1;
            const verdict: unknown = holds(payload);
            expect(verdict).toBeTypeOf("boolean");
            if (verdict === true) held += 1;
          }
        }
        expect(wrong).toEqual([]);
      }),
      { numRuns: 2_500, seed: 20_260_728 },
    );
    // Were all rules refused, or all of one verdict, nothing would have been shown.
    expect(asked).toBeGreaterThan(30_000);
    expect(held / asked).toBeGreaterThan(0.1);
    expect(held / asked).toBeLessThan(0.9);
  });
});
