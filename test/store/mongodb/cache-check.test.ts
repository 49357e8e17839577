import { describe, expect, test } from "vitest";
import { checkCache } from "../../../src/store/mongodb/cache-check.ts";

const GIB = 2 ** 30;

/** What the check says of a server with a cache of 2 GiB, of which 5 % are 102 MiB. */
function said(facts: number, changed: number, ...settings: readonly string[]): readonly [string, string | undefined] {
  const { result, message } = checkCache({ size: 2 * GIB, changed, settings }, facts);
  return [result, / from (.*) on$/.exec(message)?.[1]];
}

describe("the check of the server's cache", () => {
  test("warns where the ids exceed what may be changed, and as much is changed", () => {
    expect(said(3_000_000, 0.05 * 2 * GIB)).toEqual(["warn", "102 MiB"]);
    expect(checkCache({ size: 2 * GIB, changed: 2 * GIB, settings: [] }, 3_000_000)).toEqual({
      name: "mongodb cache",
      result: "warn",
      message:
        "2,048 MiB, of which the ids of 3,000,000 facts need about 315 MiB; what changed is written from 102 MiB on",
      fix: "raise eviction_dirty_target or the cache of the server: docs/mongodb.md#the-servers-cache",
    });
  });

  test("does not warn of few facts, nor of a server at rest", () => {
    expect(said(900_000, 2 * GIB)[0]).toBe("ok");
    expect(said(3_000_000, 0)[0]).toBe("ok");
  });

  test("reads the setting, a percentage or a size, and takes the last", () => {
    expect(said(3_000_000, GIB, "eviction_dirty_target=50,eviction_dirty_trigger=70")).toEqual(["ok", "1,024 MiB"]);
    expect(said(3_000_000, GIB, "eviction=(threads_max=8),eviction_dirty_target=50", "")).toEqual(["ok", "1,024 MiB"]);
    expect(said(3_000_000, GIB, "eviction_dirty_target=50", "eviction_dirty_target=10")).toEqual(["warn", "205 MiB"]);
    expect(said(3_000_000, GIB, "eviction_dirty_target = 300M")).toEqual(["warn", "300 MiB"]);
    expect(said(3_000_000, GIB, "eviction_dirty_target=1GB")).toEqual(["ok", "1,024 MiB"]);
    expect(said(3_000_000, GIB, "eviction_dirty_target=209715200")).toEqual(["warn", "200 MiB"]);
  });
});
