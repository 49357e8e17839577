import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { contractYaml, loaded, parcelDirectory, SCHEMA, writeFiles } from "../contract/contract-files.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const MODULE = pathToFileURL(resolve(ROOT, "src/cli/commands/contract/contract.ts")).href;

type Run = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

function runScript(script: string, args: readonly string[]): Run {
  const run = spawnSync(process.execPath, ["--input-type=module", "--eval", script, "--", ...args], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return { code: run.status, stdout: run.stdout, stderr: run.stderr };
}

/** The command in a process of its own, on the contracts of the repository unless told otherwise. */
function contract(...args: readonly string[]): Run {
  const script = `const { contractCommand } = await import(${JSON.stringify(MODULE)});
    await contractCommand().parseAsync(process.argv.slice(1), { from: "user" });`;
  return runScript(script, args);
}

function jsonLines(text: string): readonly unknown[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

/** Fixtures that need every constraint of the parcel's schema. */
const PROVED = {
  "parcel/fixtures/v1/fail/no-id.json": '{"weight":1}',
  "parcel/fixtures/v1/fail/no-weight.json": '{"id":"a"}',
  "parcel/fixtures/v1/fail/id.json": '{"id":1,"weight":1}',
  "parcel/fixtures/v1/fail/weight.json": '{"id":"a","weight":"1"}',
  "parcel/fixtures/v1/fail/text.json": '"a"',
};

describe("sigma contract", () => {
  test("list prints a table, one line a version", () => {
    const { code, stdout, stderr } = contract("list");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^CONTRACT +STATUS +FROZEN +DIGEST +OWNER\nshipment@1 +active +yes +sha256:[0-9a-f]{12} +\S+\nshipment@2 +draft +no +sha256:/,
    );
  });

  test("list --json prints versioned NDJSON", () => {
    const { stdout } = contract("list", "--json");
    expect(jsonLines(stdout)).toMatchObject([
      { v: 1, subject: "shipment", version: 1, status: "active", frozen: true },
      { v: 1, subject: "shipment", version: 2, status: "draft", frozen: false },
    ]);
  });

  test("show prints the version in full, as JSON with its schema", () => {
    expect(contract("show", "shipment@1").stdout).toContain("rule max-weight  weight_kg <= 1000.0");
    expect(jsonLines(contract("show", "shipment", "--json").stdout)).toMatchObject([
      { v: 1, identity: ["/shipment_id"], schema: { type: "object" } },
      { v: 1, version: 2, identity: ["/shipment_id"] },
    ]);
  });

  test("check prints every fixture and exits 0 when all are decided as they should be", () => {
    const { code, stdout } = contract("check", "shipment");
    expect(code).toBe(0);
    expect(stdout).toMatch(/fail\/weight-over-limit\.json +FAILED +FAILED +rule max-weight\n/);
    expect(stdout).toMatch(/\n\d+ fixtures, (\d+) of \1 constraints tested, 0 findings\n$/);
  });

  test("check exits 10 with the finding and its remedy on stderr", () => {
    const directory = parcelDirectory({}, { ...PROVED, "parcel/fixtures/v1/fail/good.json": '{"id":"a","weight":2}' });
    const { code, stdout, stderr } = contract("check", "--contracts", directory);
    expect(code).toBe(10);
    expect(stdout).toContain("PASSED (!)");
    expect(stderr).toBe(
      `${directory}/parcel/fixtures/v1/fail/good.json:1:1: error SIG-C-041 The must-fail fixture passed\n` +
        "  fix: Correct the payload, or the draft; a frozen version is corrected by a new version\n",
    );
  });

  test("a constraint that no fixture needs is advice by field, and an error with --strict", () => {
    const directory = parcelDirectory(
      {},
      { ...PROVED, "parcel/fixtures/v1/fail/weight.json": '{"id":1,"weight":"1"}' },
    );
    const advice = contract("check", "--contracts", directory);
    expect(advice.code).toBe(0);
    expect(advice.stdout).toMatch(/, 5 of 6 constraints tested, 0 findings\n$/);
    expect(advice.stderr).toContain(
      `${directory}/parcel/v1.schema.json:7:17: advice SIG-C-045 No fixture of parcel@1 needs 1 constraint of /weight (type)\n`,
    );
    const strict = contract("check", "--strict", "--contracts", directory);
    expect(strict.code).toBe(10);
    expect(strict.stdout).toMatch(/, 5 of 6 constraints tested, 1 finding\n$/);
    expect(strict.stderr).toContain(
      `${directory}/parcel/v1.schema.json:7:17: error SIG-C-045 No fixture of parcel@1 needs type at`,
    );
  });

  test("lint, check and freeze say the same of a version that nothing can pass", () => {
    const schema =
      '{\n"type":"object","required":["id"],\n"properties":{"id":{"type":"string","minLength":3,"maxLength":2}}}';
    const directory = parcelDirectory({ 10: null, 11: null, 12: null, 13: null }, { "parcel/v1.schema.json": schema });
    const place = `${directory}/parcel/v1.schema.json:3:51: error SIG-C-024 No text can pass`;
    for (const command of [["lint"], ["check"], ["freeze", "parcel@1"]]) {
      const { code, stderr } = contract(...command, "--contracts", directory);
      expect([command, code]).toEqual([command, 10]);
      expect(stderr).toContain(place);
    }
  });

  test("a part that never matters is a finding of lint, and no reason not to freeze", () => {
    const schema = SCHEMA.replace('"type": "number"', '"type": "number", "enum": [1, "x"]');
    const directory = parcelDirectory({}, { ...PROVED, "parcel/v1.schema.json": schema });
    const lint = contract("lint", "--contracts", directory);
    expect([lint.code, lint.stdout]).toEqual([10, "1 finding\n"]);
    for (const command of [["check"], ["freeze", "parcel@1"]]) {
      const { code, stderr } = contract(...command, "--contracts", directory);
      expect([command, code]).toEqual([command, 0]);
      expect(stderr).toContain(': advice SIG-C-025 "x" can never match');
    }
  });

  test("a finding of a frozen version is advice: nothing of it can be changed", () => {
    const directory = parcelDirectory({ 10: null, 11: null, 12: null, 13: null });
    const schema = SCHEMA.replace('"type": "number"', '"type": "number", "enum": [1, "x"]');
    writeFiles(directory, { "parcel/v1.schema.json": schema });
    const digest = loaded(directory)[0]?.versions[0]?.digest ?? "";
    writeFiles(directory, { "contracts.lock": `parcel@1 ${digest}\n` });
    const { code, stdout, stderr } = contract("lint", "--contracts", directory);
    expect([code, stdout]).toEqual([0, "No findings, 1 for advice\n"]);
    expect(stderr).toContain(': advice SIG-C-025 "x" can never match');
  });

  test("check --json tells fixtures from findings", () => {
    const directory = parcelDirectory({}, { ...PROVED, "parcel/fixtures/v1/fail/good.json": '{"id":"a","weight":2}' });
    const { code, stdout, stderr } = contract("check", "--json", "--contracts", directory);
    expect([code, stderr]).toEqual([10, ""]);
    const kinds = jsonLines(stdout).map((line) => (line as { kind: string }).kind);
    expect(kinds).toEqual([...Array.from({ length: 3 + Object.keys(PROVED).length }, () => "fixture"), "finding"]);
  });

  test("lint exits 0 and says so when there is nothing", () => {
    expect(contract("lint")).toEqual({ code: 0, stdout: "No findings\n", stderr: "" });
  });

  test("lint exits 10 and prints every fault with file, line and column", () => {
    const directory = parcelDirectory({ 2: "onwer: x", 5: "identity: [id]" });
    const { code, stdout, stderr } = contract("lint", "--contracts", directory);
    expect([code, stdout]).toEqual([10, "3 findings\n"]);
    expect(stderr.split("\n").filter((line) => line.includes(": error "))).toEqual([
      `${directory}/parcel/contract.yaml:1:1: error SIG-C-006 Key "owner" is missing`,
      `${directory}/parcel/contract.yaml:2:1: error SIG-C-005 Unknown key "onwer" (did you mean "owner"?)`,
      `${directory}/parcel/contract.yaml:5:12: error SIG-C-013 "id" is not a JSON pointer`,
    ]);
  });

  test("freeze writes the lock, says what it did, and refuses a change with 10", () => {
    const directory = parcelDirectory();
    const first = contract("freeze", "parcel@1", "--contracts", directory);
    expect([first.code, first.stdout]).toEqual([
      0,
      expect.stringMatching(/^Froze parcel@1 as sha256:[0-9a-f]{64} in /),
    ]);
    expect(contract("freeze", "parcel@1", "--contracts", directory).stdout).toMatch(/^parcel@1 was frozen before/);
    writeFiles(directory, { "parcel/contract.yaml": contractYaml({ 12: "        expression: weight <= 10.0" }) });
    const changed = contract("freeze", "parcel@1", "--contracts", directory);
    expect([changed.code, changed.stdout]).toEqual([10, ""]);
    expect(changed.stderr).toContain("error SIG-C-031 parcel@1 is frozen and was changed");
  });

  test.each([
    ["list", "--contracts", "/nowhere"],
    ["lint", "--contracts", "/nowhere"],
    ["show", "shipmnt"],
    ["show", "shipment@9"],
    ["freeze", "shipment@9"],
  ])("%s %s %s is a usage error: exit 2 and a remedy", (...args) => {
    const { code, stdout, stderr } = contract(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/: error SIG-C-0(?:01|35) .+\n {2}fix: .+\n$/);
  });

  test("freeze without a version says how to name it", () => {
    const { code, stderr } = contract("freeze", "shipment");
    expect(code).not.toBe(0);
    expect(stderr).toContain("Name the version too, as in shipment@1.");
  });

  test("defining the command loads no library but the argument parser", () => {
    const script = `import { registerHooks } from "node:module";
      const loaded = [];
      registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
      const { contractCommand } = await import(${JSON.stringify(MODULE)});
      contractCommand();
      console.log(JSON.stringify(loaded));`;
    const urls = JSON.parse(runScript(script, []).stdout) as readonly string[];
    const libraries = urls.map((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? null);
    expect([...new Set(libraries.filter((name) => name !== null))]).toEqual(["commander"]);
  });
});
