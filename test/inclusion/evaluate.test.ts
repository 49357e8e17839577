import fc from "fast-check";
import { expect, test } from "vitest";
import { accepts } from "../../src/inclusion/evaluate.ts";
import { obstaclesIn } from "../../src/inclusion/provable.ts";
import { openSchema, rootOf } from "../../src/inclusion/schema-node.ts";
import { refuseSchema } from "../../src/schema/schema-lint.ts";
import { compileSchema } from "../../src/schema/schema.ts";
import { randomPayload, randomSchema } from "./random-schemas.ts";

const SEED = 20_261_123;
const SCHEMAS = Number(process.env["COMPATIBILITY_SCHEMAS"] ?? 1_500);
const PAYLOADS = 20;

test("judges random payloads by random schemas as the engine does", () => {
  const payloads = fc.sample(randomPayload, { numRuns: SCHEMAS * PAYLOADS, seed: SEED });
  const differ: string[] = [];
  let compared = 0;
  for (const [index, schema] of fc.sample(randomSchema, { numRuns: SCHEMAS, seed: SEED }).entries()) {
    const document = openSchema("one", schema);
    if (refuseSchema(schema).length > 0 || obstaclesIn(document).toEvaluation.length > 0) continue;
    const engine = compileSchema(schema, { formats: "assert" });
    for (const payload of payloads.slice(index * PAYLOADS, (index + 1) * PAYLOADS)) {
      compared += 1;
      if (accepts(rootOf(document), payload) !== engine.accepts(payload))
        differ.push(`${JSON.stringify(schema)} on ${JSON.stringify(payload)}`);
    }
  }
  expect(differ.slice(0, 5)).toEqual([]);
  expect(compared).toBeGreaterThan(10_000);
});
