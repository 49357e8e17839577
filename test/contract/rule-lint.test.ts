import { describe, expect, test } from "vitest";
import { readRule } from "../../src/contract/rule-lint.ts";

function read(expression: string): ReturnType<typeof readRule> {
  return readRule({ id: "r", expression, message: "m" });
}

describe("reading a rule", () => {
  test.each([
    "weight_kg <= 1000.0",
    'destination.matches("^[A-Z]") || priority > 1',
    "has(payload.discount) ? payload.discount < 0.5 : true",
    'timestamp("2026-01-31T00:00:00Z").getHours() == 0',
    'timestamp("2026-01-31T00:00:00.5+01:00").getFullYear() == 2026',
    "timestamp(int(at)).getMonth() == 0",
    "timestamp(86400).getDate() == 2",
    'duration("90m").getHours() == 1',
  ])("finds nothing wrong with %s", (expression) => {
    expect(read(expression).findings).toEqual([]);
  });

  test.each([
    ["weight_kg <=", "SIG-C-016", 12],
    ["nowhere(1)", "SIG-C-016", 0],
    ["1 + 1", "SIG-C-016", 0],
    ['id.matches("(")', "SIG-C-016", 11],
    ["id.matches(pattern)", "SIG-C-017", 11],
    ['id.matches("a" + "b")', "SIG-C-017", 11],
    ["items.all(x, x.matches(x))", "SIG-C-017", 23],
    ['timestamp(5).getHours("Europe/Dublin") > 3', "SIG-C-019", 22],
    ["timestamp(5).getHours(zone) > 3", "SIG-C-019", 22],
    ["timestamp(5).getDayOfYear() > 3", "SIG-C-019", 0],
    ['timestamp(at) > timestamp("2026-01-31T00:00:00Z")', "SIG-C-019", 10],
    ['timestamp("2026-01-31T00:00:00.000") == timestamp(0)', "SIG-C-019", 10],
    ['timestamp("Sat Jan 31 2026 00:00") == timestamp(0)', "SIG-C-019", 10],
  ])("refuses %s as %s at %d", (expression, code, position) => {
    expect(read(expression).findings).toMatchObject([{ code, position }]);
  });

  test("finds every fault of an expression", () => {
    const { findings } = read('id.matches(p) && timestamp(5).getHours("UTC") > 3 && timestamp(t) > timestamp(0)');
    expect(findings.map(({ code }) => code).toSorted()).toEqual(["SIG-C-017", "SIG-C-019", "SIG-C-019"]);
  });

  test("collects the patterns that are still to be shown safe, those inside macros and maps too", () => {
    const { patterns } = read('tags.all(t, t.matches("^a+$")) && {"k": id.matches(r"\\d")}.k');
    expect(patterns).toEqual([
      { pattern: "^a+$", position: 22 },
      { pattern: String.raw`\d`, position: 51 },
    ]);
  });
});
