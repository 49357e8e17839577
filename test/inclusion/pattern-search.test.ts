import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findText } from "../../src/inclusion/pattern-search.ts";
import { parsePattern, type Regular } from "../../src/schema/regular.ts";

const SEED = 20_261_123;
const PATTERNS = 400;

function regular(pattern: string): Regular {
  const tree = parsePattern(pattern);
  if (tree === null) throw new Error(`"${pattern}" is outside the subset`);
  return tree;
}

/** Whether the one text is in the language of the pattern, as the automata see it. */
function isIn(pattern: string, text: string): boolean {
  const exactly: Regular = {
    kind: "sequence",
    parts: Array.from(text, (character) => {
      const point = character.codePointAt(0) ?? 0;
      return { kind: "set", ranges: [[point, point]] };
    }),
  };
  return findText({ inside: [regular(pattern), exactly], outside: [], least: 0, most: Infinity }).kind === "text";
}

const atom = fc.constantFrom(
  "a",
  "b",
  ".",
  "[ab]",
  "[^a]",
  "\\d",
  "\\w",
  "\\S",
  "[a-c1]",
  "(a|b)",
  "(?:ab)",
  "😀",
  "\\.",
  "\\u0041",
);
const piece = fc
  .tuple(atom, fc.constantFrom("", "", "*", "+", "?", "{2}", "{1,2}", "{0,}", "+?"))
  .map((parts) => parts.join(""));
const branch = fc
  .tuple(fc.constantFrom("", "^"), fc.array(piece, { maxLength: 4 }), fc.constantFrom("", "$"))
  .map(([start, parts, end]) => `${start}${parts.join("")}${end}`);
const pattern = fc.array(branch, { minLength: 1, maxLength: 2 }).map((branches) => branches.join("|"));
const text = fc.string({ maxLength: 6, unit: fc.constantFrom("a", "b", "c", "A", "1", ".", "\n", " ", "😀", "ü") });

describe("a pattern as a set of texts", () => {
  test("holds the texts that the engine's regular expressions match, and no others", () => {
    const texts = fc.sample(text, { numRuns: PATTERNS * 12, seed: SEED });
    const differ: string[] = [];
    for (const [index, one] of fc.sample(pattern, { numRuns: PATTERNS, seed: SEED + 1 }).entries()) {
      for (const value of texts.slice(index * 12, index * 12 + 12))
        if (isIn(one, value) !== new RegExp(one, "u").test(value)) differ.push(`/${one}/ on ${JSON.stringify(value)}`);
    }
    expect(differ).toEqual([]);
  });

  test("answers a text only of the language, and the shortest", () => {
    const asked = { inside: [regular("^[ab]{2,5}$")], outside: [regular("^a*$")], least: 3, most: 10 };
    const found = findText(asked);
    expect(found).toMatchObject({ kind: "text" });
    expect(found.kind === "text" ? found.text : "").toMatch(/^(?!a*$)[ab]{3}$/);
  });

  test("proves that one pattern matches everything another matches", () => {
    const leftOver = (x: string, y: string) =>
      findText({ inside: [regular(x)], outside: [regular(y)], least: 0, most: Infinity }).kind;
    expect([leftOver("^a{2}$", "^a{1,3}$"), leftOver("^a{1,3}$", "^a{2}$"), leftOver("^(a|b)*$", "^[ab]*$")]).toEqual([
      "empty",
      "text",
      "empty",
    ]);
  });

  test.each(["^(?!a)b", "(a)\\1", "a\\b", "\\p{L}", "a(^b)", "(?<=a)b", "[a"])("leaves %s undecided", (one) => {
    expect(parsePattern(one)).toBeNull();
  });

  test("gives up where the automata would be too large, instead of taking long", () => {
    const many = Array.from({ length: 6 }, (_, index) => regular(`^(?:.*a.{${60 + index}}b.*)$`));
    expect(findText({ inside: many, outside: [], least: 0, most: Infinity }).kind).toBe("unknown");
  });
});
