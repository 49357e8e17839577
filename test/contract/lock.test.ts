import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  checkLock,
  entryOf,
  findVersion,
  formatLock,
  freezeVersion,
  parseLock,
  readLock,
  replaceFile,
  writeLock,
  type Lock,
} from "../../src/contract/lock.ts";
import { codesAndPlaces, contractsDirectory, contractYaml, loaded, parcelDirectory, SCHEMA } from "./contract-files.ts";

const DIGEST_A = `sha256:${"a".repeat(64)}`;
const DIGEST_B = `sha256:${"b".repeat(64)}`;

function lockOf(text: string): Lock {
  const parsed = parseLock("contracts.lock", text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.lock;
}

function frozen(directory: string): string {
  const [contract] = loaded(directory);
  const result = freezeVersion(contract!, contract!.versions[0]!, { file: "contracts.lock", entries: [] });
  if (!result.ok) throw new Error(result.fault.message);
  return result.text;
}

describe("the text of the lock", () => {
  test("is a header and a line a version, by subject and number", () => {
    const entries = [
      { subject: "shipment", version: 10, digest: DIGEST_A },
      { subject: "shipment", version: 2, digest: DIGEST_B },
      { subject: "Order", version: 1, digest: DIGEST_A },
    ];
    expect(formatLock(entries).split("\n").slice(1)).toEqual([
      `Order@1 ${DIGEST_A}`,
      `shipment@2 ${DIGEST_B}`,
      `shipment@10 ${DIGEST_A}`,
      "",
    ]);
    expect(formatLock(entries)).toMatch(/^# /);
  });

  test("reads back what it says, with Windows line ends too", () => {
    const text = formatLock([{ subject: "shipment", version: 1, digest: DIGEST_A }]);
    const place = { file: "contracts.lock", line: 2, column: 1 };
    const entries = [{ subject: "shipment", version: 1, digest: DIGEST_A, place }];
    expect(lockOf(text).entries).toEqual(entries);
    expect(lockOf(text.replaceAll("\n", "\r\n")).entries).toEqual(entries);
  });

  test("reports every line that cannot be read, by its number", () => {
    const lines = [
      "# header",
      `a@1 ${DIGEST_A}`,
      "<<<<<<< HEAD",
      `a@1 ${DIGEST_B}`,
      `a@0 ${DIGEST_A}`,
      `b@1  ${DIGEST_A}`,
      "b@1 sha256:12",
      `b@1 ${DIGEST_A} `,
    ];
    const parsed = parseLock("x.lock", lines.join("\n"));
    expect(parsed.ok ? [] : parsed.faults.map(({ code, line }) => `${code}:${line}`)).toEqual(
      [3, 4, 5, 6, 7, 8].map((line) => `SIG-C-030:${line}`),
    );
  });

  test("without the file nothing is frozen", () => {
    const directory = contractsDirectory({});
    expect(readLock(directory)).toEqual({ ok: true, lock: { file: join(directory, "contracts.lock"), entries: [] } });
  });

  test("a lock that cannot be read is a fault, not an empty lock", () => {
    const directory = contractsDirectory({ "contracts.lock/x": "" });
    expect(readLock(directory)).toMatchObject({ ok: false, faults: [{ code: "SIG-C-034" }] });
  });
});

describe("checking the files against the lock", () => {
  test("finds nothing when the frozen content is there unchanged", () => {
    const directory = parcelDirectory({ 8: "    status: active" });
    expect(checkLock(loaded(directory), lockOf(frozen(directory)))).toEqual([]);
  });

  test.each([
    ["the schema", {}, { "parcel/v1.schema.json": SCHEMA.replace('"number"', '"integer"') }],
    ["the rule", { 12: "        expression: weight <= 2000.0" }, {}],
    ["the identity", { 5: "identity: [/id, /weight]" }, {}],
  ])("names files, version and both digests when %s was changed", (_, replaced, more) => {
    const text = frozen(parcelDirectory());
    const directory = parcelDirectory(replaced, more);
    const contracts = loaded(directory);
    const faults = checkLock(contracts, lockOf(text));
    expect(codesAndPlaces(directory, faults)).toEqual(["SIG-C-031 parcel/contract.yaml:7:3"]);
    const locked = entryOf(lockOf(text), "parcel", 1)!.digest;
    const now = findVersion(contracts, "parcel", 1)!.digest;
    expect(faults[0]!.message).toBe(
      `parcel@1 is frozen and was changed in ${join(directory, "parcel/contract.yaml")} or ${join(directory, "parcel/v1.schema.json")}: locked ${locked}, now ${now}`,
    );
    expect(faults[0]!.remedy).toBe("Restore its files and make the change a new version 2");
  });

  test("lets status, sunset, owner and description of a frozen version change", () => {
    const text = frozen(parcelDirectory());
    const directory = parcelDirectory({
      2: "owner: x",
      3: "description: y",
      8: "    status: retired\n    sunset: 2027-01-01",
    });
    expect(checkLock(loaded(directory), lockOf(text))).toEqual([]);
  });

  test("refuses that a frozen version is missing", () => {
    const faults = checkLock(loaded(parcelDirectory()), lockOf(`# x\n\nparcel@2 ${DIGEST_A}\nbox@1 ${DIGEST_A}\n`));
    expect(faults.map(({ code, file, line }) => `${code} ${file}:${line}`)).toEqual([
      "SIG-C-032 contracts.lock:3",
      "SIG-C-032 contracts.lock:4",
    ]);
  });

  test.each(["active", "deprecated", "retired"])("refuses a version that is %s and not frozen", (status) => {
    const directory = parcelDirectory({ 8: `    status: ${status}\n    deprecated: 2026-11-23` });
    const faults = checkLock(loaded(directory), lockOf(""));
    expect(codesAndPlaces(directory, faults)).toEqual(["SIG-C-033 parcel/contract.yaml:7:3"]);
    expect(faults[0]!.remedy).toBe("Freeze it first: sigma contract freeze parcel@1");
  });

  test("asks no lock of a draft, but holds a frozen draft to it", () => {
    expect(checkLock(loaded(parcelDirectory()), lockOf(""))).toEqual([]);
    expect(checkLock(loaded(parcelDirectory()), lockOf(`parcel@1 ${DIGEST_A}\n`)).map(({ code }) => code)).toEqual([
      "SIG-C-031",
    ]);
  });
});

describe("freezing a version", () => {
  test("adds its digest and keeps the others", () => {
    const [contract] = loaded(parcelDirectory());
    const version = contract!.versions[0]!;
    const result = freezeVersion(contract!, version, lockOf(`zebra@1 ${DIGEST_A}\n`));
    expect(result).toMatchObject({ ok: true, changed: true, digest: version.digest });
    const entries = result.ok ? lockOf(result.text).entries : [];
    expect(entries.map(({ subject, digest }) => `${subject} ${digest}`)).toEqual([
      `parcel ${version.digest}`,
      `zebra ${DIGEST_A}`,
    ]);
  });

  test("changes nothing the second time", () => {
    const directory = parcelDirectory();
    const text = frozen(directory);
    const [contract] = loaded(directory);
    expect(freezeVersion(contract!, contract!.versions[0]!, lockOf(text))).toMatchObject({
      ok: true,
      changed: false,
      text,
    });
  });

  test("refuses other content under a frozen number and names the next free one", () => {
    const third = contractYaml({ 6: "versions:\n  3:\n    status: draft\n    schema: v1.schema.json" });
    const [contract] = loaded(parcelDirectory({}, { "parcel/contract.yaml": third }));
    const result = freezeVersion(contract!, contract!.versions[0]!, lockOf(`parcel@1 ${DIGEST_A}\n`));
    expect(result).toMatchObject({
      ok: false,
      fault: { code: "SIG-C-031", remedy: "Restore its files and make the change a new version 4" },
    });
  });
});

describe("replacing a file", () => {
  test("leaves the new text and nothing else", () => {
    const directory = contractsDirectory({ "contracts.lock": "old" });
    replaceFile(join(directory, "contracts.lock"), "new");
    expect([readdirSync(directory), readFileSync(join(directory, "contracts.lock"), "utf8")]).toEqual([
      ["contracts.lock"],
      "new",
    ]);
  });

  test("keeps the old file when the new one cannot be put in its place", () => {
    const directory = contractsDirectory({ "contracts.lock/inside": "old" });
    expect(() => replaceFile(join(directory, "contracts.lock"), "new")).toThrow(/EISDIR|ENOTEMPTY|EEXIST|directory/);
    expect(readdirSync(directory)).toEqual(["contracts.lock"]);
  });

  test("is a fault with a remedy when the system refuses", () => {
    expect(writeLock("/nowhere/contracts.lock", "new")).toEqual({
      code: "SIG-C-034",
      file: "/nowhere/contracts.lock",
      line: 1,
      column: 1,
      message: 'Cannot write lock "/nowhere/contracts.lock": it does not exist',
      remedy: "Make the contracts directory writable",
    });
  });
});
