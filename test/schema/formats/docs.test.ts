import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FORMATS } from "../../../src/schema/formats/formats.ts";

const page = readFileSync(new URL("../../../docs/formats.md", import.meta.url), "utf8");

/** Format, texts that pass, texts that fail. */
const rows = page
  .slice(page.indexOf("## What is judged"))
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").map((cell) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, text = ""]) => text)))
  .map(([, [format = ""] = [], , passes = [], fails = []]) => ({ format, passes, fails }));

test("the page has a row for each format, with texts of both kinds", () => {
  expect(rows.map(({ format }) => format)).toEqual([...FORMATS.keys()]);
  expect(rows.filter(({ passes, fails }) => passes.length === 0 || fails.length === 0)).toEqual([]);
});

test.each(rows)("the texts of the page are judged as it says: $format", ({ format, passes, fails }) => {
  const check = FORMATS.get(format)!;
  expect(passes.filter((text) => !check(text))).toEqual([]);
  expect(fails.filter(check)).toEqual([]);
});
