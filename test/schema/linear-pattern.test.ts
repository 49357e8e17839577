import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePattern, isMatchedByAutomaton } from "../../src/schema/linear-pattern.ts";

const atom = fc.constantFrom(
  "a",
  "b",
  "[ab]",
  "[^a]",
  ".",
  String.raw`\d`,
  String.raw`\w`,
  String.raw`\s`,
  "ü",
  "😀",
  String.raw`\.`,
  "-",
);
const pattern = fc.letrec<{ part: string }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 4 },
    atom,
    fc.tuple(tie("part"), tie("part")).map(([one, other]) => `${one}${other}`),
    fc.tuple(tie("part"), tie("part")).map(([one, other]) => `(?:${one}|${other})`),
    fc
      .tuple(tie("part"), fc.constantFrom("*", "+", "?", "*?", "{2}", "{1,3}", "{0,}"))
      .map(([one, times]) => `(${one})${times}`),
  ),
})).part;
const anchored = fc
  .tuple(fc.constantFrom("", "^"), pattern, fc.constantFrom("", "$"))
  .map(([begin, middle, end]) => `${begin}${middle}${end}`);
const text = fc
  .array(fc.constantFrom("a", "b", "c", "1", ".", "-", " ", "\n", "ü", "😀", "\ud83d", "\ude00"), { maxLength: 9 })
  .map((parts) => parts.join(""));

describe("compilePattern()", () => {
  test("gives the runtime's verdict, by whichever way it matches", () => {
    let byAutomaton = 0;
    fc.assert(
      fc.property(anchored, fc.array(text, { minLength: 4, maxLength: 8 }), (source, texts) => {
        const matches = compilePattern(source);
        const native = new RegExp(source, "u");
        if (isMatchedByAutomaton(source)) byAutomaton += 1;
        for (const one of texts) expect([source, one, matches(one)]).toEqual([source, one, native.test(one)]);
      }),
      { numRuns: 20_000, seed: 20_261_128 },
    );
    expect(byAutomaton).toBeGreaterThan(4_000);
  });

  test.each([
    [".*Z$", "a"],
    ["^(a|a)*$", "a"],
    [String.raw`^([A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*)*$`, "a"],
    [".+:.+(:.+)?", ":"],
    [String.raw`^\s*(\S+\s*)*$`, "a "],
    ["^(a+)+$", "a"],
    ["^a*a*a*a*b$", "a"],
    [String.raw`\d+\d+x`, "1"],
    ["^([a-z]+)*-$", "a"],
  ])("matches %s by an automaton, which a million characters do not stop", (source, character) => {
    expect(isMatchedByAutomaton(source)).toBe(true);
    expect(compilePattern(source)(`${character.repeat(1_000_000)}\n!`)).toBe(
      new RegExp(source, "u").test(`${character.repeat(20)}\n!`),
    );
  });

  test.each([
    ["^[A-Z]{2}-[0-9]+$"],
    ["^[a-z]+-[0-9]+$"],
    [String.raw`^\p{L}+$`],
    ["^SHIP-"],
    [String.raw`^\d{4}-\d{2}-\d{2}$`],
  ])("leaves %s to the runtime, which is faster", (source) => {
    expect(isMatchedByAutomaton(source)).toBe(false);
  });

  test("stays within its memory on a pattern of many states, and is still right", () => {
    const source = "^(?:a|b)*a(?:a|b){12}$";
    const matches = compilePattern(source);
    const native = new RegExp(source, "u");
    for (let seed = 1; seed < 400; seed += 1) {
      const one = Array.from({ length: 40 }, (_, index) =>
        (seed * (index + 7) * 2_654_435_761) % 7 > 3 ? "a" : "b",
      ).join("");
      expect(matches(one)).toBe(native.test(one));
    }
  });
});
