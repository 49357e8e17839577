import { describe, expect, test } from "vitest";
import { lintPatterns } from "../../src/contract/pattern-lint.ts";

const PLACE = { file: "x.json", line: 3, column: 7 };

function messages(pattern: string, flags: "u" | "" = "u"): readonly string[] {
  return lintPatterns([{ pattern, flags, place: PLACE }]).map(({ message }) => message);
}

describe("linting patterns", () => {
  test.each([
    "^[A-Z]{2}-[0-9]+$",
    String.raw`^\p{L}[^ ]*$`,
    String.raw`^\d{4}-\d{2}-\d{2}$`,
    "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    "^[^@]+@[^@]+$",
  ])("lets %s pass", (pattern) => {
    expect(messages(pattern)).toEqual([]);
  });

  test.each([
    ["^(a|a)*$", "exponential"],
    ["^(x+x+)+y", "exponential"],
    [String.raw`\s+$`, "polynomial"],
    [String.raw`^(.*)\1$`, "polynomial"],
  ])("refuses %s in a rule, where the runtime can take %s time for it", (pattern, type) => {
    expect(messages(pattern, "")).toEqual([`The pattern can take ${type} time in the length of the text`]);
  });

  test("refuses in a schema only what no automaton matches", () => {
    for (const pattern of ["^(a|a)*$", "^(x+x+)+y", String.raw`\s+$`]) expect(messages(pattern)).toEqual([]);
    for (const pattern of [String.raw`^(.*)\1$`, "^(?=a*b)(a|a)*$"]) expect(messages(pattern)).toHaveLength(1);
  });

  test("reads a pattern with its own flags, and no others", () => {
    expect(messages("^[😀-🙏]$")).toEqual([]);
    expect(messages("^[😀-🙏]$", "")).toEqual(["The pattern is not a regular expression"]);
    expect(messages(String.raw`^a\-b$`, "")).toEqual([]);
  });

  test("puts each fault where its pattern stands", () => {
    const sites = [2, 9].map((line) => ({ pattern: "^(a|a)*$", flags: "" as const, place: { ...PLACE, line } }));
    expect(lintPatterns(sites)).toMatchObject([
      { code: "SIG-C-018", file: "x.json", line: 2, column: 7 },
      { code: "SIG-C-018", file: "x.json", line: 9, column: 7 },
    ]);
  });
});
