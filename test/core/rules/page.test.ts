import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FUNCTION_GROUPS, OPERATORS } from "../../../src/core/rules/functions.ts";
import { compileRules, lintRule } from "../../../src/core/rules.ts";
import type { JsonObject } from "../../../src/json/json.ts";
import { compileSchema } from "../../../src/schema/schema.ts";

const PAGE = readFileSync(new URL("../../../docs/rules.md", import.meta.url), "utf8");

const [schema, payload] = [...PAGE.matchAll(/```json\n([^]*?)```/g)].map(
  ([, text = ""]) => JSON.parse(text) as JsonObject,
);

const RULES = [
  ...PAGE.matchAll(/### \d+\. (.+)\n\n```cel\n([^]*?)\n```\n\n- Holds with `(.*)`\n- Broken with `(.*)`\n/g),
].map(([, title = "", expression = "", holds = "", broken = ""]) => ({ title, expression, holds, broken }));

/** Rows of the page's tables under a heading, without the spaces that align them. */
function rowsUnder(heading: string): readonly string[] {
  const [, section = ""] = PAGE.split(`\n### ${heading}\n`);
  const [table = ""] = section.trim().split("\n\n");
  return table
    .split("\n")
    .slice(2)
    .map((row) => row.replaceAll(/\s+/g, " "));
}

describe("docs/rules.md", () => {
  test("has twenty rules and more", () => {
    expect(RULES.length).toBeGreaterThanOrEqual(20);
  });

  test.each(RULES)("$title", ({ expression, holds, broken }) => {
    const rule = { id: "r", expression, message: "broken" };
    expect(lintRule(rule, schema!, "assert").findings).toEqual([]);
    const judge = compileRules([rule], schema!, "assert");
    const { accepts } = compileSchema(schema!, { formats: "assert" });
    const changed = [holds, broken].map((change) => ({ ...payload, ...(JSON.parse(change) as JsonObject) }));
    expect(changed.map(accepts)).toEqual([true, true]);
    expect(changed.map((one) => judge(one))).toEqual([[], [{ id: "r", message: "broken" }]]);
  });

  test.each([["Operators", OPERATORS] as const, ...Object.entries(FUNCTION_GROUPS)])(
    "%s: lists each with its meaning, and nothing that there is not",
    (heading, all) => {
      const cell = (text: string): string => text.replaceAll("|", String.raw`\|`);
      const expected = all.map(({ form, meaning }) => `| \`${cell(form)}\` | ${cell(meaning)} |`);
      expect(rowsUnder(heading)).toEqual(expected);
    },
  );

  test("each form is one that rules are written in", () => {
    const names = Object.values(FUNCTION_GROUPS)
      .flat()
      .map(({ name, form }) => form.includes(`${name}(`));
    expect(names).not.toContain(false);
  });
});
