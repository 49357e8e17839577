import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { PARTS } from "./architecture.ts";

const ROOT = resolve(import.meta.dirname, "..");
const PAGE = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");

/** The rows of the table whose first column has this name: what is in backticks in the first two cells. */
function rowsOf(head: string): readonly (readonly [readonly string[], readonly string[]])[] {
  const table = PAGE.split("\n\n").find((part) => new RegExp(String.raw`^\| ${head} +\|`).test(part)) ?? "";
  const cells = table
    .split("\n")
    .slice(2)
    .map((row) => row.split("|"));
  const quoted = (cell = ""): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
  return cells.map(([, first, second]) => [quoted(first), quoted(second)]);
}

function hasTests(part: string): boolean {
  const folder = join(ROOT, "test", part);
  if (existsSync(`${folder}.test.ts`)) return true;
  return (
    existsSync(folder) &&
    readdirSync(folder, { recursive: true, encoding: "utf8" }).some((file) => file.endsWith(".test.ts"))
  );
}

const ELSEWHERE = rowsOf("Part");

describe("CONTRIBUTING.md", () => {
  test("says where each part is tested that has no test in the folder of its name, and no other", () => {
    const without = Object.keys(PARTS).filter((part) => !hasTests(part));
    expect(ELSEWHERE.flatMap(([parts]) => parts).toSorted()).toEqual(without.toSorted());
  });

  test("names for each of them tests that are there", () => {
    const missing = ELSEWHERE.filter(
      ([, files]) =>
        files.length === 0 || !files.every((file) => file.endsWith(".test.ts") && existsSync(join(ROOT, file))),
    );
    expect(missing).toEqual([]);
  });

  test("names every folder of tests that mirrors no part", () => {
    const rooms = new Set(Object.keys(PARTS).map((part) => part.split("/")[0]));
    const folders = readdirSync(join(ROOT, "test"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !rooms.has(entry.name))
      .map(({ name }) => `test/${name}`);
    expect(
      rowsOf("Folder")
        .flatMap(([names]) => names)
        .toSorted(),
    ).toEqual(folders.toSorted());
  });
});
