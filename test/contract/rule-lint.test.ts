import { describe, expect, test } from "vitest";
import { readRule } from "../../src/contract/rule-lint.ts";
import type { JsonObject } from "../../src/json/json.ts";

const SCHEMA: JsonObject = {
  type: "object",
  required: ["id", "weight_kg", "q", "a", "n", "at", "start", "end", "tags", "lines", "price", "priority", "kind"],
  properties: {
    id: { type: "string" },
    weight_kg: { type: "number" },
    q: { type: "integer" },
    a: { type: "string" },
    n: { type: ["number", "null"] },
    at: { type: "integer" },
    start: { type: "string", format: "date-time" },
    end: { type: "string", format: "date-time" },
    day: { type: "string", format: "date" },
    tags: { type: "array", items: { type: "string" } },
    price: { type: "string", pattern: "^-?[0-9]+([.][0-9]{1,2})?$" },
    kind: { enum: ["k8s", "lambda"] },
    destination: { type: "string" },
    priority: { type: "integer", minimum: 1 },
    discount: { type: "number" },
    lines: {
      type: "array",
      items: {
        type: "object",
        required: ["sku", "qty"],
        properties: { sku: { type: "string" }, qty: { type: "integer" }, part_of: { type: "string" } },
      },
    },
  },
};

function read(expression: string, schema: JsonObject | null = SCHEMA): ReturnType<typeof readRule> {
  return readRule({ id: "r", expression, message: "m" }, schema, "assert");
}

describe("reading a rule", () => {
  test.each([
    "weight_kg <= 1000.0",
    "weight_kg <= 1000",
    "q % 2 == 0",
    "q + 1 > 2",
    "q * 3 > 2",
    'id.matches("^[A-Z]") || priority > 1',
    "has(payload.discount) ? payload.discount < 0.5 : true",
    "!has(payload.discount) || discount < 0.5",
    "!(has(payload.discount) && discount >= 0.5)",
    "n == null || n > 1",
    "type(n) != double || n > 1",
    'timestamp("2026-01-31T00:00:00Z").getHours() == 0',
    'timestamp("2026-01-31T00:00:00.5+01:00").getFullYear() == 2026',
    "timestamp(int(at)).getMonth() == 0",
    "timestamp(86400).getDate() == 2",
    "timestamp(5).getDayOfYear() == 0",
    "timestamp(end) > timestamp(start)",
    'timestamp(end) - timestamp(start) <= duration("36h")',
    'duration("90m").getHours() == 1',
    "decimal(price) * 9 == 4637.61",
    "!isDecimal(id) || decimal(id) > 0",
    "size(lines) == 0 || max(lines.map(l, l.qty)) < 10",
    "q == 0 || 100 % q == 0",
    "lines.all(l, !has(l.part_of) || l.part_of in lines.map(m, m.sku))",
    '{"k8s": 1, "lambda": 2}[kind] == priority',
  ])("finds nothing wrong with %s", (expression) => {
    expect(read(expression).findings).toEqual([]);
  });

  test.each([
    ["weight_kg <=", "SIG-C-016", 12],
    ["nowhere(1)", "SIG-C-050", 0],
    ["1 + 1", "SIG-C-016", 0],
    ['id.matches("(")', "SIG-C-016", 11],
    ["id.matches(a)", "SIG-C-017", 11],
    ['id.matches("a" + "b")', "SIG-C-017", 11],
    ["tags.all(x, x.matches(x))", "SIG-C-017", 22],
    ['timestamp(5).getHours("Europe/Dublin") > 3', "SIG-C-019", 22],
    ["timestamp(5).getHours(a) > 3", "SIG-C-019", 22],
    ['timestamp(id) > timestamp("2026-01-31T00:00:00Z")', "SIG-C-019", 10],
    ['timestamp("2026-01-31T00:00:00.000") == timestamp(0)', "SIG-C-019", 10],
    ['timestamp("Sat Jan 31 2026 00:00") == timestamp(0)', "SIG-C-019", 10],
    ['timestamp("2026-02-30T00:00:00Z") == timestamp(0)', "SIG-C-019", 10],
    ["Q > 1.0", "SIG-C-050", 0],
    ['status == "x"', "SIG-C-050", 0],
    ["payload.lines.exists(l, l.quantity > 1)", "SIG-C-050", 26],
    ["a > 1.0", "SIG-C-051", 0],
    ["1.0 < a", "SIG-C-051", 6],
    ['q == "4"', "SIG-C-051", 0],
    ["n > 1", "SIG-C-051", 0],
    ["q", "SIG-C-016", 0],
    ["end > start", "SIG-C-051", 0],
    ["decimal(id) > 0", "SIG-C-051", 0],
    ["weight_kg / 3 > 1", "SIG-C-051", 0],
    ["q / 2 == 1", "SIG-C-051", 0],
    ["q % at == 0", "SIG-C-051", 4],
    ["discount < 0.5", "SIG-C-052", 0],
    ["payload.discount < 0.5", "SIG-C-052", 8],
    ["lines[0].qty > 1", "SIG-C-052", 0],
    ["min(lines.map(l, l.qty)) > 0", "SIG-C-052", 4],
    ["lines.all(x, lines.exists(y, y.sku == x.sku))", "SIG-C-053", 13],
    ["lines.all(x, a.contains(x.sku))", "SIG-C-053", 13],
  ])("refuses %s as %s at %d", (expression, code, position) => {
    expect(read(expression).findings).toMatchObject([{ code, position }]);
  });

  test.each([
    ["Q > 1.0", "There is no field Q; did you mean q", 'Declare "Q" under "properties"'],
    ["a.startWith(id)", "There is no function startWith; did you mean startsWith", "docs/rules.md"],
    ["a > 1.0", "a is a text, and a number is needed", "decimal(a)"],
    ["n > 1", "n is null or a number", "n == null || ..."],
    ["discount < 0.5", "discount may be missing", "!has(payload.discount) || ..."],
    ["timestamp(id) > timestamp(0)", "need not name its time zone", "formats: assert"],
    ["q == 0 ? true : weight_kg / q > 1", "may have no end as a decimal", "round(weight_kg / q, 2)"],
    ["lines[0].qty > 1", "lines may have no item 0", '"minItems": 1'],
    ['{"a": 1}.a > id', "id is a text, and a number is needed", "decimal(id)"],
    ["q % at == 0", "at may be 0", "at == 0 || ..."],
    ["q / 0 > 1", "Nothing is divided by 0", "divisor"],
    ["q > '5'", "'5' is a text, and a number is needed", "without quotes"],
    ["a + q == 'x'", "a is a text and q a number", "string(q)"],
    ["tags.contains('x')", "tags is a list", '"x" in tags'],
    ["a.length > 1", "There is no field length of a", "size(a)"],
    ["a.length() > 1", "There is no function length", "size(x)"],
    ["sum(tags) > 1", "The items of tags are a text", "tags.map(x, decimal(x))"],
    [
      "date(timestamp(end)) < timestamp(end)",
      "timestamp(end) is an instant, and a date is needed",
      "date(timestamp(end))",
    ],
    ["now() > timestamp(end)", "There is no function now", "put the time into the payload"],
  ])("says what is wrong with %s, and what to do", (expression, message, remedy) => {
    const [finding] = read(expression).findings;
    expect(finding?.message).toContain(message);
    expect(finding?.remedy).toContain(remedy);
  });

  test("finds every fault of an expression", () => {
    const { findings } = read('id.matches(a) && timestamp(5).getHours("UTC") > 3 && timestamp(id) > timestamp(0)');
    expect(findings.map(({ code }) => code).toSorted()).toEqual(["SIG-C-017", "SIG-C-019", "SIG-C-019"]);
  });

  test("one fault is not followed by others that it causes", () => {
    expect(read("Q + 1 > 2 && Q < 3 || !(Q == 1)").findings.map(({ code }) => code)).toEqual([
      "SIG-C-050",
      "SIG-C-050",
      "SIG-C-050",
    ]);
  });

  test("finds without a schema only what no schema could mend", () => {
    expect(read("Q > 1.0 && a.matches(b)", null).findings).toMatchObject([{ code: "SIG-C-017" }]);
  });

  test("texts are no instants and no dates where formats are notes", () => {
    const rule = {
      id: "r",
      expression: 'timestamp(end) > timestamp(start) && date(day) > date("2026-01-01")',
      message: "m",
    };
    expect(readRule(rule, SCHEMA, "annotate").findings.map(({ code }) => code)).toEqual([
      "SIG-C-019",
      "SIG-C-019",
      "SIG-C-052",
    ]);
  });

  test("collects the patterns that are still to be shown safe, those inside macros and maps too", () => {
    const { patterns } = read('tags.all(t, t.matches("^a+$")) && {"k": id.matches(r"\\d")}.k');
    expect(patterns).toEqual([
      { pattern: "^a+$", position: 22 },
      { pattern: String.raw`\d`, position: 51 },
    ]);
  });
});
