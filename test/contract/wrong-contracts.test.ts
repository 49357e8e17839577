import { relative } from "node:path";
import { describe, expect, test } from "vitest";
import { lintContracts } from "../../src/contract/commands.ts";
import { contractsDirectory, contractYaml, SCHEMA, type Files } from "./contract-files.ts";
import { WRONG_CONTRACTS } from "./wrong-contract-files.ts";
import { WRONG_SCHEMAS } from "./wrong-schema-files.ts";

// What a new user gets wrong. Each message is read: it must name the cause, the place and what to do.

const YAML = contractYaml({ 10: null, 11: null, 12: null, 13: null });

/** `SIG-C-005 contract.yaml:2:1 Unknown key "onwer" -> Known keys are ...`. */
async function findings(files: Files): Promise<readonly string[]> {
  const directory = contractsDirectory(files);
  const faults = await lintContracts(directory);
  return faults.map(({ code, file, line, column, message, remedy }) =>
    `${code} ${relative(`${directory}/parcel`, file)}:${line}:${column} ${message} -> ${remedy}`.replaceAll(
      `${directory}/`,
      "",
    ),
  );
}

function replaced(text: string, from: string, to: string): string {
  expect(text.split(from).length).toBeGreaterThan(1);
  // A change at the end is one of the last place.
  const at = from === "n\n" ? text.lastIndexOf(from) : text.indexOf(from);
  return text.slice(0, at) + to + text.slice(at + from.length);
}

describe("a wrong contract.yaml is told by its cause", () => {
  test.each(WRONG_CONTRACTS)("%s", async (_, from, to, ...expected) => {
    const files = { "parcel/contract.yaml": replaced(YAML, from, to), "parcel/v1.schema.json": SCHEMA };
    expect(await findings(files)).toEqual(expected);
  });
});

describe("a wrong schema is told by its cause", () => {
  test.each(WRONG_SCHEMAS)("%s", async (_, from, to, ...expected) => {
    const files = { "parcel/contract.yaml": YAML, "parcel/v1.schema.json": replaced(SCHEMA, from, to) };
    expect(await findings(files)).toEqual(expected);
  });
});

describe("a wrong folder is told by its cause", () => {
  test.each<[string, Files, string]>([
    [
      "a contract of another suffix",
      { "parcel/contract.yml": YAML, "parcel/v1.schema.json": SCHEMA },
      'SIG-C-002 contract.yaml:1:1 Cannot read contract "parcel/contract.yaml": it does not exist -> contract.yml is there: call it contract.yaml',
    ],
    [
      "a contract in another encoding",
      { "parcel/contract.yaml": Buffer.from(YAML, "utf16le"), "parcel/v1.schema.json": SCHEMA },
      "SIG-C-003 contract.yaml:1:1 Not YAML: the file is in UTF-16LE -> Save it as text in UTF-8",
    ],
    [
      "a schema in YAML",
      {
        "parcel/contract.yaml": YAML.replace("v1.schema.json", "v1.schema.yaml"),
        "parcel/v1.schema.yaml": "type: object\n",
      },
      "SIG-C-020 v1.schema.yaml:1:1 Not JSON: it looks like YAML -> Write the schema as JSON; only contract.yaml is YAML",
    ],
  ])("%s", async (_, files, expected) => {
    expect(await findings(files)).toEqual([expected]);
  });
});

describe("what may look wrong and is right", () => {
  test.each([
    ["no $schema", '  "$schema": "https://json-schema.org/draft/2020-12/schema",\n', ""],
    ["a bound of 64 bits", '"number"', '"integer", "format": "int64", "maximum": 9223372036854775807'],
    ["a pattern that another program would take long for", '"string" }', '"string", "pattern": "^(a+)+$" }'],
  ])("%s", async (_, from, to) => {
    const files = { "parcel/contract.yaml": YAML, "parcel/v1.schema.json": replaced(SCHEMA, from, to) };
    expect(await findings(files)).toEqual([]);
  });
});
