import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  checkContracts,
  freezeContract,
  lintContracts,
  listContracts,
  loadFrozenContracts,
  showContract,
} from "../../src/contract/commands.ts";
import { codesAndPlaces, contractYaml, parcelDirectory, SCHEMA, writeFiles } from "./contract-files.ts";

const ACTIVE = { 8: "    status: active" };

async function frozenDirectory(): Promise<string> {
  const directory = parcelDirectory(ACTIVE);
  const frozen = await freezeContract(directory, "parcel", 1);
  if (!frozen.ok) throw new Error(JSON.stringify(frozen.faults));
  return directory;
}

describe("what a gateway may start with", () => {
  test("is what is frozen", async () => {
    const directory = await frozenDirectory();
    expect(loadFrozenContracts(directory)).toMatchObject({ ok: true, contracts: [{ subject: "parcel" }] });
  });

  test("is never a live version that is not frozen", () => {
    expect(loadFrozenContracts(parcelDirectory(ACTIVE))).toMatchObject({ ok: false, faults: [{ code: "SIG-C-033" }] });
  });

  test("is never a changed version, until the change is undone", async () => {
    const directory = await frozenDirectory();
    writeFiles(directory, { "parcel/v1.schema.json": SCHEMA.replace('"string"', '"integer"') });
    expect(loadFrozenContracts(directory)).toMatchObject({ ok: false, faults: [{ code: "SIG-C-031" }] });
    writeFiles(directory, { "parcel/v1.schema.json": SCHEMA });
    expect(loadFrozenContracts(directory)).toMatchObject({ ok: true });
  });

  test("tells the faults of the files and of the lock together", async () => {
    const directory = parcelDirectory({ 2: "owner: 1" }, { "contracts.lock": "what\n" });
    const result = loadFrozenContracts(directory);
    expect(result.ok ? [] : codesAndPlaces(directory, result.faults)).toEqual([
      "SIG-C-007 parcel/contract.yaml:2:8",
      "SIG-C-030 contracts.lock:1:1",
    ]);
  });
});

describe("listing and showing", () => {
  test("lists each version with its state", async () => {
    const directory = await frozenDirectory();
    const answer = listContracts(directory);
    expect(answer.ok ? answer.value : []).toMatchObject([
      { subject: "parcel", version: 1, status: "active", frozen: true, collection: "parcels" },
    ]);
  });

  test("calls a changed version not frozen", async () => {
    const directory = await frozenDirectory();
    writeFiles(directory, {
      "parcel/v1.schema.json": SCHEMA.replace("{", '{ "title": "Changed",'),
    });
    const answer = listContracts(directory);
    expect(answer.ok ? answer.value.map(({ frozen }) => frozen) : []).toEqual([false]);
  });

  test("shows one version with its rules and schema", () => {
    const answer = showContract(parcelDirectory(), { subject: "parcel", version: 1 });
    expect(answer.ok ? answer.value : []).toMatchObject([
      { version: 1, identity: ["/id"], rules: [{ id: "max-weight" }], schema: { type: "object" } },
    ]);
  });

  test("names the nearest contract, and the versions there are", () => {
    const directory = parcelDirectory();
    const wrongName = showContract(directory, { subject: "parcle", version: null });
    expect(wrongName).toMatchObject({
      ok: false,
      faults: [{ code: "SIG-C-035", message: 'There is no contract "parcle" (did you mean "parcel"?)' }],
    });
    const wrongVersion = showContract(directory, { subject: "parcel", version: 2 });
    expect(wrongVersion).toMatchObject({ ok: false, faults: [{ code: "SIG-C-035", remedy: "Use one of 1" }] });
  });
});

describe("linting", () => {
  test("finds an unsafe pattern in a schema and in a rule, beside other faults", async () => {
    const directory = parcelDirectory(
      { 2: "owner: 1", 12: '        expression: id.matches("^(x+x+)+y")' },
      { "parcel/v1.schema.json": SCHEMA.replace('"string"', '"string", "pattern": "^(?=a)(a|a)*$"') },
    );
    expect(codesAndPlaces(directory, await lintContracts(directory))).toEqual([
      "SIG-C-007 parcel/contract.yaml:2:8",
      "SIG-C-018 parcel/contract.yaml:12:32",
      "SIG-C-018 parcel/v1.schema.json:6:31",
    ]);
  });

  test("lets linear patterns pass", async () => {
    const directory = parcelDirectory(
      { 12: '        expression: id.matches("^[A-Z]{2}-[0-9]+$")' },
      {
        "parcel/v1.schema.json": SCHEMA.replace(
          '"string"',
          String.raw`"string", "maxLength": 64, "pattern": "^\\p{L}[^ ]*$"`,
        ),
      },
    );
    expect(await lintContracts(directory)).toEqual([]);
  });
});

describe("checking", () => {
  test("reports on the named version alone", async () => {
    const answer = await checkContracts(parcelDirectory(), { subject: "parcel", version: 1 });
    expect(answer.ok ? answer.value.fixtures.map(({ status }) => status) : []).toEqual(["PASSED", "FAILED"]);
  });

  test("does not run on files with faults", async () => {
    expect(await checkContracts(parcelDirectory({ 2: "owner: 1" }), null)).toMatchObject({
      ok: false,
      faults: [{ code: "SIG-C-007" }],
    });
  });
});

describe("freezing", () => {
  test("writes the lock once and answers the same the second time", async () => {
    const directory = parcelDirectory();
    const file = join(directory, "contracts.lock");
    const first = await freezeContract(directory, "parcel", 1);
    const text = `${readFileSync(file, "utf8")}# a note\n`;
    writeFiles(directory, { "contracts.lock": text });
    const second = await freezeContract(directory, "parcel", 1);
    expect(first).toMatchObject({ ok: true, name: "parcel@1", changed: true, file });
    expect(second).toEqual({ ...first, changed: false });
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  test.each([
    ["a fault in the files", { 2: "owner: 1" }, {}, "SIG-C-007"],
    ["an unsafe pattern", { 12: '        expression: id.matches("^(x+x+)+y")' }, {}, "SIG-C-018"],
    ["a fixture that proves it wrong", {}, { "parcel/fixtures/v1/pass/bad.json": "{}" }, "SIG-C-040"],
    ["a lock that cannot be read", {}, { "contracts.lock": "what" }, "SIG-C-030"],
  ])("refuses %s and writes nothing", async (_, replaced, more, code) => {
    const directory = parcelDirectory(replaced, more);
    expect(await freezeContract(directory, "parcel", 1)).toMatchObject({
      ok: false,
      notFound: false,
      faults: [{ code }],
    });
    const file = join(directory, "contracts.lock");
    expect(existsSync(file) ? readFileSync(file, "utf8") : null).toBe("contracts.lock" in more ? "what" : null);
  });

  test("refuses other content under a frozen number and keeps the lock", async () => {
    const directory = await frozenDirectory();
    const before = readFileSync(join(directory, "contracts.lock"), "utf8");
    writeFiles(directory, {
      "parcel/contract.yaml": contractYaml({ ...ACTIVE, 12: "        expression: weight <= 10.0" }),
    });
    expect(await freezeContract(directory, "parcel", 1)).toMatchObject({
      ok: false,
      notFound: false,
      faults: [{ code: "SIG-C-031" }],
    });
    expect(readFileSync(join(directory, "contracts.lock"), "utf8")).toBe(before);
  });

  test("tells a version that is not there from one that may not be frozen", async () => {
    expect(await freezeContract(parcelDirectory(), "parcel", 7)).toMatchObject({
      ok: false,
      notFound: true,
      faults: [{ code: "SIG-C-035" }],
    });
  });
});
