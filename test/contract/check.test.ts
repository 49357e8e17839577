import { describe, expect, test } from "vitest";
import { runFixtures } from "../../src/contract/check.ts";
import { codesAndPlaces, loaded, parcelDirectory, type Files } from "./contract-files.ts";

function findingsOf(more: Files, replaced: Readonly<Record<number, string | null>> = {}): readonly string[] {
  const directory = parcelDirectory(replaced, more);
  return codesAndPlaces(directory, runFixtures(loaded(directory)).findings);
}

describe("running fixtures", () => {
  test("says of each what the decision was and what broke it", () => {
    const more = {
      "parcel/fixtures/v1/fail/broken.json": '{"id":',
      "parcel/fixtures/v1/fail/types.json": '{"id":1,"weight":"1"}',
    };
    const { fixtures, findings } = runFixtures(loaded(parcelDirectory({}, more)));
    const told = fixtures.map(({ file, expected, status, code, broken }) => [
      file.replace(/^.*\/v1\//, ""),
      expected,
      status,
      code,
      broken,
    ]);
    expect(told).toEqual([
      ["pass/typical.json", "PASSED", "PASSED", null, []],
      ["fail/broken.json", "FAILED", "FAILED", "malformed-not-json", []],
      ["fail/heavy.json", "FAILED", "FAILED", "rule", ["max-weight"]],
      ["fail/types.json", "FAILED", "FAILED", "schema", ["/id type", "/weight type"]],
    ]);
    expect(findings).toEqual([]);
  });

  test("finds a must-pass fixture that fails and a must-fail fixture that passes", () => {
    const more = {
      "parcel/fixtures/v1/pass/bad.json": '{"id":"a","weight":"1"}',
      "parcel/fixtures/v1/fail/good.json": '{"id":"a","weight":2}',
    };
    expect(findingsOf(more)).toEqual([
      "SIG-C-041 parcel/fixtures/v1/fail/good.json:1:1",
      "SIG-C-040 parcel/fixtures/v1/pass/bad.json:1:1",
    ]);
  });

  test("names the place in the payload and not its value", () => {
    const directory = parcelDirectory({}, { "parcel/fixtures/v1/pass/bad.json": '{"id":"a","weight":"secret"}' });
    const [finding] = runFixtures(loaded(directory)).findings;
    expect(finding!.message).toMatch(/^The must-pass fixture failed \(schema\): \/weight: /);
    expect(finding!.message).not.toContain("secret");
  });

  test("judges drafts and retired versions like the others", () => {
    const more = { "parcel/fixtures/v1/fail/good.json": '{"id":"a","weight":2}' };
    for (const status of ["draft", "retired"]) {
      expect(findingsOf(more, { 8: `    status: ${status}` })).toEqual([
        "SIG-C-041 parcel/fixtures/v1/fail/good.json:1:1",
      ]);
    }
  });

  test("finds a version that no fixture proves", () => {
    const more = { "parcel/v2.schema.json": "true" };
    const second = "versions:\n  2:\n    status: draft\n    schema: v2.schema.json\n    identity: ['']";
    expect(findingsOf(more, { 6: second })).toEqual([
      "SIG-C-042 parcel/contract.yaml:7:3",
      "SIG-C-042 parcel/contract.yaml:7:3",
    ]);
  });

  test("runs only the wanted versions", () => {
    const more = { "parcel/v2.schema.json": "true" };
    const second = "versions:\n  2:\n    status: draft\n    schema: v2.schema.json\n    identity: ['']";
    const contracts = loaded(parcelDirectory({ 6: second }, more));
    expect(runFixtures(contracts, (version) => version === 1).findings).toEqual([]);
  });

  test("finds files that no version runs", () => {
    const more = {
      "parcel/fixtures/v2/pass/x.json": "1",
      "parcel/fixtures/v1/passes/x.json": "1",
      "parcel/fixtures/v1/pass/x.jsonl": "1",
      "parcel/fixtures/v1/pass/.DS_Store": "",
    };
    expect(findingsOf(more)).toEqual([
      "SIG-C-044 parcel/fixtures/v1/pass/x.jsonl:1:1",
      "SIG-C-044 parcel/fixtures/v1/passes:1:1",
      "SIG-C-044 parcel/fixtures/v2:1:1",
    ]);
  });

  test.each<[string, string | Uint8Array]>([
    ["in UTF-16", Buffer.from("{}", "utf16le")],
    ["that is packed", Uint8Array.of(0x1f, 0x8b, 8, 0)],
    ["of two JSON texts", '{"id":"x"}\n{"id":"y"}\n'],
  ])("finds a fixture %s, even where it is to fail", (_, content) => {
    expect(findingsOf({ "parcel/fixtures/v1/fail/more.json": content })).toEqual([
      "SIG-C-043 parcel/fixtures/v1/fail/more.json:1:1",
    ]);
  });

  test("takes a fixture that begins with a byte order mark", () => {
    const file = "parcel/fixtures/v1/pass/more.json";
    expect(findingsOf({ [file]: '\uFEFF{"id":"x","weight":1}' })).toEqual(
      findingsOf({ [file]: '{"id":"x","weight":1}' }),
    );
  });

  test("finds a fixture that cannot be read", () => {
    expect(findingsOf({ "parcel/fixtures/v1/pass/folder.json/x": "" })).toEqual([
      "SIG-C-043 parcel/fixtures/v1/pass/folder.json:1:1",
    ]);
  });
});
