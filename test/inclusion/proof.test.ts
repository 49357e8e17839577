import fc from "fast-check";
import { expect, test } from "vitest";
import { must } from "../../src/inclusion/conjunction.ts";
import { findGaps } from "../../src/inclusion/proof.ts";
import { variationsOf } from "../../src/inclusion/variations.ts";
import { obstaclesIn } from "../../src/inclusion/provable.ts";
import { sampleValue } from "../../src/inclusion/sample.ts";
import { createShared, openSchema, rootOf, type SchemaDocument } from "../../src/inclusion/schema-node.ts";
import { seededPick } from "../../src/inclusion/seeded-pick.ts";
import type { JsonObject, JsonValue } from "../../src/json/json.ts";
import { refuseSchema } from "../../src/schema/schema-lint.ts";
import { compileSchema } from "../../src/schema/schema.ts";
import { editSchema } from "./edit.ts";
import { randomKeyword, randomPayload, randomSchema } from "./random-schemas.ts";

// What makes "compatible" trustworthy: pairs of schemas one or two random edits apart, and whatever is proved of them is
// put to the engine with random payloads, payloads directed at the differences, and random changes of accepted ones.

const SEED = Number(process.env["COMPATIBILITY_SEED"] ?? 20_261_123);
const PAIRS = Number(process.env["COMPATIBILITY_PAIRS"] ?? 3_000);
/** Of one pair, in both directions: what needs more is not proved. */
const STEPS = 200_000;
const RANDOM = 30;
const DIRECTED = 12;
const CHANGED = 24;

type Side = { readonly document: SchemaDocument; readonly accepts: (payload: JsonValue) => boolean };

/** Two sides that may be compared, or null. */
function sidesOf(before: JsonObject, after: JsonObject): readonly [Side, Side] | null {
  if (refuseSchema(before).length > 0 || refuseSchema(after).length > 0) return null;
  const old = openSchema("before", before, createShared({ left: STEPS }));
  const next = openSchema("after", after, old.shared);
  const obstacles = [old, next].map(obstaclesIn).flatMap(({ toEvaluation, toProof }) => [...toEvaluation, ...toProof]);
  if (obstacles.length > 0) return null;
  return [
    { document: old, accepts: compileSchema(before, { formats: "assert" }).accepts },
    { document: next, accepts: compileSchema(after, { formats: "assert" }).accepts },
  ];
}

test("what is proved to be included is never refused by the engine", () => {
  const pick = seededPick(SEED);
  const spares = fc.sample(randomKeyword, { numRuns: PAIRS, seed: SEED + 1 });
  const payloads = fc.sample(randomPayload, { numRuns: 20_000, seed: SEED + 2 });
  const counts = { compared: 0, proved: 0, judged: 0 };
  const wrong: string[] = [];

  const contradictions = (from: Side, to: Side): void => {
    const [x, y] = [[must(rootOf(from.document))], [must(rootOf(to.document))]];
    const accepted: JsonValue[] = [];
    const look = (payload: JsonValue | undefined): void => {
      if (payload === undefined || !from.accepts(payload)) return;
      accepted.push(payload);
      if (!to.accepts(payload))
        wrong.push(
          `${JSON.stringify(payload)} of ${JSON.stringify(from.document.root)} in ${JSON.stringify(to.document.root)}`,
        );
    };
    for (let count = 0; count < RANDOM; count += 1) look(payloads[pick(payloads.length)]);
    for (let count = 0; count < DIRECTED; count += 1) look(sampleValue(x, y, pick));
    for (let count = 0; count < CHANGED && accepted.length > 0; count += 1) {
      const [changed] = variationsOf(accepted[pick(accepted.length)]!, payloads.slice(0, 20), ["a", "b", "d"], pick);
      look(changed);
    }
    counts.judged += accepted.length;
  };

  for (const [index, before] of fc.sample(randomSchema, { numRuns: PAIRS, seed: SEED }).entries()) {
    const once = editSchema(before, spares[index]!, pick);
    const after = pick(3) === 0 ? editSchema(once, spares[pick(PAIRS)]!, pick) : once;
    const sides = sidesOf(before, after);
    if (sides === null) continue;
    counts.compared += 1;
    for (const [from, to] of [sides, sides.toReversed()] as const) {
      if (findGaps([must(rootOf(from.document))], rootOf(to.document)).length > 0) continue;
      counts.proved += 1;
      contradictions(from, to);
    }
  }
  expect(wrong.slice(0, 3)).toEqual([]);
  // The test means something only when much is proved and many payloads are accepted.
  expect(counts.compared).toBeGreaterThan(PAIRS / 3);
  expect(counts.proved).toBeGreaterThan(PAIRS / 2);
  expect(counts.judged).toBeGreaterThan(PAIRS * 10);
});

test("refuses to compare documents that were opened apart", () => {
  const [one, other] = [openSchema("one", { type: "string" }), openSchema("other", { type: "number" })];
  expect(() => findGaps([must(rootOf(one))], rootOf(other))).toThrow("opened apart");
});
