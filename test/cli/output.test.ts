import { expect, test } from "vitest";
import { asciiControls, jsonLine } from "../../src/cli/terminal/output.ts";

test("no character of printed JSON commands a terminal, and the value stays the same", () => {
  const value = { "\u009b2J": "\u001b[2J \u007f \u0085 \u202e \u2066 \u2028 caf\u00e9 \u00a0 \u{1f600}" };
  const line = jsonLine(value);
  const points = line.split("").map((unit) => unit.charCodeAt(0));
  expect(points.filter((point) => point < 0x20 || (point >= 0x7f && point <= 0x9f))).toEqual([]);
  for (const turn of ["\u2028", "\u202e", "\u2066"]) expect(line).not.toContain(turn);
  expect(JSON.parse(line)).toEqual({ v: 1, ...value });
  expect(line).toContain("caf\u00e9 \u00a0 \u{1f600}");
  expect(asciiControls("[1,\n  2]")).toBe("[1,\n  2]");
});
