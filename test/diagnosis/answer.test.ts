import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readAnswer } from "../../src/diagnosis/answer.ts";
import { ADVICE } from "./model-server.ts";

describe("an answer", () => {
  test("of the form that was asked for is advice", () => {
    expect(readAnswer(` ${JSON.stringify(ADVICE)}\n`)).toEqual(ADVICE);
  });

  const changed = (changes: object): string => JSON.stringify({ ...ADVICE, ...changes });
  test.each([
    ["nothing", ""],
    ["words", "I think the weight is wrong."],
    ["fenced JSON", `\`\`\`json\n${JSON.stringify(ADVICE)}\n\`\`\``],
    ["two objects", JSON.stringify(ADVICE).repeat(2)],
    ["a list", JSON.stringify([ADVICE])],
    ["null", "null"],
    ["half of it", JSON.stringify(ADVICE).slice(0, -9)],
    ["a member too few", changed({ who_must_act: undefined })],
    ["a member too many", changed({ command: "rm -rf /" })],
    ["a member of another prototype", `{"__proto__":{},${JSON.stringify(ADVICE).slice(1)}`],
    ["an empty text", changed({ suggested_fix: "" })],
    ["a long text", changed({ probable_root_cause: "x".repeat(801) })],
    ["a number for a text", changed({ diagnostic_summary: 7 })],
    ["an unknown confidence", changed({ confidence_level: "certain" })],
    ["an unknown person", changed({ who_must_act: "root" })],
    ["a number of its own kind", changed({ confidence_level: 0.9 })],
    ["100,000 brackets", "[".repeat(100_000)],
    ["32 KiB of blanks", `${JSON.stringify(ADVICE)}${" ".repeat(32_768)}`],
  ])("that is %s is none", (_, text) => {
    expect(readAnswer(text)).toBeNull();
  });

  test("of any text never throws, and advice is always of the form", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(readAnswer(text)).toBeNull();
      }),
    );
  });
});
