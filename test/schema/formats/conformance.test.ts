import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FORMATS } from "../../../src/schema/formats/formats.ts";
import { schemaGroups } from "../../conformance.ts";

const groups = schemaGroups("optional/format").map((group) => ({
  ...group,
  format: (group.schema as { readonly format: string }).format,
}));

/** Names of the suite that are no formats: an engine shall pass them over, a contract with one is refused by lint. */
const NO_FORMATS = ["unknown"];

test("every format of the official suite has a check, and there are no others", () => {
  const named = new Set(groups.map(({ format }) => format));
  expect([...named].filter((name) => !NO_FORMATS.includes(name)).toSorted()).toEqual([...FORMATS.keys()].toSorted());
});

test("judges the official suite as it asks, except for what is listed, and the list holds nothing else", () => {
  const wrong = groups.flatMap(({ file, format, tests }) =>
    tests
      .filter(({ data }) => typeof data === "string")
      .filter(({ data, valid }) => FORMATS.has(format) && FORMATS.get(format)!(data as string) !== valid)
      .map(({ description }) => `${file}: ${description}`),
  );
  const listed = JSON.parse(
    readFileSync(new URL("conformance-wrong.json", import.meta.url), "utf8"),
  ) as readonly string[];
  expect(wrong).toEqual(listed);
});

test("runs every text of the suite", () => {
  const texts = groups.filter(({ format }) => FORMATS.has(format)).flatMap(({ tests }) => tests);
  expect(texts.filter(({ data }) => typeof data === "string").length).toBe(643);
});
