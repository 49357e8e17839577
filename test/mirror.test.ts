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

function tsFilesIn(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => path.replaceAll("\\", "/").replace(/\.ts$/, ""));
}

const TESTS = tsFilesIn("test");

/** Paths under src, without ".ts", that tests and what they share import. */
const IMPORTED = new Set(
  TESTS.flatMap((path) => [
    ...readFileSync(join(ROOT, "test", `${path}.ts`), "utf8").matchAll(/["'](?:\.\.\/)+src\/([^"']+)\.ts["']/g),
  ]).map(([, path = ""]) => path),
);

/** Files of src that no test is named after and none imports. */
const TESTED_BY_BEHAVIOUR = tsFilesIn("src").filter(
  (path) => !existsSync(join(ROOT, "test", `${path}.test.ts`)) && !IMPORTED.has(path),
);

const WITHOUT_FOLDER = Object.keys(PARTS).filter(
  (part) => !TESTS.some((path) => path.endsWith(".test") && (path.startsWith(`${part}/`) || path === `${part}.test`)),
);

const ROWS = rowsOf("Of `src`");
const NAMED = ROWS.flatMap(([paths]) => paths);

/** The longest path of the table that is the file or a folder around it; "" when there is none. */
function rowOf(file: string): string {
  const fitting = NAMED.filter((path) => file === path || file.startsWith(`${path}/`));
  return fitting.toSorted((a, b) => b.length - a.length)[0] ?? "";
}

describe("CONTRIBUTING.md", () => {
  test("says where each file is tested that no test is named after and none imports", () => {
    expect(TESTED_BY_BEHAVIOUR.filter((file) => rowOf(file) === "")).toEqual([]);
  });

  test("says where each part is tested that has no folder of tests of its name", () => {
    expect(WITHOUT_FOLDER.filter((part) => !NAMED.includes(part))).toEqual([]);
  });

  test("says it of nothing that needs no saying, and of nothing twice", () => {
    const needed = new Set([...TESTED_BY_BEHAVIOUR.map(rowOf), ...WITHOUT_FOLDER]);
    expect(NAMED.filter((path, index) => !needed.has(path) || NAMED.indexOf(path) !== index)).toEqual([]);
  });

  test("names tests that are there", () => {
    const files = ROWS.flatMap(([, tests]) => (tests.length === 0 ? ["none"] : tests));
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
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
