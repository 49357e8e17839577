import { describe, expect, test } from "vitest";
import { holdContracts, type LiveContracts } from "../../src/contract/live-contracts.ts";
import { compileContractSet } from "../../src/core/compile.ts";
import { contentsOf } from "../../src/core/contents.ts";
import {
  DEFAULT_LIMITS,
  sealContractSet,
  versionDigest,
  withSchemaIds,
  type ContractSet,
  type ContractStatus,
  type SealedContractSet,
} from "../../src/core/contract-set.ts";

/** A set of one contract: the status of version 1, 2, ...; `minLength` makes another content of version 1. */
function setOf(statuses: readonly ContractStatus[], collection = "parcels", minLength = 1): SealedContractSet {
  const versions = statuses.map((status, index) => {
    const schema = { type: "object", properties: { id: { type: "string", minLength: index === 0 ? minLength : 1 } } };
    const content = { version: index + 1, schema, rules: [], identity: ["/id"] };
    return { ...content, status, digest: versionDigest("parcel", content) };
  });
  return sealContractSet({
    limits: DEFAULT_LIMITS,
    contracts: [{ subject: "parcel", collection, versionField: null, versions }],
    bindings: [{ topic: "parcels", subject: "parcel", defaultVersion: 1 }],
  });
}

function hold(sealed: SealedContractSet): LiveContracts {
  return holdContracts({ set: compileContractSet(sealed), about: new Map() });
}

const NO_PAUSE = async (): Promise<void> => undefined;

describe("the live contracts", () => {
  test("are swapped whole, and only what is new is compiled", async () => {
    const inForce = hold(setOf(["active"]));
    const before = inForce.current();
    const next = setOf(["active", "active"]);
    const compiled: number[] = [];
    const swap = await inForce.replace(next, new Map(), async () => {
      // What is live while the rest is compiled is the set before, whole.
      expect(inForce.current()).toBe(before);
      compiled.push(1);
    });
    expect(swap).toEqual({
      kind: "swapped",
      from: before.digest,
      to: next.digest,
      changes: ["parcel@2 is new, active"],
    });
    expect(compiled).toEqual([1]);
    const [was, is] = [before, inForce.current()].map((set) => set.bySubject.get("parcel")?.versions.get(1));
    expect(is).toBe(was);
  });

  test("a change of status alone compiles nothing and decides otherwise", async () => {
    const inForce = hold(setOf(["active", "draft"]));
    const schema = inForce.current().bySubject.get("parcel")?.versions.get(2)?.schema;
    const swap = await inForce.replace(setOf(["deprecated", "active"]), new Map(), async () => {
      throw new Error("nothing is to be compiled");
    });
    expect(swap).toMatchObject({
      changes: ["parcel@1 is deprecated, was active", "parcel@2 is active, was draft"],
    });
    const now = inForce.current().bySubject.get("parcel")?.versions.get(2);
    expect(now?.status).toBe("active");
    expect(now?.schema).toBe(schema);
  });

  test("the same set is no swap, but what is said about it is taken over", async () => {
    const inForce = hold(setOf(["active"]));
    const about = new Map([["parcel", { owner: "o", description: "d", versions: new Map() }]]);
    expect(await inForce.replace(setOf(["active"]), about, NO_PAUSE)).toEqual({ kind: "same" });
    expect(inForce.about()).toBe(about);
  });

  test.each<[string, SealedContractSet, string]>([
    ["a version that was live and changed", setOf(["active"], "parcels", 2), "parcel@1 was live and was changed"],
    ["a version that was live and is gone", emptied(setOf(["active"])), "parcel@1 was live and is gone"],
    ["another collection", setOf(["active"], "boxes"), 'topic parcels would store into "boxes"'],
  ])("%s is refused, and what was live stays", async (_, next, problem) => {
    const inForce = hold(setOf(["active"]));
    const before = inForce.current();
    const swap = await inForce.replace(next, new Map(), NO_PAUSE);
    expect(swap).toMatchObject({ kind: "refused", problems: [expect.stringContaining(problem)] });
    expect(inForce.current()).toBe(before);
  });

  test("a draft may change and may go", async () => {
    const inForce = hold(setOf(["draft", "active"]));
    const swap = await inForce.replace(setOf(["draft", "active"], "parcels", 3), new Map(), NO_PAUSE);
    expect(swap).toMatchObject({ kind: "swapped", changes: ["parcel@1, a draft, has other content"] });
  });

  test("what a registry said stays through a swap, also when it was said in its midst", async () => {
    const inForce = hold(setOf(["active"]));
    inForce.learn([{ id: "7", subject: "parcel", version: 1 }]);
    await inForce.replace(setOf(["active", "active"]), new Map(), async () => {
      inForce.learn([{ id: "8", subject: "parcel", version: 2 }]);
    });
    const { schemaIds, text } = inForce.current();
    expect(schemaIds.get("7")).toEqual({ subject: "parcel", version: 1 });
    expect(schemaIds.get("8")).toEqual({ subject: "parcel", version: 2 });
    expect((JSON.parse(text) as ContractSet).schemaIds).toHaveLength(2);
  });
});

function emptied({ set }: SealedContractSet): SealedContractSet {
  return sealContractSet({ ...set, contracts: set.contracts.map((contract) => ({ ...contract, versions: [] })) });
}

test("what is learnt of schema ids is a set as any, and the contracts in it are not read anew", () => {
  const sealed = setOf(["active", "active"]);
  const inForce = hold(sealed);
  const { contracts } = contentsOf(inForce.current());
  const ids = ["9", "10", "aa"].map((id) => ({ id, subject: "parcel", version: 1 }));
  for (const id of ids) {
    inForce.learn([id]);
    expect(contentsOf(inForce.current()).contracts).toBe(contracts);
  }
  const { digest, text, set } = sealContractSet({ ...sealed.set, schemaIds: ids });
  expect([inForce.current().digest, inForce.current().text]).toEqual([digest, text]);
  expect(contentsOf(inForce.current())).toEqual(set);
  expect(withSchemaIds({ text, set }, [])).toEqual(sealed);
});
