import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { CONTRACT_CODES, describeFault, faultAt, sortFaults } from "../../src/contract/fault.ts";

const SRC = resolve(import.meta.dirname, "../../src/contract");

describe("faults", () => {
  test("are told with file, line, column and code", () => {
    const fault = faultAt({ file: "a.yaml", line: 3, column: 5 }, "SIG-C-005", "Unknown key", "Remove it");
    expect(describeFault(fault)).toBe("a.yaml:3:5: error SIG-C-005 Unknown key");
  });

  test("come by file, line, column and code", () => {
    const rows = [
      { file: "b", line: 1, column: 1 },
      { file: "a", line: 10, column: 1 },
      { file: "a", line: 9, column: 2 },
      { file: "a", line: 9, column: 1 },
    ];
    const sorted = sortFaults(rows.map((place) => faultAt(place, "SIG-C-005", "m", "r")));
    expect(sorted.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual([
      "a:9:1",
      "a:9:2",
      "a:10:1",
      "b:1:1",
    ]);
  });

  test("have no code that nothing reports", () => {
    const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && name !== "fault.ts")
      .map((name) => readFileSync(join(SRC, name), "utf8"));
    const unused = Object.keys(CONTRACT_CODES).filter((code) => !sources.some((text) => text.includes(`"${code}"`)));
    expect(unused).toEqual([]);
  });
});
