import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/core/contract-set.ts";
import { parsePayload } from "../../src/core/payload.ts";
import { parsingCases, type ParsingCase } from "../conformance.ts";

const cases = parsingCases();
const pinned = JSON.parse(readFileSync(new URL("json-pinned.json", import.meta.url), "utf8")) as Readonly<
  Record<string, string>
>;

function codeOf({ bytes }: ParsingCase): string {
  const parsed = parsePayload(bytes, DEFAULT_LIMITS);
  return parsed.ok ? "ok" : parsed.reason.code;
}

function casesOf(kind: "y" | "n" | "i"): readonly ParsingCase[] {
  return cases.filter(({ name }) => name.startsWith(`${kind}_`));
}

describe("the JSON parsing suite", () => {
  test("all 95 valid files are JSON; a policy code is pinned by name", () => {
    const valid = casesOf("y");
    expect(valid).toHaveLength(95);
    const refused = valid.filter((one) => codeOf(one) !== "ok").map((one) => [one.name, codeOf(one)]);
    expect(Object.fromEntries(refused)).toEqual(
      Object.fromEntries(Object.entries(pinned).filter(([name]) => name.startsWith("y_"))),
    );
    expect(refused.map(([, code]) => code)).not.toContain("not-json");
    expect(refused.map(([, code]) => code)).not.toContain("not-utf8");
  });

  test("all 188 invalid files are not JSON", () => {
    const invalid = casesOf("n");
    expect(invalid).toHaveLength(188);
    expect(
      invalid.filter((one) => !["not-json", "not-utf8", "empty"].includes(codeOf(one))).map(({ name }) => name),
    ).toEqual([]);
  });

  test("each of the 35 undetermined files is pinned", () => {
    const undetermined = casesOf("i");
    expect(undetermined).toHaveLength(35);
    expect(Object.fromEntries(undetermined.map((one) => [one.name, codeOf(one)]))).toEqual(
      Object.fromEntries(Object.entries(pinned).filter(([name]) => name.startsWith("i_"))),
    );
  });
});
