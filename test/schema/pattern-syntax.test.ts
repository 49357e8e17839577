import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describePatternFault, findPatternFault, modernisePattern } from "../../src/schema/pattern-syntax.ts";

describe("the syntax of a pattern", () => {
  test.each([
    "",
    "^[😀-🙏]$",
    String.raw`^\d{4}-\d{2}\/[\w\-.]+$`,
    String.raw`^\p{L}+(?<year>\d{4})\k<year>\1$`,
    String.raw`[^\]]{1,2}?x{3,}|(?:a|b)*|(?=x)|(?<!y)\bz`,
    String.raw`[\x41-\u005a\u{1F600}]`,
  ])("%s has none that is wrong", (pattern) => {
    expect(findPatternFault(pattern)).toBeNull();
  });

  test.each<[string, string]>([
    [String.raw`^a\:b$`, 'there is no escape of ":" at character 3 of it; write ":"'],
    [String.raw`^\d{4}\-\d{2}$`, String.raw`there is no escape of "-" at character 7 of it; write "-"`],
    [String.raw`\Aabc\Z`, 'there is no escape of "A" at character 1 of it; write ^ for the beginning'],
    [
      String.raw`[\w-.]`,
      String.raw`a range begins or ends with a set of characters at character 4 of it; write \- for the dash itself`,
    ],
    ["[z-a]", "a range ends before it begins at character 2 of it; write the smaller character first"],
    ["ab{", String.raw`"{" repeats nothing at character 3 of it; write \{ for the character itself`],
    ["a{,5}", '"{,5}" repeats nothing at character 2 of it; write {0,5}'],
    ["a{5,2}", "a repetition ends before it begins at character 2 of it; write the smaller number first"],
    ["a}", String.raw`"}" closes nothing at character 2 of it; write \} for the character itself`],
    [
      "(?i)abc",
      "there are no flags for the rest of a pattern at character 1 of it; write both cases where it matters, as [Aa]",
    ],
    ["(?P<year>x)", "a group is not named so at character 1 of it; write (?<year>"],
    ["(a", "a group is never closed at character 1 of it; write ) behind it"],
    ["a)", String.raw`there is no group to close at character 2 of it; write \) for the bracket itself`],
    [
      "[a",
      String.raw`a class of characters is never closed at character 1 of it; write ] behind it, or \[ for the bracket itself`,
    ],
    ["a|*", "there is nothing to repeat at character 3 of it; write a backslash before it for the character itself"],
    ["(?=a)*", "there is nothing to repeat at character 6 of it; write a backslash before it for the character itself"],
    [String.raw`(a)\2`, "it refers to a group that is not there at character 4 of it; name a group that is"],
    [String.raw`\p{Foo}`, String.raw`no property of characters is called so; name one that is, as \p{L}`],
    ["a\\", String.raw`it ends in a backslash at character 2 of it; write \\ for the backslash itself`],
  ])("of %s is named with its place and what to write", (pattern, words) => {
    const fault = findPatternFault(pattern);
    expect(fault === null ? null : describePatternFault(fault, pattern)).toBe(
      `the pattern is no regular expression under flag u: ${words}`,
    );
  });

  test.each<[string, string]>([
    [String.raw`^\d{4}\-\d{2}$`, String.raw`^\d{4}-\d{2}$`],
    [String.raw`^[a-z\_\:]+\@\#\ $`, "^[a-z_:]+@# $"],
    [String.raw`^[\w-.\d-x]+$`, String.raw`^[\w\-.\d\-x]+$`],
    ["^{[a-z]}$", String.raw`^\{[a-z]\}$`],
    ["a]", String.raw`a\]`],
  ])("of %s without flag u is %s with it", (pattern, modern) => {
    expect(modernisePattern(pattern)).toEqual({ ok: true, pattern: modern });
  });

  test.each([String.raw`\Aa`, "a{,5}", "(?i)a", "(a", String.raw`\1`])("of %s has no equal", (pattern) => {
    expect(modernisePattern(pattern)).toMatchObject({ ok: false });
  });

  test("what was rewritten takes the same texts, and what was not does not compile", () => {
    const parts = [
      "a",
      "b",
      "-",
      ".",
      "\\-",
      "\\:",
      "\\d",
      "\\w",
      "[",
      "]",
      "{",
      "}",
      "(",
      ")",
      "|",
      "^",
      "$",
      "*",
      "+",
      "?",
      "2",
      ",",
      "\\",
      "\\/",
    ];
    const pattern = fc.array(fc.constantFrom(...parts), { maxLength: 9 }).map((list) => list.join(""));
    const text = fc.array(fc.constantFrom("a", "b", "-", ".", ":", "1", "{", "}", "[", "]", "\\", "2", ","), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(pattern, fc.array(text, { maxLength: 8 }), (written, texts) => {
        const modern = modernisePattern(written);
        if (!modern.ok) {
          expect(() => new RegExp(written, "u")).toThrow("Invalid");
          return;
        }
        const after = new RegExp(modern.pattern, "u");
        if (modern.pattern === written) return;
        const before = new RegExp(written, "");
        for (const one of texts.map((list) => list.join(""))) expect(after.test(one)).toBe(before.test(one));
      }),
      { numRuns: 5_000 },
    );
  });
});
