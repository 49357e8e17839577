import { describe, expect, test } from "vitest";
import { excerptOf } from "../../src/cli/terminal/excerpt.ts";

const marked = (text: string, part: string): string => {
  const bytes = Buffer.from(text);
  const from = bytes.indexOf(part);
  const { line, marks } = excerptOf(bytes, [from, from + Buffer.byteLength(part)]);
  return `${line}\n${marks}`;
};

describe("an excerpt", () => {
  test("marks the range in the line it begins in", () => {
    expect(marked('{\n  "a": 1,\n  "b": [2]\n}', "[2]")).toBe('  "b": [2]\n       ^^^');
  });

  test("counts columns, not bytes, and two for a wide character", () => {
    expect(marked('{"ü":"日本","b":-1}', "-1")).toBe(`{"ü":"日本","b":-1}\n${" ".repeat(16)}^^`);
  });

  test("cuts a long line around the mark", () => {
    const text = `{"a":"${"x".repeat(500)}","n":-1,"z":"${"y".repeat(500)}"}`;
    const [line = "", marks = ""] = marked(text, "-1").split("\n");
    expect(line.startsWith("...xxx")).toBe(true);
    expect(line.length).toBeLessThanOrEqual(103);
    expect(line.slice(marks.indexOf("^"), marks.length)).toBe("-1");
  });

  test("shows no byte that a terminal obeys, hides or reorders", () => {
    const { line } = excerptOf(Buffer.from("\u001b[31m\u202e\u200b\u0007a"), [0, 1]);
    expect(line).toBe("·[31m···a");
  });

  test("marks the end of a text that stops too early, and bytes that are no text", () => {
    expect(excerptOf(Buffer.from('{"a":'), [5, 6])).toEqual({ line: '{"a":', marks: "     ^" });
    expect(excerptOf(Buffer.from([0x22, 0xff, 0x22]), [1, 2])).toEqual({ line: '"\ufffd"', marks: " ^" });
  });

  test("of a huge line looks only at what it shows", () => {
    const bytes = Buffer.alloc(50_000_000, "x");
    expect(excerptOf(bytes, [25_000_000, 25_000_001]).line).toMatch(/^\.\.\.x{30}/);
  });
});
