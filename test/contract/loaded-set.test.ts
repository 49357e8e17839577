import { describe, expect, test } from "vitest";
import { toContractSet } from "../../src/contract/files.ts";
import { compileContractSet } from "../../src/core/compile.ts";
import { DEFAULT_LIMITS } from "../../src/core/contract-set.ts";
import { loaded, parcelDirectory } from "./contract-files.ts";

describe("the contract set of loaded contracts", () => {
  const binding = { topic: "parcels", subject: "parcel", defaultVersion: 1 };

  test("compiles, with its bindings and limits", () => {
    const sealed = toContractSet(loaded(parcelDirectory()), [binding], DEFAULT_LIMITS);
    const compiled = compileContractSet(sealed);
    expect(sealed.set.bindings).toEqual([binding]);
    expect(compiled.byTopic.get("parcels")?.contract.versions.get(1)?.status).toBe("draft");
  });

  test("holds nothing of where the files are, nor of who owns them", () => {
    const one = toContractSet(loaded(parcelDirectory()), [binding], DEFAULT_LIMITS);
    const other = toContractSet(
      loaded(parcelDirectory({ 2: "owner: someone else", 3: "description: other" })),
      [binding],
      DEFAULT_LIMITS,
    );
    expect(other).toEqual(one);
  });

  test("changes its digest with a status", () => {
    const draft = toContractSet(loaded(parcelDirectory()), [], DEFAULT_LIMITS);
    const active = toContractSet(loaded(parcelDirectory({ 8: "    status: active" })), [], DEFAULT_LIMITS);
    expect(active.digest).not.toBe(draft.digest);
  });
});
