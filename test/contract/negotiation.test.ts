import { describe, expect, test } from "vitest";
import { negotiate, offerOf, parseAcceptContract, isAccepted } from "../../src/contract/negotiation.ts";
import { compileContractSet } from "../../src/core/compile.ts";
import { type CompiledContract } from "../../src/core/compiled.ts";
import { DEFAULT_LIMITS, sealContractSet, versionDigest, type ContractStatus } from "../../src/core/contract-set.ts";

const STATUSES: readonly ContractStatus[] = ["retired", "deprecated", "active", "active", "draft"];

const SET = compileContractSet(
  sealContractSet({
    limits: DEFAULT_LIMITS,
    contracts: [
      {
        subject: "parcel",
        collection: "parcels",
        versionField: null,
        versions: STATUSES.map((status, index) => {
          const schema = { type: "object", required: ["id"], title: `version ${index + 1}` };
          const content = { version: index + 1, schema, rules: [], identity: ["/id"] };
          return { ...content, status, digest: versionDigest("parcel", content) };
        }),
      },
    ],
    bindings: [{ topic: "parcels", subject: "parcel", defaultVersion: 2, accepts: [2, 3, 4] }],
  }),
);
const CONTRACT = SET.bySubject.get("parcel") as CompiledContract;

function chosen(text: string): number | null {
  return negotiate(CONTRACT, parseAcceptContract(text) ?? []);
}

describe("Accept-Contract", () => {
  test.each([
    ["parcel@2", 2],
    ["parcel@3", 3],
    ["parcel", 4],
    ["*", 4],
    ["parcel@2, parcel@3", 3],
    ["parcel@2, parcel@3;q=0.9", 2],
    ["parcel@2;q=0.5,parcel;q=0.1", 2],
    ["parcel, parcel@4;q=0", 3],
    ["*;q=0.1, letter@3", 4],
    ["letter", null],
    ["parcel@1", null],
    ["parcel@5", null],
    ["parcel@99", null],
    ["parcel@2;q=0", null],
    ["parcel@2 ; q=1.000", 2],
  ])("%s chooses %s", (text, version) => {
    expect(chosen(text)).toBe(version);
  });

  test.each(["", ",", "parcel@0", "parcel@01", "parcel@x", "par cel", "parcel@2;q=2", "parcel@2;q=0.1234", "@2", "é"])(
    "%j is malformed, never half read",
    (text) => {
      expect(parseAcceptContract(text)).toBeNull();
      expect(parseAcceptContract(`parcel@2, ${text === "" || text === "," ? "!" : text}`)).toBeNull();
    },
  );

  test("is refused when it is longer than anybody needs", () => {
    expect(parseAcceptContract(Array.from({ length: 100 }, () => "parcel").join())).toHaveLength(100);
    expect(parseAcceptContract(Array.from({ length: 101 }, () => "parcel").join())).toBeNull();
  });

  test("goes by the range that says most of a version", () => {
    const accepted = parseAcceptContract("parcel;q=0, parcel@2, *") ?? [];
    expect([2, 3].map((version) => isAccepted(accepted, "parcel", version))).toEqual([true, false]);
    expect(isAccepted(accepted, "letter", 1)).toBe(true);
  });
});

describe("what a contract offers", () => {
  test("every version with its state, days and successor, and the version to write", () => {
    const days = { deprecated: "2026-11-01", sunset: "2027-01-31" };
    const about = new Map([["parcel", { owner: "team", description: "A parcel", versions: new Map([[2, days]]) }]]);
    const offer = offerOf(SET, about, "parcel");
    expect(offer).toMatchObject({
      subject: "parcel",
      owner: "team",
      preferred: 4,
      topics: [{ topic: "parcels", default: 2, accepts: [2, 3, 4] }],
    });
    const told = offer?.versions.map(({ version, status, deprecated, sunset, successor }) => {
      return [version, status, deprecated, sunset, successor];
    });
    expect(told).toEqual([
      [1, "retired", null, null, 4],
      [2, "deprecated", "2026-11-01", "2027-01-31", 4],
      [3, "active", null, null, 4],
      [4, "active", null, null, null],
      [5, "draft", null, null, null],
    ]);
  });

  test("nothing of a contract that is not there", () => {
    expect(offerOf(SET, new Map(), "letter")).toBeNull();
  });
});
