import { describe, expect, test } from "vitest";
import { ANY_FAILURE, type FailureFilter } from "../../src/failures/filter.ts";
import { openGroupPage, type GroupPage, type GroupSort } from "../../src/failures/group-page.ts";
import { openGroups } from "../../src/failures/groups.ts";
import { holdsRedriven } from "../../src/failures/redriven.ts";
import type { GroupTally } from "../../src/store/groups.ts";
import type { Store } from "../../src/store/store.ts";
import { openStore, streamOf } from "./store.ts";

const NOW = 1_700_000_000_000;

/** Groups `a` to `e`: all first at 64 bits' ends or at one time, with counts 1 to 5. */
async function five(): Promise<Store> {
  const store = openStore();
  const times = [2n ** 63n - 1n, -(2n ** 63n), 5, 5, 5];
  const groups = ["a", "b", "c", "d", "e"].map((fingerprint, at): GroupTally => {
    const time = times[at] ?? 0;
    const contract = at === 0 ? null : { subject: "order", version: at };
    return {
      fingerprint,
      code: at < 2 ? "schema" : "rule",
      contract,
      count: at + 1,
      firstMs: time,
      lastMs: time,
      hours: new Map(),
    };
  });
  await store.countFailures(await streamOf(store, 0), 1, groups);
  return store;
}

async function ask(
  store: Store,
  changes: { filter?: Partial<FailureFilter>; sort?: GroupSort; limit?: number; cursor?: string | null } = {},
): Promise<GroupPage | "foreign-cursor"> {
  const page = openGroupPage(openGroups(store.reads, holdsRedriven));
  const { filter = {}, sort = "first", limit = 2, cursor = null } = changes;
  return page({ filter: { ...ANY_FAILURE, ...filter }, sort, limit, cursor, nowMs: NOW });
}

async function readAll(store: Store, sort: GroupSort): Promise<readonly string[]> {
  const found: string[] = [];
  for (let cursor: string | null = null; ;) {
    const page: GroupPage | "foreign-cursor" = await ask(store, { sort, cursor });
    if (page === "foreign-cursor") throw new Error("the cursor was refused");
    expect([page.total, page.recent]).toEqual([5, 15]);
    found.push(...page.groups.map(({ fingerprint }) => fingerprint));
    if (page.next === null) return found;
    cursor = page.next;
  }
}

describe("pages of groups", () => {
  test.each<[GroupSort, string]>([
    ["first", "acdeb"],
    ["last", "acdeb"],
    ["count", "edcba"],
    ["recent", "edcba"],
  ])("join without a gap by %s, also where several are equal", async (sort, expected) => {
    expect((await readAll(await five(), sort)).join("")).toBe(expected);
  });

  test.each<[Partial<FailureFilter>, string]>([
    [{ code: "rule" }, "cde"],
    [{ subject: "order" }, "cdeb"],
    [{ subject: "order", version: 2 }, "c"],
    [{ topic: "orders" }, "acdeb"],
    [{ topic: "other" }, ""],
    [{ state: "open" }, "acdeb"],
    [{ state: "muted" }, ""],
  ])("%o narrows to %s", async (filter, expected) => {
    const page = await ask(await five(), { filter, limit: 10 });
    if (page === "foreign-cursor") throw new Error("the cursor was refused");
    expect([page.groups.map(({ fingerprint }) => fingerprint).join(""), page.total, page.next]).toEqual([
      expected,
      expected.length,
      null,
    ]);
  });

  test("a cursor of another question, or no cursor at all, is refused", async () => {
    const store = await five();
    const page = await ask(store);
    const cursor = page === "foreign-cursor" ? null : page.next;
    expect(cursor).not.toBeNull();
    expect(await ask(store, { cursor, sort: "count" })).toBe("foreign-cursor");
    expect(await ask(store, { cursor, filter: { code: "rule" } })).toBe("foreign-cursor");
    for (const text of ["", "abc", Buffer.from("[1,2,3,4]").toString("base64url")])
      expect(await ask(store, { cursor: text })).toBe("foreign-cursor");
  });
});
