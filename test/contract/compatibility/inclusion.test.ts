import fc from "fast-check";
import { expect, test } from "vitest";
import { must } from "../../../src/contract/compatibility/conjunction.ts";
import { findGaps } from "../../../src/contract/compatibility/inclusion.ts";
import { obstaclesIn } from "../../../src/contract/compatibility/provable.ts";
import { openSchema, rootOf, type SchemaDocument } from "../../../src/contract/compatibility/schema-node.ts";
import { refuseSchema } from "../../../src/core/schema-lint.ts";
import { compileSchema } from "../../../src/core/schema.ts";
import { editSchema } from "./edit.ts";
import { randomKeyword, randomPayload, randomSchema } from "./random-schemas.ts";

const SEED = Number(process.env["COMPATIBILITY_SEED"] ?? 20_261_123);
const PAIRS = Number(process.env["COMPATIBILITY_PAIRS"] ?? 2_000);
const PAYLOADS = 60;

function hasObstacle(document: SchemaDocument): boolean {
  const { toEvaluation, toProof } = obstaclesIn(document);
  return toEvaluation.length > 0 || toProof.length > 0;
}

test("what is proved included is never refused by the engine", () => {
  const schemas = fc.sample(randomSchema, { numRuns: PAIRS, seed: SEED });
  const spares = fc.sample(randomKeyword, { numRuns: PAIRS, seed: SEED + 1 });
  const numbers = fc.sample(fc.nat(), { numRuns: PAIRS * 4, seed: SEED + 2 });
  const payloads = fc.sample(randomPayload, { numRuns: 20_000, seed: SEED + 3 });
  const wrong: string[] = [];
  let at = 0;
  let [proved, judged, usable] = [0, 0, 0];
  for (const [index, before] of schemas.entries()) {
    const pick = (count: number): number => numbers[(at += 1) % numbers.length]! % count;
    const after = editSchema(before, spares[index]!, pick);
    if (refuseSchema(before).length > 0 || refuseSchema(after).length > 0) continue;
    const old = openSchema("before", before);
    const next = openSchema("after", after, old.keys);
    if ([old, next].some(hasObstacle)) continue;
    usable += 1;
    const engines = [compileSchema(before), compileSchema(after)] as const;
    for (const [from, to, x, y] of [
      [old, next, engines[0], engines[1]],
      [next, old, engines[1], engines[0]],
    ] as const) {
      if (findGaps([must(rootOf(from))], rootOf(to)).length > 0) continue;
      proved += 1;
      for (let count = 0; count < PAYLOADS; count += 1) {
        const payload = payloads[pick(payloads.length)]!;
        if (!x.accepts(payload)) continue;
        judged += 1;
        if (!y.accepts(payload))
          wrong.push(`${JSON.stringify(payload)} of ${JSON.stringify(from.root)} not in ${JSON.stringify(to.root)}`);
      }
    }
  }
  expect({ manyUsable: usable > PAIRS / 2, manyProved: proved > PAIRS / 2, manyJudged: judged > PAIRS * 5 }).toEqual({
    manyUsable: true,
    manyProved: true,
    manyJudged: true,
  });
  expect(wrong.slice(0, 5)).toEqual([]);
}, 600_000);
