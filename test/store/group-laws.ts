import { expect, test } from "vitest";
import { dayOf, type GroupTally } from "../../src/store/groups.ts";
import type { StoreBackend } from "./store-laws.ts";
import { failedRow, insertFailed, LAW_COLLECTION, NOTE, noteOf, STREAM } from "./rows.ts";

const CONTRACT = { subject: "order", version: 2 } as const;
const HOUR = 472_222;

function tally(fingerprint: string, count: number, changes: Partial<GroupTally> = {}): GroupTally {
  const hours = new Map([[HOUR, count]]);
  return { fingerprint, code: "schema", contract: CONTRACT, count, firstMs: 10, lastMs: 20, hours, ...changes };
}

/** What every store keeps of the counters of failures. */
export function groupLaws(start: () => Promise<StoreBackend>): void {
  test("a counter grows by each entry once, whoever applies it, in whatever order the attempts arrive", async () => {
    const { open } = await start();
    const [one, other] = [await open(), await open()];
    const note = await noteOf(one);
    const first = [tally("a", 3), tally("b", 1, { contract: null, code: "malformed-not-json" })];
    expect([...(await one.countFailures(note, 1, first))].toSorted()).toEqual(["a", "b"]);
    const attempts = [one, other, one, other].map(async (store) => store.countFailures(note, 2, [tally("a", 4)]));
    expect(await Promise.all(attempts)).toEqual([[], [], [], []]);
    // A writer that lost the stream arrives late with entry 1.
    expect(await other.countFailures(note, 1, first)).toEqual([]);
    const rest = { firstMs: 10, lastMs: 20, stream: 1 };
    expect(await one.reads.groupCounters()).toEqual([
      { fingerprint: "a", code: "schema", contract: CONTRACT, count: 7, seq: 2, ...rest },
      { fingerprint: "b", code: "malformed-not-json", contract: null, count: 1, seq: 1, ...rest },
    ]);
    expect(await one.reads.groupCounters("b")).toHaveLength(1);
    expect(await one.reads.groupHours(0)).toEqual([
      { fingerprint: "a", stream: 1, hour: HOUR, count: 7 },
      { fingerprint: "b", stream: 1, hour: HOUR, count: 1 },
    ]);
    expect(await one.reads.groupHours(HOUR + 1)).toEqual([]);
    const hours = (await one.reads.groupHourCounters()) ?? [];
    expect(hours.toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))).toEqual([
      { fingerprint: "a", stream: 1, hour: HOUR, count: 7, seq: 2 },
      { fingerprint: "b", stream: 1, hour: HOUR, count: 1, seq: 1 },
    ]);
    const days = (await one.reads.groupDayCounters()) ?? [];
    expect(days.toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))).toEqual([
      { fingerprint: "a", stream: 1, day: dayOf(HOUR), count: 7, seq: 2 },
      { fingerprint: "b", stream: 1, day: dayOf(HOUR), count: 1, seq: 1 },
    ]);
    expect(await one.reads.hourTotals(0)).toEqual([
      { fingerprint: "a", stream: 1, count: 7 },
      { fingerprint: "b", stream: 1, count: 1 },
    ]);
    expect(await one.reads.hourTotals(HOUR + 1)).toEqual([]);
    expect(await one.reads.groupHours(HOUR, "b")).toHaveLength(1);
  });

  test("whatever hours are asked for, their sum is that of the hours, days in the middle included", async () => {
    const { open } = await start();
    const store = await open();
    const [note, second] = [await noteOf(store), await noteOf(store, `${STREAM}0`)];
    const day = 24 * 19_675;
    const at = [0, day - 1, day, day + 7, day + 23, day + 24, day + 47, day + 48, day + 60];
    for (const [n, hour] of at.entries()) {
      // Each entry has an hour of its own, and one that they share. The second stream has other numbers.
      const hours = new Map([[hour, n + 1]]);
      hours.set(day + 5, (hours.get(day + 5) ?? 0) + 10);
      await store.countFailures(note, n + 1, [tally("a", n + 11, { hours })]);
      await store.countFailures(second, n + 1, [tally("a", 2, { hours: new Map([[hour, 2]]) }), tally("b", 1)]);
    }
    const hours = await store.reads.groupHours(0);
    expect(hours.filter(({ fingerprint, stream }) => fingerprint === "a" && stream === 1)).toHaveLength(at.length + 1);
    for (const from of [0, 1, ...at.slice(1).flatMap((hour) => [hour - 1, hour, hour + 1]), HOUR, HOUR + 1]) {
      const sums = new Map<string, number>();
      for (const { fingerprint, stream, hour, count } of hours)
        if (hour >= from) sums.set(`${fingerprint} ${stream}`, (sums.get(`${fingerprint} ${stream}`) ?? 0) + count);
      const totals = await store.reads.hourTotals(from);
      expect(new Map(totals.map(({ fingerprint, stream, count }) => [`${fingerprint} ${stream}`, count]))).toEqual(
        sums,
      );
      expect(await store.reads.groupHours(from)).toEqual(hours.filter(({ hour }) => hour >= from));
    }
  });

  test("a counter keeps the earliest and the latest time, up to the limits of 64 bits", async () => {
    const { open } = await start();
    const store = await open();
    const note = await noteOf(store);
    const [least, most] = [-(2n ** 63n), 2n ** 63n - 1n];
    await store.countFailures(note, 1, [tally("a", 1, { firstMs: 5, lastMs: 5, hours: new Map() })]);
    await store.countFailures(note, 2, [tally("a", 1, { firstMs: least, lastMs: 4, hours: new Map() })]);
    await store.countFailures(note, 3, [tally("a", 1, { firstMs: 6, lastMs: most, hours: new Map() })]);
    expect(await store.reads.groupCounters("a")).toMatchObject([{ count: 3, firstMs: least, lastMs: most }]);
    expect(await store.reads.groupHours(0)).toEqual([]);
  });

  test("each stream has counters of its own, and a group is new only where no stream has it", async () => {
    const { open } = await start();
    const store = await open();
    const [note, second] = [await noteOf(store), await noteOf(store, `${STREAM}0`)];
    expect(await store.countFailures(note, 5, [tally("a", 1)])).toEqual(["a"]);
    expect(await store.countFailures(second, 1, [tally("a", 2), tally("aa", 1)])).toEqual(["aa"]);
    expect((await store.reads.groupCounters("a")).map(({ stream, count, seq }) => [stream, count, seq])).toEqual([
      [1, 1, 5],
      [2, 2, 1],
    ]);
  });

  test("counting again gives what is stored, and leaves counters that went on meanwhile", async () => {
    const { open } = await start();
    const store = await open();
    await noteOf(store);
    const at = (ms: number, fingerprint: string) => ({ timestampMs: ms, fingerprint });
    const rows = [
      failedRow(1n, at(3_600_000, "a")),
      failedRow(2n, at(7_200_000, "a")),
      failedRow(3n, at(7_200_001, "b")),
      failedRow(4n, at(-1, "a")),
      failedRow(9n, at(1, "a")),
    ];
    await insertFailed(store, LAW_COLLECTION, rows);
    expect(await store.reads.storedGroups(NOTE, 9n)).toEqual(
      new Map([
        ["a", 3],
        ["b", 1],
      ]),
    );
    await store.countFailures(NOTE, 2, [tally("a", 99), tally("gone", 1)]);
    await store.countFailures(NOTE, 7, [tally("b", 5)]);
    for (let times = 0; times < 2; times += 1) await store.recountFailures(NOTE, 9n, 3);
    expect((await store.reads.groupCounters()).map(({ fingerprint, count, seq }) => [fingerprint, count, seq])).toEqual(
      [
        ["a", 3, 3],
        ["b", 5, 7],
      ],
    );
    expect(await store.reads.groupCounters("a")).toMatchObject([
      { code: "rule", contract: CONTRACT, firstMs: -1, lastMs: 7_200_000 },
    ]);
    expect((await store.reads.groupHours(0, "a")).map(({ hour, count }) => [hour, count])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(await store.reads.hourTotals(0)).toEqual([
      { fingerprint: "a", stream: 1, count: 2 },
      { fingerprint: "b", stream: 1, count: 6 },
    ]);
  });

  test("what retention took stays counted, whatever is left of it", async () => {
    const { open } = await start();
    const store = await open();
    await noteOf(store);
    const at = (ms: number, fingerprint: string) => ({ timestampMs: ms, fingerprint });
    const rows = [failedRow(1n, at(5, "a")), failedRow(5n, at(7, "a")), failedRow(6n, at(3_600_000, "b"))];
    await insertFailed(store, LAW_COLLECTION, rows);
    await store.countFailures(NOTE, 2, [
      tally("a", 4, { firstMs: 1, lastMs: 6, hours: new Map([[0, 4]]) }),
      tally("c", 3),
      tally("gone", 1),
    ]);
    const below = new Map([[LAW_COLLECTION, 5n]]);
    expect(await store.reads.storedGroups(NOTE, 9n, below)).toEqual(
      new Map([
        ["a", 1],
        ["b", 1],
      ]),
    );
    expect(await store.reads.groupsAt(LAW_COLLECTION, NOTE, [1n, 5n, 6n, 7n])).toEqual(
      new Map([
        ["a", 2],
        ["b", 1],
      ]),
    );
    expect(await store.reads.groupsAt("others", NOTE, [1n])).toEqual(new Map());
    const removed = new Map([
      ["a", 3],
      ["c", 3],
    ]);
    for (let times = 0; times < 2; times += 1) await store.recountFailures(NOTE, 9n, 3, { below, removed });
    const counters = await store.reads.groupCounters();
    expect(counters.map(({ fingerprint, count, firstMs, lastMs }) => [fingerprint, count, firstMs, lastMs])).toEqual([
      ["a", 4, 1, 7],
      ["b", 1, 3_600_000, 3_600_000],
      ["c", 3, 10, 20],
    ]);
    expect((await store.reads.groupHours(0, "a")).map(({ hour, count }) => [hour, count])).toEqual([[0, 4]]);
    expect(await store.reads.hourTotals(0)).toEqual([
      { fingerprint: "a", stream: 1, count: 4 },
      { fingerprint: "b", stream: 1, count: 1 },
      { fingerprint: "c", stream: 1, count: 3 },
    ]);
    // A counter that went on meanwhile stays as it is.
    await store.countFailures(NOTE, 8, [tally("c", 1)]);
    await store.recountFailures(NOTE, 9n, 3, { below, removed });
    expect(await store.reads.groupCounters("c")).toMatchObject([{ count: 4, seq: 8 }]);
  });
}
