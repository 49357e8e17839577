import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const PAGE = readFileSync(join(ROOT, "docs/internals/way-of-a-record.md"), "utf8");
const STEPS = [...PAGE.matchAll(/`(src\/[\w./-]+\.ts)`: `(\w+)`/g)].map(([, file = "", name = ""]) => ({ file, name }));

describe("docs/internals/way-of-a-record.md", () => {
  test("leads from a fetch response to a document through at most 35 files, the two ports included", () => {
    expect(STEPS.length).toBeGreaterThan(30);
    expect(new Set(PAGE.match(/src\/[\w./-]+\.ts/g)).size).toBeLessThanOrEqual(35);
  });

  test("names functions that their files declare", () => {
    const missing = STEPS.filter(
      ({ file, name }) => !new RegExp(String.raw`\bfunction ${name}\b`).test(readFileSync(join(ROOT, file), "utf8")),
    );
    expect(missing).toEqual([]);
  });
});
