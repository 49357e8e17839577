import { describe, expect, test } from "vitest";
import { compareVersions, prepareVerdicts } from "../../src/inclusion/inclusion.ts";
import { must } from "../../src/inclusion/conjunction.ts";
import type { Effort } from "../../src/inclusion/effort.ts";
import { findGaps } from "../../src/inclusion/proof.ts";
import { variationsOf } from "../../src/inclusion/variations.ts";
import { seededPick } from "../../src/inclusion/seeded-pick.ts";
import { createShared, openSchema, rootOf } from "../../src/inclusion/schema-node.ts";
import type { JsonObject } from "../../src/json/json.ts";

const circle: JsonObject = {
  $ref: "#/$defs/a",
  $defs: { a: { anyOf: [{ type: "string" }, { $ref: "#/$defs/a" }] } },
};

/** Objects told apart by a kind, each with as many kinds of its own. */
function branches(count: number, from: number): JsonObject {
  return {
    oneOf: Array.from({ length: count }, (_, branch) => ({
      type: "object",
      required: ["kind"],
      properties: { kind: { enum: Array.from({ length: 30 }, (_kind, index) => `kind-${branch}-${index + from}`) } },
    })),
  };
}

function numbers(count: number): JsonObject {
  return { type: "object", required: ["k"], properties: { k: { enum: Array.from({ length: count }, (_, k) => k) } } };
}

function kinds(before: JsonObject, after: JsonObject): readonly string[] {
  const [old, next] = [before, after].map((schema) => ({ schema, rules: [], identity: [] }));
  if (old === undefined || next === undefined) throw new Error("two schemas were given");
  const { backward, forward } = compareVersions(old, next, { seed: 1 });
  return [backward.kind, forward.kind];
}

// Each of these took from 15 seconds to minutes before all that a comparison does was counted.
describe("a comparison ends, whatever is compared", () => {
  test("a schema that refers to itself says the same as itself with a title", () => {
    expect(kinds(circle, { ...circle, title: "x" })).toEqual(["compatible", "compatible"]);
  });

  test("a schema that refers to itself may be refuted, and nothing of it is proved", () => {
    expect(kinds(circle, { ...circle, minLength: 3 })).toEqual(["incompatible", "unknown"]);
  });

  test("a witness is found among many branches", () => {
    expect(kinds(branches(40, 0), branches(40, 1))).toEqual(["incompatible", "incompatible"]);
  });

  test("hundreds of branches are never taken for compatible", () => {
    expect(kinds(branches(400, 0), branches(400, 1))).not.toContain("compatible");
  });

  test("a list of thousands is compared value by value", () => {
    expect(kinds(numbers(20_000), numbers(20_001))).toEqual(["compatible", "incompatible"]);
  });
});

/** Milliseconds of CPU that this thread takes for something. */
function cpuMsOf(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

function many<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

const named = (index: number): JsonObject => ({ properties: { [`a${index}`]: { type: "string", minLength: index } } });
const afterwards = (index: number): JsonObject => ({
  required: [`k${index + 1}`],
  properties: { [`k${index + 1}`]: { type: "number" } },
});

/**
 * How many times as long as hundreds of branches one of these may take: 1.3 to 5.5, by how much memory a machine reads in a second. Before
 * all steps were counted each took more than 10 seconds on a quick machine, where it takes 1 to 3 now.
 */
const TIMES_MAX = 15;

test.each<readonly [string, JsonObject]>([
  ["thousands of schemas that all must hold", { allOf: many(3_000, named) }],
  [
    "a thousand conditions",
    {
      allOf: many(1_000, (index) => ({
        if: { properties: { carrier: { const: `c${index}` } } },
        then: { required: [`r${index}`] },
        else: { properties: { [`e${index}`]: false } },
      })),
    },
  ],
  [
    "thousands of dependencies",
    { dependentSchemas: Object.fromEntries(many(2_000, (index) => [`k${index}`, afterwards(index)])) },
  ],
])("the steps of a comparison last as long for %s", (_, schema) => {
  const before = {
    type: "object",
    additionalProperties: false,
    required: ["carrier"],
    properties: { carrier: { type: "string" } },
  };
  const usualMs = cpuMsOf(() => kinds(branches(400, 0), branches(400, 1)));
  const takenMs = cpuMsOf(() => kinds(before, { type: "object", ...schema }));
  expect(takenMs / usualMs).toBeLessThan(TIMES_MAX);
});

test("a change at random makes no other change", () => {
  let asked = 0;
  const pool = new Proxy(
    many(400, (index) => index),
    {
      get: (list, name, self) => {
        if (name !== "length") asked += 1;
        return Reflect.get(list, name, self) as unknown;
      },
    },
  );
  const names = many(20_000, (index) => `name-${index}`);
  expect([...variationsOf({ a: 1 }, pool, names, seededPick(1))]).toHaveLength(1);
  expect(asked).toBeLessThanOrEqual(1);
});

test("only the direction that is asked for is decided", () => {
  class Counted extends Array<JsonObject> {
    asked = 0;
    override [Symbol.iterator](): ArrayIterator<JsonObject> {
      this.asked += 1;
      return super[Symbol.iterator]();
    }
  }
  const payloads = new Counted();
  const version = { schema: true, rules: [], identity: [] };
  prepareVerdicts(version, version, { seed: 1, payloads })("forward");
  expect(payloads.asked).toBe(1);
});

test("the same question has the same answer, whatever was asked before", () => {
  const ask = (): readonly string[] => kinds({ pattern: "^[ab]*a[ab]{9}$" }, { pattern: "^[ab]*a[ab]{9}(?:)$" });
  const first = ask();
  kinds(branches(20, 0), branches(20, 1));
  expect(ask()).toEqual(first);
});

test("a proof for which the steps do not last says so", () => {
  const effort: Effort = { left: 40 };
  const shared = createShared(effort);
  const [before, after] = [openSchema("before", branches(9, 0), shared), openSchema("after", branches(9, 0), shared)];
  effort.left = 40;
  const gaps = findGaps([must(rootOf(before))], { ...rootOf(after), schema: { ...branches(9, 0), minProperties: 2 } });
  expect(gaps.map(({ reason }) => reason)).toContain("the proof was given up: it takes too many steps");
});
