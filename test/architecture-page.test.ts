import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { PARTS } from "./architecture.ts";

const ROOT = resolve(import.meta.dirname, "..");
const PAGE = readFileSync(join(ROOT, "ARCHITECTURE.md"), "utf8");

/** What stands in backticks, without them. */
function quoted(text: string): readonly string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, name = ""]) => name);
}

/** The rows of the table under a heading, each as its cells. */
function rowsUnder(heading: string): readonly (readonly string[])[] {
  const [, section = ""] = PAGE.split(`\n## ${heading}\n`);
  const [own = ""] = section.split("\n## ");
  const rows = own.split("\n").filter((line) => line.startsWith("|") && !/^\|[-\s|]+\|$/.test(line));
  return rows.slice(1).map((row) => row.split("|").map((cell) => cell.trim()));
}

function declares(file: string, name: string): boolean {
  return new RegExp(String.raw`^(?:export )?(?:async )?(?:function|const) ${name}\b`, "m").test(
    readFileSync(join(ROOT, file), "utf8"),
  );
}

describe("ARCHITECTURE.md", () => {
  test("has at most 900 words, tables included", () => {
    expect(PAGE.split(/\s+/).filter((word) => word !== "").length).toBeLessThanOrEqual(900);
  });

  test("names only files that are there", () => {
    const files = quoted(PAGE).filter((name) => /^[\w.-]+\/[\w./-]+$/.test(name) && name.includes("."));
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  test("names each function beside the file that declares it", () => {
    const named = [...PAGE.matchAll(/`([\w./-]+\.ts)`: `(\w+)`/g)];
    expect(named.length).toBeGreaterThan(7);
    expect(named.map(([, file = "", name = ""]) => [file, name]).filter(([f = "", n = ""]) => !declares(f, n))).toEqual(
      [],
    );
  });

  test("says of each step of the protocol, P1 to P9, what it does and in which function, or that it is not built", () => {
    const rows = rowsUnder("The protocol");
    expect(rows.map(([, step]) => step)).toEqual(["P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9"]);
    expect(rows.filter(([, , , where = ""]) => !/^`src\/[\w./-]+\.ts`: `\w+`$|^not built$/.test(where))).toEqual([]);
  });

  test("has every part of the table of parts in its own table, once", () => {
    const parts = rowsUnder("The parts").flatMap(([, names = ""]) => quoted(names));
    expect(parts.toSorted()).toEqual(Object.keys(PARTS).toSorted());
  });
});
