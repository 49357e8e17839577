import { describe, expect, test } from "vitest";
import { compileRules, lintRule } from "../../../src/core/rules.ts";
import type { JsonObject, JsonValue } from "../../../src/json/json.ts";

const SCHEMA: JsonObject = {
  type: "object",
  required: ["s", "t", "q", "x", "long", "n", "xs", "ss", "o", "rates", "start", "day", "price", "any"],
  properties: {
    s: { type: "string" },
    t: { type: "string" },
    q: { type: "integer" },
    x: { type: "number" },
    long: { type: "integer", format: "int64" },
    n: { type: ["number", "null"] },
    xs: { type: "array", items: { type: "number" } },
    ss: { type: "array", items: { type: "string" } },
    o: { type: "object", required: ["a"], properties: { a: { type: "integer" }, "b c": { type: "number" } } },
    rates: { type: "object", additionalProperties: { type: "number" } },
    start: { type: "string", format: "date-time" },
    day: { type: "string", format: "date" },
    price: { type: "string", pattern: String.raw`^-?\d+\.\d{2}$` },
    any: {},
    opt: { type: "object", properties: { deep: { type: "integer" } } },
  },
};

const PAYLOAD: JsonObject = {
  s: "SKU-é😀b",
  t: "",
  q: 7,
  x: 515.29,
  long: 9_223_372_036_854_775_807n,
  n: null,
  xs: [0.1, 0.2, 0.3],
  ss: ["b", "a", "b"],
  o: { a: 1, "b c": 2 },
  rates: { EUR: 1, USD: 1.1 },
  start: "2026-01-31T23:30:00.25+01:00",
  day: "2026-02-01",
  price: "515.29",
  any: { a: [1, 2.0, "x"] },
};

function holds(expression: string, payload: JsonValue = PAYLOAD): boolean {
  const rule = { id: "r", expression, message: "broken" };
  expect(lintRule(rule, SCHEMA, "assert").findings).toEqual([]);
  const violations = compileRules([rule], SCHEMA, "assert")(payload);
  expect(violations.every(({ message }) => message === "broken")).toBe(true);
  return violations.length === 0;
}

describe("what a rule yields", () => {
  test.each([
    // Numbers
    "x * 9 == 4637.61",
    "x * q == 3607.03",
    "decimal(price) * 9 == 4637.61",
    "x == decimal(price)",
    "0.1 + 0.2 == 0.3",
    "q % 4 == 3 && -q % 4 == -3",
    "x % 0.01 == 0",
    "q / 2.0 == 3.5 && x / 100 == 5.1529 && 1 / 0.08 == 12.5",
    "trunc(q / 2) == 3 && floor(-q / 2) == -4 && ceil(q / 2) == 4 && round(q / 3, 4) == 2.3333",
    "round(2.5) == 3 && round(-2.5) == -3 && round(1.005, 2) == 1.01",
    "abs(-x) == x && int(x) == 515 && double(x) == x && dyn(x) == x",
    "long == 9223372036854775807 && long > 9223372036854775806 && long + 1 == 9223372036854775808",
    "long % 2 == 1 && long != 9223372036854775806",
    "1e308 * 1e308 > 1e308 && 5e-324 * 5e-324 > 0 && 1e-400 > 0",
    "x <= 515.29 && x < 1000 && 515 < x && x >= 515.290",
    'string(x) == "515.29" && string(q) == "7" && string(long + 1) == "9223372036854775808" && string(true) == "true"',
    'string(x * 0.0000001) == "0.000051529" && string(decimal(price) - 515.29) == "0"',
    "0x10 == 16 && 5u == 5",
    // Texts
    's.startsWith("SKU-") && s.endsWith("b") && s.contains("é") && !s.contains("x")',
    's.matches("^SKU-") && !t.matches(".")',
    "size(s) == 7 && s.size() == 7 && size(t) == 0",
    's.lowerAscii() == "sku-é😀b" && "Éa".upperAscii() == "ÉA" && " a ".trim() == "a"',
    's.indexOf("b") == 6 && s.indexOf("z") == -1 && s.lastIndexOf("S") == 0 && s.indexOf("K", 2) == -1 && "aba".lastIndexOf("a", 1) == 0',
    's.substring(4) == "é😀b" && s.substring(5, 6) == "😀" && s.substring(9) == "" && s.substring(-1, 3) == "SKU" && s.substring(3, 1) == ""',
    '"a,b,c".split(",") == ["a", "b", "c"] && "a,b,c".split(",", 2) == ["a", "b,c"] && "ab".split("") == ["a", "b"] && "a,b".split(",", 0) == [] && "a,b".split(",", -1) == ["a", "b"]',
    'ss.join("-") == "b-a-b" && ss.join() == "bab" && [].join(",") == ""',
    '"ｆ" < "😀" && "a" < "b" && "a" < "ab" && s + t == s',
    'isDecimal("-1.50") && !isDecimal("1e5") && !isDecimal("1,5") && !isDecimal(t) && !isDecimal(q)',
    // Lists
    "sum(xs) == 0.6 && xs.sum() == 0.6 && sum([]) == 0 && sum([1, 2.5]) == 3.5",
    'size(xs) > 0 && min(xs) == 0.1 && max(xs) == 0.3 && min(["b", "a"]) == "a"',
    'ss.distinct() == ["b", "a"] && [1, 1.0, 2].distinct() == [1, 2] && size(distinct(ss)) == 2',
    "count(xs) == 3 && xs.count(v, v > 0.1) == 2 && xs.map(v, v * 10) == [1, 2, 3] && xs.map(v, v > 0.1, v) == [0.2, 0.3]",
    'xs.all(v, v > 0) && xs.exists(v, v == 0.2) && xs.exists_one(v, v == 0.3) && !ss.exists_one(v, v == "b") && xs.filter(v, v < 0.3) == [0.1, 0.2]',
    "[1, null, 2.5].filter(v, v != null).sum() == 3.5 && sum([1, null].map(v, v != null, v)) == 1",
    '[{"a": 1}].filter(v, has(v.a)).map(v, v.a) == [1]',
    "[].all(v, true) && ![].exists(v, true)",
    "xs.isSorted() && !ss.isSorted() && [].isSorted()",
    '0.2 in xs && !(5 in xs) && q in [7, 8] && "a" in ss && null in [null] && q in [7.0]',
    "xs + [1] == [0.1, 0.2, 0.3, 1] && (xs + [1])[0] == 0.1 || size(xs) == 0",
    "size([]) == 0 && [1, [2, 3]] == [1, [2, 3]]",
    'ss.all(v, v in ss.map(w, w)) && ss.map(v, ss.filter(w, w == "a")).all(v, v == ["a"])',
    // Objects
    'o.a == 1 && payload.o.a == 1 && o["a"] == 1 && (!has(o["b c"]) || o["b c"] == 2)',
    'rates.all(k, rates[k] >= 1) && rates.exists(k, k == "USD") && rates.map(k, k).distinct().size() == 2',
    '"EUR" in rates && rates["EUR"] == 1 && !("toString" in rates) && size(rates) == 2',
    "s in rates || true",
    "!has(payload.opt) && !has(payload.opt.deep)",
    '{"a": 1, "b": [2]} == {"b": [2.0], "a": 1} && {"a": 1}.a == 1 && !("toString" in {"a": 1})',
    'any == {"a": [1, 2, "x"]}',
    "type(any) == map && type(q) == int && type(x) == double && type(x) != int && type(n) == null_type && type(s) == string && type(xs) == list && type(true) == bool && type(2.0) == int",
    "n == null || n > 1",
    "(n != null ? n : 0) == 0",
    "cel.bind(total, sum(xs), total > 0.5 && total < 0.7)",
    // Instants, dates, durations
    'timestamp(start) == timestamp("2026-01-31T22:30:00.250Z")',
    'timestamp(start) + duration("90m") == timestamp("2026-02-01T00:00:00.25Z")',
    'timestamp(start) < timestamp("2026-01-31T22:30:01Z") && timestamp(1) < timestamp(1.5)',
    'timestamp("2026-02-01T00:00:00Z") - timestamp(start) == duration("1h29m59.75s")',
    'date(day) == date("2026-02-01") && date(day) > date(timestamp(start)) && date(day) - date("2026-01-01") == days(31)',
    "timestamp(start).getFullYear() == 2026 && timestamp(start).getMonth() == 0 && timestamp(start).getDate() == 31 && timestamp(start).getDayOfMonth() == 30",
    "timestamp(start).getHours() == 22 && timestamp(start).getMinutes() == 30 && timestamp(start).getSeconds() == 0 && timestamp(start).getMilliseconds() == 250",
    "date(day).getDayOfWeek() == 0 && date(day).getDayOfYear() == 31 && timestamp(start).getDayOfWeek() == 6",
    'duration("1h30m").getHours() == 1 && duration("1h30m").getMinutes() == 90 && duration("-1.5s").getSeconds() == -1 && duration("1ms").getMilliseconds() == 1',
    'abs(timestamp(start) - timestamp(0)) > days(365) && -days(1) < duration("0s")',
    'sum([duration("1h"), duration("30m")]) == duration("90m") && max([date(day), date("2020-01-01")]) == date(day)',
    '[timestamp("2026-01-01T00:00:00Z"), timestamp(start)].isSorted()',
    // Logic
    "true && !false && (false || true) && (q > 5 ? true : false)",
    '"x" == "x" && 1 == 1.0 && !(1 == 2) && null == null && true != false',
  ])("%s", (expression) => {
    expect(holds(expression)).toBe(true);
  });

  test.each([
    ["x <= 1000.0", { x: 1000 }, true],
    ["x <= 1000.0", { x: 1000.0000000001 }, false],
    ["x <= 1000", { x: 1000 }, true],
    ["long <= 9223372036854775806", {}, false],
    ["long < 1.5", { long: 1 }, true],
    ["x != 0 && 1 % x == 0", { x: 0 }, false],
    ["x == 0 || 1 % x == 0", { x: 5e-324 }, true],
    ["has(payload.opt.deep) && opt.deep > 1", { opt: { deep: 2 } }, true],
    ["has(payload.opt.deep) && opt.deep > 1", { opt: {} }, false],
    ["sum(xs) == x", { xs: [1e308, 1e308, -1e308], x: 1e308 }, true],
    ["sum(xs) == x", { xs: [1e308, 5e-324, -1e308], x: 5e-324 }, true],
    ["n == null || n > 1", { n: 2 }, true],
    ["n == null || n > 1", { n: 1 }, false],
  ])("%s of %j is %s", (expression, more, expected) => {
    expect(holds(expression, { ...PAYLOAD, ...(more as JsonObject) })).toBe(expected);
  });

  test("nothing is kept from one payload for the next", () => {
    const rule = { id: "r", expression: "ss.all(v, v in ss.map(w, w) && size(xs) == 1)", message: "broken" };
    const judge = compileRules([rule], SCHEMA, "assert");
    const verdicts = [[1], [1, 2], [1]].map((xs) => judge({ ...PAYLOAD, xs }).length);
    expect(verdicts).toEqual([0, 1, 0]);
  });

  test("inside a loop, what belongs to an outer item is kept for that item only", () => {
    const schema: JsonObject = {
      type: "object",
      required: ["groups"],
      properties: {
        groups: {
          type: "array",
          items: {
            type: "object",
            required: ["names", "members"],
            properties: {
              names: { type: "array", items: { type: "string" } },
              members: { type: "array", items: { type: "string" } },
            },
          },
        },
      },
    };
    const expression = "groups.all(g, g.members.all(m, m in g.names.map(n, n.lowerAscii())))";
    const judge = compileRules([{ id: "r", expression, message: "broken" }], schema, "assert");
    const group = (names: readonly string[], members: readonly string[]): JsonObject => ({ names, members });
    expect(judge({ groups: [group(["A"], ["a", "a"]), group(["B"], ["b", "b"])] })).toEqual([]);
    expect(judge({ groups: [group(["A"], ["a"]), group(["B"], ["b", "a"])] })).toHaveLength(1);
  });
});

describe("a rule that does not fit its schema", () => {
  test.each(["nowhere > 1", "s > 1", "size(", "opt.deep > 1"])("%s is broken on every payload", (expression) => {
    const judge = compileRules([{ id: "r", expression, message: "broken" }], SCHEMA, "assert");
    const unanswered = [{ id: "r", message: "broken (the rule could not be evaluated on this payload)" }];
    expect([judge(PAYLOAD), judge({}), judge(null)]).toEqual([unanswered, unanswered, unanswered]);
  });
});

describe("what a rule may cost", () => {
  test("products of many numbers are refused: their digits would grow without bound", () => {
    const product = (factors: number): string => `${Array(factors).fill("x").join(" * ")} > 0`;
    const findings = (factors: number): number =>
      lintRule({ id: "r", expression: product(factors), message: "m" }, SCHEMA, "assert").findings.length;
    expect([findings(8), findings(9)]).toEqual([0, 1]);
  });

  test("an expression that is nested without end is refused, not followed", () => {
    for (const expression of [`${"!".repeat(4_000)}true`, `${"x + ".repeat(1_000)}x > 0`, "(".repeat(4_000)]) {
      const { findings } = lintRule({ id: "r", expression, message: "m" }, SCHEMA, "assert");
      expect(findings.map(({ kind }) => kind)).toEqual(["unusable"]);
    }
  });

  test("a schema that contains itself, or says the same many times over, is read to an end", () => {
    const tree: JsonObject = {
      type: "object",
      required: ["tree"],
      properties: { tree: { $ref: "#/$defs/node" } },
      $defs: {
        node: {
          type: "object",
          required: ["value", "children"],
          properties: {
            weight: { type: ["number", "null"] },
            value: { type: "integer" },
            children: { type: "array", items: { $ref: "#/$defs/node" } },
          },
        },
        loop: { allOf: [{ $ref: "#/$defs/loop" }] },
      },
    };
    const rule = (expression: string): readonly unknown[] =>
      lintRule({ id: "r", expression, message: "m" }, tree, "assert").findings;
    expect(rule("sum(tree.children.filter(c, has(c.weight) && c.weight != null).map(c, c.weight)) >= 0")).toEqual([]);
    expect(rule("sum(tree.children.filter(c, !has(c.weight)).map(c, c.weight)) >= 0")).toMatchObject([
      { kind: "may-be-missing" },
    ]);
    expect(rule("tree.children.all(c, c.value > 0 && c.children.all(d, d.value > c.value))")).toEqual([]);
    const $defs: Record<string, JsonValue> = { last: { type: "integer" } };
    for (let at = 0; at < 30; at += 1) {
      const next = { $ref: at === 29 ? "#/$defs/last" : `#/$defs/d${at + 1}` };
      $defs[`d${at}`] = { allOf: [next, next] };
    }
    const doubled: JsonObject = { type: "object", required: ["a"], properties: { a: { $ref: "#/$defs/d0" } }, $defs };
    expect(lintRule({ id: "r", expression: "1 == 1", message: "m" }, doubled, "assert").findings).toEqual([]);
    expect(() => lintRule({ id: "r", expression: "a > 1", message: "m" }, doubled, "assert")).not.toThrow();
  });

  test("references are followed as the judge follows them: anchors, embedded documents, what is relative to them", () => {
    const schema: JsonObject = {
      $id: "https://example.org/order",
      type: "object",
      required: ["a", "b", "c", "d"],
      properties: {
        a: { $ref: "#price" },
        b: { $ref: "money#/$defs/amount" },
        c: { $ref: "https://example.org/money" },
        d: { $ref: "https://elsewhere.example/x" },
      },
      $defs: {
        price: { $anchor: "price", type: "number" },
        amount: { type: "string" },
        money: { $id: "money", $ref: "#/$defs/amount", $defs: { amount: { type: "integer" } } },
      },
    };
    const kinds = ["a", "b", "c", "d"].map(
      (name) => lintRule({ id: "r", expression: `${name} > 1`, message: "m" }, schema, "assert").findings.length,
    );
    expect(kinds).toEqual([0, 0, 0, 1]);
  });

  test("many values of an enum are as good as few", () => {
    const many = Array.from({ length: 20_000 }, (_, at) => ({ name: `n${at}`, size: at }));
    const schema: JsonObject = { type: "object", required: ["e"], properties: { e: { enum: many } } };
    expect(
      lintRule({ id: "r", expression: 'e.name != "x" && e.size >= 0', message: "m" }, schema, "assert").findings,
    ).toEqual([]);
  });
});
