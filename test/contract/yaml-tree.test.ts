import { expect, test } from "vitest";
import { createSourceText } from "../../src/contract/source-text.ts";
import { parseYamlTree } from "../../src/contract/yaml-tree.ts";

function faultsOf(text: string): readonly string[] {
  const { faults } = parseYamlTree(createSourceText("f.yaml", text));
  return faults.map(({ code, line, column, message }) => `${code} ${line}:${column} ${message}`);
}

test("a key that stands twice is found in every kind of mapping, at the second one, whatever is written between them", () => {
  expect(faultsOf('a: 1\n"b": {c: 1, "c": 2}\n1: x\na: 2\n1: y\n"1": z\n')).toEqual([
    "SIG-C-004 2:13 The key stands twice in one mapping",
    "SIG-C-004 4:1 The key stands twice in one mapping",
    "SIG-C-004 5:1 The key stands twice in one mapping",
  ]);
});

test.each([["["], ["- "], ["{a: "], ["? "]])(
  "%j over and over is nested too deeply, and is told so in our words",
  (opening) => {
    const [first] = faultsOf(opening.repeat(20_000));
    expect(first).toMatch(/^SIG-C-003 1:\d+ Not YAML: it is nested too deeply$/);
  },
);

test("a file that is something else altogether has a hundred faults, and no more", () => {
  expect(faultsOf("}\n".repeat(50_000)).length).toBe(100);
});
