import { describe, expect, test } from "vitest";
import { changeGroup } from "../../src/failures/change-group.ts";
import { openGroups } from "../../src/failures/groups.ts";
import { holdsRedriven } from "../../src/failures/redriven.ts";
import { HOUR_MS, type GroupTally } from "../../src/store/groups.ts";
import { openStore, redriveOf, streamOf } from "./store.ts";

const HOUR = 472_222;
const NOW = (HOUR + 1) * HOUR_MS - 1;

function tally(fingerprint: string, hours: Readonly<Record<number, number>>): GroupTally {
  const counts = new Map(Object.entries(hours).map(([hour, count]) => [Number(hour), count]));
  const [firstMs, lastMs] = [Math.min(...counts.keys()) * HOUR_MS, Math.max(...counts.keys()) * HOUR_MS + 5];
  const count = [...counts.values()].reduce((sum, one) => sum + one, 0);
  return {
    fingerprint,
    code: "rule",
    contract: { subject: "order", version: 2 },
    count,
    firstMs,
    lastMs,
    hours: counts,
  };
}

/** Two streams, and one of what was sent again. */
async function counted() {
  const store = openStore();
  const [one, two] = [await streamOf(store, 0), await streamOf(store, 0, "", "others")];
  await store.countFailures(one, 1, [tally("a", { [HOUR]: 2, [HOUR - 1]: 3, [HOUR - 800]: 10 }), tally("b", { 0: 1 })]);
  await store.countFailures(two, 1, [tally("a", { [HOUR]: 4 })]);
  await store.countFailures(await redriveOf(store), 1, [tally("a", { [HOUR]: 7 }), tally("c", { 9: 1 })]);
  return { store, groups: openGroups(store.reads, holdsRedriven) };
}

const BY = { actor: "ann", at: "2026-11-29T10:00:00.000Z", reason: "why" };

describe("groups", () => {
  test("add up the counters of all streams; what was sent again and failed again is counted apart", async () => {
    const { groups } = await counted();
    const all = await groups.list(null, NOW);
    expect(all.map(({ fingerprint, count, redriven, recent }) => [fingerprint, count, redriven, recent])).toEqual([
      ["a", 19, 7, 19],
      ["b", 1, 0, 1],
      ["c", 0, 1, 0],
    ]);
    expect(all[0]).toMatchObject({
      topics: ["orders", "others"],
      firstMs: (HOUR - 800) * HOUR_MS,
      lastMs: HOUR * HOUR_MS + 5,
      state: { kind: "open" },
    });
  });

  test("since a time are those with failures from its hour on, which counts whole", async () => {
    const { groups } = await counted();
    const recent = async (sinceMs: number) =>
      (await groups.list(sinceMs, NOW)).map((group) => [group.fingerprint, group.recent, group.count]);
    expect(await recent(HOUR * HOUR_MS + 1_800_000)).toEqual([["a", 6, 19]]);
    expect(await recent((HOUR - 1) * HOUR_MS)).toEqual([["a", 9, 19]]);
    expect(await recent((HOUR + 1) * HOUR_MS)).toEqual([]);
    expect(await recent(0)).toEqual([
      ["a", 19, 19],
      ["b", 1, 1],
    ]);
  });

  test("have a trend of the last 30 days by hour, without what was sent again", async () => {
    const { groups } = await counted();
    expect(await groups.trend("a", NOW)).toEqual([
      { hour: HOUR - 1, count: 3 },
      { hour: HOUR, count: 6 },
    ]);
    expect(await groups.trend("nothing", NOW)).toEqual([]);
    expect(await groups.group("nothing", NOW)).toBeNull();
  });

  test("that are muted until a number of failures are open at the same number in a list and in a search", async () => {
    const { store, groups } = await counted();
    const mute = async (threshold: number): Promise<readonly (string | undefined)[]> => {
      const state = { kind: "muted", untilMs: null, threshold } as const;
      await changeGroup(store, groups, "a", { kind: "state", state }, BY, NOW);
      return [(await groups.group("a", NOW))?.state.kind, (await groups.states(NOW))("a")];
    };
    expect(await mute(20)).toEqual(["muted", "muted"]);
    expect(await mute(19)).toEqual(["open", "open"]);
    expect((await groups.states(NOW))("b")).toBe("open");
  });

  test("say how many failures there were when their state was set", async () => {
    const { store, groups } = await counted();
    const change = async (fingerprint: string): Promise<unknown> =>
      changeGroup(store, groups, fingerprint, { kind: "state", state: { kind: "acknowledged" } }, BY, NOW);
    expect(await change("a")).toEqual({ kind: "changed", count: 19 });
    expect(await change("zzz")).toEqual({ kind: "unknown-group" });
    await store.countFailures(await streamOf(store, 0), 2, [tally("a", { [HOUR]: 5 })]);
    const group = await groups.group("a", NOW);
    expect([group?.count, group?.book.countThen]).toEqual([24, 19]);
    expect(await store.reads.operatorLog(0, 9)).toHaveLength(1);
  });
});
