import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../src/json/json.ts";
import { compileSchema } from "../../src/schema/schema.ts";

/** `pointer message`, and the branch where there is one. */
function explain(schema: JsonObject, payload: JsonValue): readonly string[] {
  const { accepts, explain: why } = compileSchema(schema, { formats: "assert" });
  expect(accepts(payload)).toBe(false);
  return why(payload).map(({ pointer, message, branches = [] }) =>
    [pointer, message, ...branches.map(({ name, chosenBy }) => `(${name}, by ${chosenBy})`)].join(" "),
  );
}

const branch = (kind: string, properties: JsonObject): JsonObject => ({
  type: "object",
  properties: { kind: { const: kind }, ...properties },
  required: ["kind", ...Object.keys(properties)],
  additionalProperties: false,
});

const JOB: JsonObject = {
  oneOf: [
    branch("k8s", { image: { type: "string" }, replicas: { type: "integer" } }),
    branch("lambda", { fn: { type: "string" }, region: { enum: ["eu", "us"] } }),
    branch("static", { bucket: { type: "string" } }),
  ],
};

describe("the explanation of oneOf", () => {
  test("speaks of the one branch that a field of fixed values names", () => {
    expect(explain(JOB, { kind: "lambda", fn: 1, region: "asia" })).toEqual([
      "/fn must be string (kind = lambda, by field)",
      "/region must be one of eu, us (kind = lambda, by field)",
    ]);
  });

  test("is one violation when the field names no branch, and lists what would", () => {
    expect(explain(JOB, { kind: "nope" })).toEqual(["/kind matches none of kind = k8s | lambda | static"]);
  });

  test("is one violation when the field is missing", () => {
    expect(explain(JOB, { fn: "a" })).toEqual(["/kind is required and missing: kind = k8s | lambda | static"]);
  });

  test("is one violation when no branch takes the kind of value", () => {
    expect(explain(JOB, "x")).toEqual([" must be object"]);
  });

  test("reads the field through references and allOf", () => {
    const schema: JsonObject = {
      $defs: {
        base: { type: "object", required: ["type"], properties: { type: { enum: ["a", "A"] } } },
        b: { properties: { type: { $ref: "#/$defs/name" }, n: { type: "integer" } }, required: ["type", "n"] },
        name: { const: "b" },
      },
      oneOf: [{ allOf: [{ $ref: "#/$defs/base" }, { required: ["x"] }] }, { $ref: "#/$defs/b" }],
    };
    expect(explain(schema, { type: "A" })).toEqual(["/x is required and missing (type = a | A, by field)"]);
    expect(explain(schema, { type: "b", n: "1" })).toEqual(["/n must be integer (type = b, by field)"]);
    expect(explain(schema, { type: "c" })).toEqual(["/type matches none of type = a | A | b"]);
  });

  test("goes by the kind of the value where that decides", () => {
    const schema: JsonObject = {
      oneOf: [
        { type: "string", minLength: 3 },
        { type: "array", items: { type: "integer" } },
      ],
    };
    expect(explain(schema, "ab")).toEqual([" must not have fewer than 3 characters (branch 1, by kind)"]);
    expect(explain(schema, [1, "x"])).toEqual(["/1 must be integer (branch 2, by kind)"]);
    expect(explain(schema, null)).toEqual([" must be string or array"]);
  });

  test("takes the nearest branch where nothing else decides, and the one whose faults lie deepest among equals", () => {
    const schema: JsonObject = {
      anyOf: [
        { title: "by name", type: "object", required: ["name", "street", "city"] },
        { title: "by code", type: "object", required: ["code"], properties: { code: { type: "string" } } },
      ],
    };
    expect(explain(schema, { code: 7 })).toEqual(["/code must be string (by code, by nearest)"]);
    const deep: JsonObject = {
      anyOf: [
        { type: "object", required: ["a"] },
        { type: "object", properties: { b: { properties: { c: { type: "string" } } } } },
      ],
    };
    expect(explain(deep, { b: { c: 1 } })).toEqual(["/b/c must be string (branch 2, by nearest)"]);
  });

  test("names the branches when several match", () => {
    const schema: JsonObject = {
      oneOf: [{ title: "small", maximum: 10 }, { title: "even", multipleOf: 2 }, { type: "string" }],
    };
    expect(explain(schema, 4)).toEqual([" matches 2 branches, small, even; exactly one is allowed"]);
  });

  test("lists the values when every branch is one", () => {
    expect(explain({ oneOf: [{ const: "a" }, { const: "b" }, { enum: [1, null] }] }, "c")).toEqual([
      " must be one of a, b, 1, null",
    ]);
  });

  test("carries each branch of nested ones", () => {
    const schema: JsonObject = { anyOf: [{ type: "null" }, branch("x", { inner: JOB })] };
    expect(explain(schema, { kind: "x", inner: { kind: "static", bucket: 1 } })).toEqual([
      "/inner/bucket must be string (branch 2, by kind) (kind = static, by field)",
    ]);
  });

  test("does not ask a field that every branch fixes alike", () => {
    const schema: JsonObject = {
      oneOf: [
        { type: "object", properties: { v: { const: 1 }, a: { type: "string" } }, required: ["v", "a"] },
        { type: "object", properties: { v: { const: 1 }, b: { type: "string" } }, required: ["v", "b"] },
      ],
    };
    expect(explain(schema, { v: 1, b: 2 })).toEqual(["/b must be string (branch 2, by nearest)"]);
  });
});

describe("an explanation", () => {
  test("carries what was expected and what was got, the value only where the contract shows it", () => {
    const schema: JsonObject = {
      properties: {
        secret: { enum: ["a", "b"] },
        open: { enum: ["eu", "us"], "x-show-value": true },
        long: { maxLength: 3, "x-show-value": true },
      },
      required: ["id"],
    };
    const why = compileSchema(schema).explain({ secret: "hunter2", open: "asia", long: "y".repeat(100) });
    expect(why.map(({ pointer, expected, got }) => [pointer, expected, got])).toEqual([
      ["/id", "a value", "nothing"],
      ["/secret", "one of a, b", "string"],
      ["/open", "one of eu, us", 'string "asia"'],
      ["/long", "at most 3 characters", `string "${"y".repeat(63)}...`],
    ]);
  });

  test("does not accuse a field that a branch knows because another field is wrong", () => {
    const schema: JsonObject = {
      $defs: { base: { properties: { id: { type: "string" }, n: { type: "integer" } } } },
      allOf: [{ $ref: "#/$defs/base" }],
      properties: { x: true },
      unevaluatedProperties: false,
    };
    expect(explain(schema, { id: 1, n: 2, x: 3 })).toEqual(["/id must be string"]);
    expect(explain(schema, { id: "a", n: 2, x: 3, y: 4 })).toEqual(["/y is not a field of this contract"]);
    expect(explain(schema, { id: 1, y: 4 })).toEqual(["/id must be string", "/y is not a field of this contract"]);
  });

  test("says nothing more of a value of the wrong type", () => {
    expect(explain({ type: "string", enum: ["a"], minimum: 3 }, 1)).toEqual([" must be string"]);
  });

  test("names the equal items, the missing companion and the wrong name", () => {
    expect(explain({ uniqueItems: true }, [{ a: 1, b: 2 }, 1, { b: 2, a: 1 }])).toEqual([
      " must not have equal items (items 0 and 2 are equal)",
    ]);
    expect(explain({ dependentRequired: { a: ["b"] } }, { a: 1 })).toEqual(['/b is required beside "a" and missing']);
    expect(explain({ propertyNames: { maxLength: 1 } }, { ab: 1 })).toEqual([
      "/ab has a name that is not allowed: it must not have more than 1 character",
    ]);
  });

  test("shortens a long list of values", () => {
    const many = Array.from({ length: 40 }, (_, index) => `v${index}`);
    expect(explain({ enum: many }, "w")).toEqual([
      " must be one of v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11 and 28 more",
    ]);
  });
});

describe("judging by equality", () => {
  test.each<readonly [JsonObject, JsonValue, boolean]>([
    [{ const: { from: "a", toString: "b" } }, { toString: "b", from: "a" }, true],
    [{ not: { const: { a: 1 } } }, { toString: "In Progress" }, true],
    [{ enum: ["a", { toString: "b" }] }, { toString: "b" }, true],
    [{ enum: [{ a: 1 }, { a: 2 }] }, { valueOf: 1 }, false],
    [{ const: { hasOwnProperty: 1 } }, { hasOwnProperty: 1 }, true],
    [{ const: [0] }, [-0], true],
    [{ enum: [1] }, true, false],
    [{ enum: ["1"] }, 1, false],
    [{ const: 9007199254740993n }, 9007199254740993n, true],
    [{ const: 9007199254740993n }, 9007199254740992, false],
    [{ uniqueItems: true }, [{ toString: 1 }, { toString: 1 }], false],
    [{ uniqueItems: true }, [1, "1", true, null, [1], ["1"]], true],
    [{ uniqueItems: true }, [9007199254740993n, 9007199254740995n], true],
    [{ uniqueItems: true }, [[{ a: 9007199254740993n }], [{ a: 9007199254740993n }]], false],
  ])("%# judges rightly", (schema, payload, verdict) => {
    expect(compileSchema(schema).accepts(payload)).toBe(verdict);
  });

  test("tells 100,000 items apart without comparing pairs", () => {
    const items = Array.from({ length: 100_000 }, (_, index) => ({ a: index, b: [String(index)] }));
    const { accepts } = compileSchema({ uniqueItems: true });
    expect(accepts(items)).toBe(true);
    expect(accepts([...items, { b: ["7"], a: 7 }])).toBe(false);
  });
});

describe("int64", () => {
  const { accepts } = compileSchema({ type: "integer", format: "int64", maximum: 9223372036854775806n });

  test.each<readonly [number | bigint, boolean]>([
    [1764288000123456789n, true],
    [-9223372036854775808n, true],
    [9223372036854775806n, true],
    [9223372036854775807n, false],
    [1e19, false],
    [-1e300, false],
    [0.5, false],
    [7, true],
  ])("%# is judged exactly", (value, verdict) => {
    expect(accepts(value)).toBe(verdict);
  });
});

test("a schema that leads back to itself without going on ends, and refuses", () => {
  const circle: JsonObject = {
    $ref: "#/$defs/a",
    $defs: { a: { anyOf: [{ type: "string" }, { $ref: "#/$defs/a" }] } },
  };
  expect(compileSchema(circle).accepts("x")).toBe(true);
  expect(compileSchema(circle).accepts(1)).toBe(false);
  expect(compileSchema({ $ref: "#" }).accepts({})).toBe(false);
});

describe("branches inside branches", () => {
  const twice = (inner: JsonObject): JsonObject => ({
    oneOf: [
      { type: "object", required: ["a"], properties: { a: inner } },
      { type: "object", required: ["a"], properties: { a: inner, b: { type: "integer" } } },
    ],
  });

  test("are looked into as far as there is time for, and the rest is one violation of the whole", () => {
    let schema: JsonObject = { type: "string" };
    let payload: JsonValue = 1;
    for (let level = 0; level < 14; level += 1) {
      schema = twice(schema);
      payload = { a: payload };
    }
    const why = compileSchema(schema).explain(payload);
    expect(why.map(({ message }) => message)).toEqual(["matches none of its branches"]);
  });

  test("that a field of fixed values names are judged once, whatever the order of fields in a payload", () => {
    const kinds = ["add", "mul", "sub", "div"];
    const tree: JsonObject = {
      $defs: {
        node: {
          oneOf: [
            ...kinds.map((kind) => ({
              type: "object",
              required: ["kind", "left"],
              properties: { left: { $ref: "#/$defs/node" }, kind: { const: kind } },
            })),
            { type: "integer" },
          ],
        },
      },
      $ref: "#/$defs/node",
    };
    const { accepts } = compileSchema(tree);
    let payload: JsonValue = 1;
    // Four branches at each of sixty levels are more than could ever be tried.
    for (let level = 0; level < 60; level += 1) payload = { left: payload, kind: kinds[level % 4] ?? "" };
    expect(accepts(payload)).toBe(true);
    expect(accepts({ left: payload, kind: "none" })).toBe(false);
  });

  test("that nothing tells apart are judged once for each value, however deep", () => {
    const tree: JsonObject = {
      $defs: {
        node: {
          anyOf: [
            { type: "object", properties: { next: { $ref: "#/$defs/node" }, a: { type: "string" } } },
            { type: "object", properties: { next: { $ref: "#/$defs/node" }, a: { type: "integer" } } },
          ],
        },
      },
      $ref: "#/$defs/node",
    };
    const { accepts } = compileSchema(tree);
    const deep = (innermost: JsonValue): JsonValue => {
      let payload = innermost;
      for (let level = 0; level < 60; level += 1) payload = { next: payload, a: 1 };
      return payload;
    };
    expect(accepts(deep({ a: "x" }))).toBe(true);
    expect(accepts(deep({ a: null }))).toBe(false);
    expect(accepts(deep({ a: "x" }))).toBe(true);
  });
});
