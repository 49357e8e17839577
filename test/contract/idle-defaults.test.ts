import { expect, test } from "vitest";
import { idleDefaults } from "../../src/contract/idle-defaults.ts";
import { toContractSet } from "../../src/contract/files.ts";
import { compileContractSet } from "../../src/core/compile.ts";
import { DEFAULT_LIMITS } from "../../src/core/contract-set.ts";
import { loaded, parcelDirectory } from "./contract-files.ts";

function said(
  statuses: readonly string[],
  defaultVersion: number | null,
  accepts?: readonly number[],
): readonly string[] {
  const versions = statuses.map((status, index) => `  ${index + 1}: { status: ${status}, schema: v1.schema.json }`);
  const directory = parcelDirectory({
    7: versions.join("\n"),
    8: null,
    9: null,
    10: null,
    11: null,
    12: null,
    13: null,
  });
  const binding = { topic: "t", subject: "parcel", defaultVersion, ...(accepts === undefined ? {} : { accepts }) };
  const set = compileContractSet(toContractSet(loaded(directory), [binding], DEFAULT_LIMITS));
  return idleDefaults(set).map(({ message, remedy }) => `${message}; ${remedy}`);
}

test("a default that is live, or none, is no finding", () => {
  expect([...said(["active", "draft"], 1), ...said(["active"], null)]).toEqual([]);
});

test.each<[readonly string[], number | null, readonly number[] | undefined, string]>([
  [
    ["active", "draft"],
    2,
    undefined,
    'Records of topic "t" that declare no version will be FAILED: the default is parcel@2, which is a draft; activate it (sigma contract activate parcel@2 --reason "..."), or give the source another default, as one of parcel@1, or none',
  ],
  [
    ["retired", "active"],
    1,
    undefined,
    'Records of topic "t" that declare no version will be FAILED: the default is parcel@1, which is retired; give the source another default, as one of parcel@2, or none',
  ],
  [
    ["active", "active"],
    1,
    [2],
    'Records of topic "t" that declare no version will be FAILED: the default is parcel@1, which the source does not accept; add it to accepts, or give the source another default, as one of parcel@1, parcel@2, or none',
  ],
  [
    ["draft"],
    null,
    undefined,
    'Every record of topic "t" will be FAILED: no version of contract "parcel" is live; prove, freeze and activate a version: sigma contract activate parcel@1 --reason "..."',
  ],
])("versions %j with default %j and accepts %j are told", (statuses, defaultVersion, accepts, words) => {
  expect(said(statuses, defaultVersion, accepts)).toEqual([words]);
});
