import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadContracts, readContracts } from "../../src/contract/files.ts";
import {
  codesAndPlaces,
  contractsDirectory,
  contractYaml,
  loaded,
  parcelDirectory,
  SCHEMA,
  type Files,
} from "./contract-files.ts";

type Replaced = Readonly<Record<number, string | null>>;

function faultsOf(replaced: Replaced, more: Files = {}): readonly string[] {
  const directory = parcelDirectory(replaced, more);
  const result = loadContracts(directory);
  return result.ok ? [] : codesAndPlaces(directory, result.faults);
}

function firstFault(replaced: Replaced, more: Files = {}): { readonly message: string; readonly remedy: string } {
  const result = loadContracts(parcelDirectory(replaced, more));
  if (result.ok) throw new Error("loaded without a fault");
  return result.faults[0]!;
}

describe("loading contracts", () => {
  test("reads a contract with its schema, rules and identity", () => {
    const directory = parcelDirectory({
      8: "    status: deprecated\n    deprecated: 2026-11-23\n    sunset: 2027-01-31",
    });
    const [contract] = loaded(directory);
    const { digest, ...version } = contract!.versions[0]!;
    expect({ ...contract, versions: [version] }).toEqual({
      subject: "parcel",
      owner: "team@example.com",
      description: "A parcel",
      collection: "parcels",
      versionField: null,
      requireWhatIf: false,
      file: join(directory, "parcel/contract.yaml"),
      versions: [
        {
          version: 1,
          status: "deprecated",
          deprecated: "2026-11-23",
          sunset: "2027-01-31",
          schema: JSON.parse(SCHEMA) as unknown,
          schemaFile: join(directory, "parcel/v1.schema.json"),
          fixturesDir: join(directory, "parcel/fixtures/v1"),
          rules: [{ id: "max-weight", expression: "weight <= 1000.0", message: "weight exceeds the limit" }],
          identity: ["/id"],
          formats: "assert",
          place: { file: join(directory, "parcel/contract.yaml"), line: 7, column: 3 },
        },
      ],
    });
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test("lets a version override the identity of its contract", () => {
    const [contract] = loaded(parcelDirectory({ 9: "    schema: v1.schema.json\n    identity: [/id, /weight]" }));
    expect(contract!.versions[0]!.identity).toEqual(["/id", "/weight"]);
  });

  test("needs no identity for the contract when each version has its own", () => {
    expect(faultsOf({ 5: null, 9: "    schema: v1.schema.json\n    identity: [/id]" })).toEqual([]);
  });

  test("orders versions by number and contracts by subject", () => {
    const two = contractYaml({ 6: "versions:\n  10:\n    status: draft\n    schema: v1.schema.json" });
    const directory = contractsDirectory({
      "parcel/contract.yaml": two,
      "parcel/v1.schema.json": SCHEMA,
      "Box/contract.yaml": contractYaml({ 1: "subject: Box" }),
      "Box/v1.schema.json": SCHEMA,
    });
    const names = loaded(directory).flatMap(({ subject, versions }) =>
      versions.map(({ version }) => `${subject}@${version}`),
    );
    expect(names).toEqual(["Box@1", "parcel@1", "parcel@10"]);
  });

  test("lets two subjects share a collection", () => {
    const directory = parcelDirectory(
      {},
      { "box/contract.yaml": contractYaml({ 1: "subject: box" }), "box/v1.schema.json": SCHEMA },
    );
    expect(loaded(directory).map(({ collection }) => collection)).toEqual(["parcels", "parcels"]);
  });

  test("gives one digest for one content, however the files are written", () => {
    const spaced = contractYaml({
      12: '        expression: "weight <= 1000.0"',
      5: "identity:\n  - /id",
      8: "    status: active",
    });
    const compact = JSON.stringify({
      ...(JSON.parse(SCHEMA) as object),
      $schema: "https://json-schema.org/draft/2020-12/schema",
    });
    const other = contractsDirectory({ "parcel/contract.yaml": spaced, "parcel/v1.schema.json": compact });
    expect(loaded(other)[0]!.versions[0]!.digest).toBe(loaded(parcelDirectory())[0]!.versions[0]!.digest);
  });

  test.each([
    ["the schema", {}, { "parcel/v1.schema.json": SCHEMA.replace("number", "integer") }],
    ["a rule", { 12: "        expression: weight <= 1000.1" }, {}],
    ["a rule's message", { 13: "        message: too heavy" }, {}],
    ["the identity", { 5: "identity: [/weight]" }, {}],
  ])("gives another digest when %s changes", (_, replaced: Replaced, more: Files) => {
    const changed = loaded(parcelDirectory(replaced, more))[0]!.versions[0]!.digest;
    expect(changed).not.toBe(loaded(parcelDirectory())[0]!.versions[0]!.digest);
  });
});

describe("faults of contract.yaml, each with its place", () => {
  const rows: readonly (readonly [string, Replaced, readonly string[]])[] = [
    ["broken YAML", { 5: "identity: [/id" }, ["SIG-C-003 parcel/contract.yaml:6:1"]],
    ["an alias", { 3: "description: &d A parcel", 4: "collection: *d" }, ["SIG-C-003 parcel/contract.yaml:4:13"]],
    ["a key twice", { 3: "description: A parcel\nowner: x" }, ["SIG-C-004 parcel/contract.yaml:4:1"]],
    [
      "a version twice",
      { 6: 'versions:\n  "1": { status: draft, schema: v1.schema.json }' },
      ["SIG-C-004 parcel/contract.yaml:8:3"],
    ],
    ["an unknown key", { 2: "owner: x\nteam: y" }, ["SIG-C-005 parcel/contract.yaml:3:1"]],
    ["an unknown key of a version", { 8: "    status: draft\n    shema: x" }, ["SIG-C-005 parcel/contract.yaml:9:5"]],
    [
      "an unknown key of a rule",
      { 13: "        message: x\n        severity: high" },
      ["SIG-C-005 parcel/contract.yaml:14:9"],
    ],
    [
      "missing keys",
      { 2: null, 4: null },
      ["SIG-C-006 parcel/contract.yaml:1:1", "SIG-C-006 parcel/contract.yaml:1:1"],
    ],
    [
      "no version",
      { 6: "versions: {}", 7: null, 8: null, 9: null, 10: null, 11: null, 12: null, 13: null },
      ["SIG-C-006 parcel/contract.yaml:6:11"],
    ],
    ["no identity", { 5: null }, ["SIG-C-006 parcel/contract.yaml:6:3"]],
    ["a version without schema", { 9: null }, ["SIG-C-006 parcel/contract.yaml:8:5"]],
    ["a number for a text", { 2: "owner: 12" }, ["SIG-C-007 parcel/contract.yaml:2:8"]],
    ["an empty text", { 3: "description: ' '" }, ["SIG-C-007 parcel/contract.yaml:3:14"]],
    ["nothing for a text", { 3: "description:" }, ["SIG-C-007 parcel/contract.yaml:3:13"]],
    ["a list for a text", { 3: "description: [A parcel]" }, ["SIG-C-007 parcel/contract.yaml:3:14"]],
    ["a text for a list", { 5: "identity: /id" }, ["SIG-C-007 parcel/contract.yaml:5:11"]],
    ["an empty identity", { 5: "identity: []" }, ["SIG-C-007 parcel/contract.yaml:5:11"]],
    ["a subject with a space", { 1: "subject: my parcel" }, ["SIG-C-008 parcel/contract.yaml:1:10"]],
    ["a subject that is not its folder", { 1: "subject: parcels" }, ["SIG-C-008 parcel/contract.yaml:1:10"]],
    ["a collection with capitals", { 4: "collection: Parcels" }, ["SIG-C-010 parcel/contract.yaml:4:13"]],
    ["a collection that is a path", { 4: "collection: ../x" }, ["SIG-C-010 parcel/contract.yaml:4:13"]],
    ["version 0", { 7: "  0:" }, ["SIG-C-011 parcel/contract.yaml:7:3"]],
    ["version 01", { 7: "  01:" }, ["SIG-C-011 parcel/contract.yaml:7:3"]],
    ["version 1.0", { 7: "  1.0:" }, ["SIG-C-011 parcel/contract.yaml:7:3"]],
    ["version 1000000000", { 7: "  1000000000:" }, ["SIG-C-011 parcel/contract.yaml:7:3"]],
    ["version v1", { 7: "  v1:" }, ["SIG-C-011 parcel/contract.yaml:7:3"]],
    ["an unknown status", { 8: "    status: actve" }, ["SIG-C-012 parcel/contract.yaml:8:13"]],
    ["a pointer without slash", { 5: "identity: [id]" }, ["SIG-C-013 parcel/contract.yaml:5:12"]],
    ["a pointer with a bare tilde", { 5: "identity: [/a~2]" }, ["SIG-C-013 parcel/contract.yaml:5:12"]],
    ["a pointer twice", { 5: "identity: [/id, /id]" }, ["SIG-C-013 parcel/contract.yaml:5:17"]],
    [
      "a version field that is no pointer",
      { 4: "collection: parcels\nversionField: version" },
      ["SIG-C-013 parcel/contract.yaml:5:15"],
    ],
    [
      "an identity the schema does not require",
      { 5: "identity: [/id, /colour]" },
      ["SIG-C-014 parcel/contract.yaml:5:17"],
    ],
    ["a rule id with capitals", { 11: "      - id: MaxWeight" }, ["SIG-C-015 parcel/contract.yaml:11:13"]],
    ["a rule that does not parse", { 12: "        expression: weight <= " }, ["SIG-C-016 parcel/contract.yaml:12:30"]],
    ["a rule that yields a number", { 12: "        expression: 1 + 2" }, ["SIG-C-016 parcel/contract.yaml:12:21"]],
    [
      "a rule with a computed pattern",
      { 12: "        expression: id.matches(other)" },
      ["SIG-C-017 parcel/contract.yaml:12:32"],
    ],
    [
      "a rule in a time zone",
      { 12: '        expression: timestamp(1).getHours("Europe/Dublin") > 3' },
      ["SIG-C-019 parcel/contract.yaml:12:43"],
    ],
    [
      "a schema path that leaves the folder",
      { 9: "    schema: ../v1.schema.json" },
      ["SIG-C-022 parcel/contract.yaml:9:13"],
    ],
    ["an absolute schema path", { 9: "    schema: /etc/passwd" }, ["SIG-C-022 parcel/contract.yaml:9:13"]],
    ["a schema file that is not there", { 9: "    schema: v2.schema.json" }, ["SIG-C-002 parcel/contract.yaml:9:13"]],
    [
      "a deprecated version that does not say since when",
      { 8: "    status: deprecated" },
      ["SIG-C-006 parcel/contract.yaml:7:3"],
    ],
    [
      "a sunset that is no day",
      { 8: "    status: draft\n    sunset: 2027-02-30" },
      ["SIG-C-023 parcel/contract.yaml:9:13"],
    ],
  ];

  test.each(rows)("%s", (_, replaced, expected) => {
    expect(faultsOf(replaced)).toEqual(expected);
  });

  test("a rule id that stands twice", () => {
    const rule = "        message: x\n      - id: max-weight\n        expression: weight > 0.0\n        message: y";
    expect(faultsOf({ 13: rule })).toEqual(["SIG-C-015 parcel/contract.yaml:14:13"]);
  });

  test("a character of an expression in a literal block has its own line", () => {
    const block = "        expression: |\n          weight > 0.0 &&\n          id.matches(other)";
    expect(faultsOf({ 12: block })).toEqual(["SIG-C-017 parcel/contract.yaml:14:22"]);
  });

  test("reports all faults at once, by line", () => {
    const all = {
      1: "subject: Parcel!",
      2: "onwer: x",
      5: "identity: [id]",
      8: "    status: on",
      9: "    schema: x.json",
    };
    expect(faultsOf(all)).toEqual([
      "SIG-C-006 parcel/contract.yaml:1:1",
      "SIG-C-008 parcel/contract.yaml:1:10",
      "SIG-C-005 parcel/contract.yaml:2:1",
      "SIG-C-013 parcel/contract.yaml:5:12",
      "SIG-C-012 parcel/contract.yaml:8:13",
      "SIG-C-002 parcel/contract.yaml:9:13",
    ]);
  });

  test("suggests the name that was meant", () => {
    expect(firstFault({ 3: "description: x\nversionfield: /v" }).message).toBe(
      'Unknown key "versionfield" (did you mean "versionField"?)',
    );
    expect(firstFault({ 8: "    status: actve" }).message).toBe('Unknown status "actve" (did you mean "active"?)');
    expect(firstFault({ 3: "description: x\nretries: 3" }).message).toBe('Unknown key "retries"');
    expect(firstFault({ 5: "identity: [id]" }).remedy).toContain("as in /id");
  });

  test("refuses a text with a control character and prints none of a key", () => {
    expect(firstFault({ 8: '    status: "\\e[31mred"' }).message).toBe(
      "The text holds a control character or half of a surrogate pair",
    );
    expect(firstFault({ 3: 'description: x\n"\\e[31mred": 1' }).message).toBe('Unknown key "?[31mred"');
  });
});

describe("faults of the directory", () => {
  test("a directory that does not exist", () => {
    const result = loadContracts("/nowhere/contracts");
    expect(result).toMatchObject({
      ok: false,
      faults: [{ code: "SIG-C-001", file: "/nowhere/contracts", line: 1, column: 1 }],
    });
  });

  test("a directory without contracts, whatever hidden folders and files it has", () => {
    const directory = contractsDirectory({ ".git/x": "", "contracts.lock": "# nothing\n" });
    const result = loadContracts(directory);
    expect(result.ok ? [] : codesAndPlaces(directory, result.faults)).toEqual(["SIG-C-001 .:1:1"]);
  });

  test("a folder without contract.yaml, and the faults of the other folder", () => {
    expect(faultsOf({ 2: "owner: 1" }, { "box/readme.txt": "x" })).toEqual([
      "SIG-C-002 box/contract.yaml:1:1",
      "SIG-C-007 parcel/contract.yaml:2:8",
    ]);
  });

  test("two contracts of one subject", () => {
    const more = { "second/contract.yaml": contractYaml(), "second/v1.schema.json": SCHEMA };
    expect(faultsOf({}, more)).toEqual(["SIG-C-008 second/contract.yaml:1:10", "SIG-C-009 second/contract.yaml:1:10"]);
  });

  test("a contract.yaml that is not UTF-8", () => {
    expect(faultsOf({}, { "parcel/contract.yaml": Uint8Array.of(0x73, 0xff) })).toEqual([
      "SIG-C-003 parcel/contract.yaml:1:1",
    ]);
  });

  test.each<[string, Uint8Array, string]>([
    ["in UTF-16", Buffer.from(contractYaml(), "utf16le"), "Not YAML: the file is in UTF-16LE"],
    ["that is packed", Uint8Array.of(0x1f, 0x8b, 8, 0), "Not YAML: the file is gzip data"],
  ])("a contract.yaml %s is told so", (_, bytes, message) => {
    const { faults } = readContracts(contractsDirectory({ "parcel/contract.yaml": bytes }));
    expect(faults.map((fault) => fault.message)).toEqual([message]);
  });

  test.each<[string, Uint8Array, string]>([
    ["in UTF-16", Buffer.from(SCHEMA, "utf16le"), "Not JSON: the file is in UTF-16LE"],
    [
      "with a byte order mark",
      Buffer.from(`\uFEFF${SCHEMA}`),
      "Not JSON: the file begins with a byte order mark (EF BB BF)",
    ],
  ])("a schema file %s is told so", (_, bytes, message) => {
    const more = { "parcel/contract.yaml": contractYaml(), "parcel/v1.schema.json": bytes };
    const { faults } = readContracts(contractsDirectory(more));
    expect(faults.map((fault) => fault.message)).toEqual([message]);
  });

  test("an empty contract.yaml", () => {
    expect(faultsOf({}, { "parcel/contract.yaml": "" })).toEqual(["SIG-C-007 parcel/contract.yaml:1:1"]);
  });

  test("a contract.yaml nested without end", () => {
    expect(faultsOf({}, { "parcel/contract.yaml": "[".repeat(200_000) })).toEqual([
      expect.stringMatching(/^SIG-C-003 parcel\/contract\.yaml:1:\d+$/),
    ]);
  });
});

describe("faults of a schema file, each with its place", () => {
  const rows: readonly (readonly [string, string | Uint8Array, readonly string[]])[] = [
    ["a missing comma", SCHEMA.replace('"object",', '"object"'), ["SIG-C-020 parcel/v1.schema.json:4:3"]],
    ["a comment", SCHEMA.replace("{\n", "{ // note\n"), ["SIG-C-020 parcel/v1.schema.json:1:3"]],
    [
      "two faults on two lines",
      SCHEMA.replace('"object",', "object,").replace("] ,", "]").replace('"number" }', '"number", }'),
      ["SIG-C-020 parcel/v1.schema.json:3:11", "SIG-C-020 parcel/v1.schema.json:7:35"],
    ],
    [
      "a key twice",
      SCHEMA.replace('"weight": {', '"id": { "type": "string" },\n    "weight": {'),
      ["SIG-C-020 parcel/v1.schema.json:7:5"],
    ],
    [
      "a number that nothing keeps",
      SCHEMA.replace('"number"', '"number", "multipleOf": 0.12345678901234567890123'),
      ["SIG-C-020 parcel/v1.schema.json:7:49"],
    ],
    ["an empty file", "", ["SIG-C-020 parcel/v1.schema.json:1:1"]],
    ["bytes that are not UTF-8", Uint8Array.of(0x22, 0xff, 0x22), ["SIG-C-020 parcel/v1.schema.json:1:1"]],
    ["a byte order mark", `\uFEFF${SCHEMA}`, ["SIG-C-020 parcel/v1.schema.json:1:1"]],
    [
      "a number that does not survive",
      SCHEMA.replace('"number" }', '"number", "maximum": 1e400 }'),
      ["SIG-C-020 parcel/v1.schema.json:7:46"],
    ],
    ["no schema at all", "[1]", ["SIG-C-021 parcel/v1.schema.json:1:1"]],
    [
      "a remote reference",
      SCHEMA.replace('"weight": { "type": "number" }', '"weight": { "$ref": "https://example.com/x" }'),
      ["SIG-C-021 parcel/v1.schema.json:7:17"],
    ],
    [
      "an unknown keyword",
      SCHEMA.replace('"string" }', '"string", "minlength": 1 }'),
      ["SIG-C-021 parcel/v1.schema.json:6:31"],
    ],
  ];

  test.each(rows)("%s", (_, schema, expected) => {
    expect(faultsOf({}, { "parcel/v1.schema.json": schema })).toEqual(expected);
  });

  test.each<[string, string]>([
    [
      String.raw`"pattern": "^a\\:b$"`,
      'Refused (pattern-syntax): the pattern is no regular expression under flag u: there is no escape of ":" at character 3 of it; write ":"',
    ],
    [
      String.raw`"patternProperties": { "[\\w-.]": true }`,
      String.raw`Refused (pattern-syntax): the pattern is no regular expression under flag u: a range begins or ends with a set of characters at character 4 of it; write \- for the dash itself`,
    ],
  ])("a pattern that is none, once, with its place inside: %s", (keyword, message) => {
    const schema = SCHEMA.replace('"string" }', `"string", ${keyword} }`);
    const { faults, patterns } = readContracts(parcelDirectory({}, { "parcel/v1.schema.json": schema }));
    expect(faults.map((fault) => [fault.message, fault.line])).toEqual([[message, 6]]);
    expect(patterns.filter(({ flags }) => flags === "u")).toEqual([]);
  });

  test("a schema nested without end", () => {
    const schema = `${'{"not":'.repeat(100_000)}true${"}".repeat(100_000)}`;
    expect(faultsOf({}, { "parcel/v1.schema.json": schema })).toHaveLength(1);
  });

  test("a schema file that is a directory", () => {
    const directory = parcelDirectory({}, { "parcel/v2.schema.json/x": "" });
    rmSync(join(directory, "parcel/v1.schema.json"));
    const result = loadContracts(directory);
    expect(result.ok ? [] : codesAndPlaces(directory, result.faults)).toEqual(["SIG-C-002 parcel/contract.yaml:9:13"]);
  });
});
