import { expect, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import { createPressure, WAIT_MAX_S } from "../../src/gateway/pressure.ts";

/** A topic of one partition, whose log and clock the test moves. */
function topic(recordsMax: number | null, ageMaxS: number | null = null) {
  const world = { nowMs: 1_000, settledTo: 0n as bigint | null, start: 0n, end: 0n, away: false };
  const stream = { id: "s", topic: "orders", partition: 0 };
  const streams = async () => [{ stream, settledTo: world.settledTo }];
  const bounds = async () => {
    if (world.away) throw new Unavailable("LOG_UNREACHABLE", "away", "wait");
    return { start: world.start, end: world.end };
  };
  const pressure = createPressure({ streams, source: { bounds }, now: () => world.nowMs, recordsMax, ageMaxS });
  const later = async (change: Partial<typeof world>) => {
    Object.assign(world, { nowMs: world.nowMs + 1_000 }, change);
    return pressure("orders");
  };
  return { pressure, later };
}

/** What is to be seen of a topic with a limit of 1,000 records. */
function records(waiting: number, left: number, waitS: number) {
  return { waiting, ageS: expect.any(Number) as number, limits: [{ of: "records", max: 1_000, left, waitS }] };
}

test("what waits counts against the limit, and nothing has to be waited for below nine tenths of it", async () => {
  const { later } = topic(1_000);
  expect(await later({ end: 900n })).toEqual(records(900, 100, 0));
  expect(await later({ end: 901n })).toEqual(records(901, 99, WAIT_MAX_S));
  expect(await later({ end: 5_000n })).toEqual(records(5_000, 0, WAIT_MAX_S));
});

test("the wait follows from the rate at which records are settled", async () => {
  const { later } = topic(1_000);
  await later({ end: 4_000n });
  expect(await later({ settledTo: 100n, end: 4_000n })).toEqual(records(3_900, 0, 30));
  // 0.7 x 100 + 0.3 x 1,100 records a second.
  expect(await later({ settledTo: 1_200n, end: 4_000n })).toEqual(records(2_800, 0, 5));
});

test("records that the log no longer has do not wait", async () => {
  const { later } = topic(1_000);
  expect(await later({ settledTo: null, start: 500n, end: 700n })).toMatchObject(records(200, 800, 0));
});

test("nothing is said of a topic that is read elsewhere, or while the log does not answer", async () => {
  const { pressure, later } = topic(1_000);
  expect(await pressure("other")).toBe(null);
  expect(await later({ away: true })).toBe(null);
});

test("the oldest record is as old as the look that saw it first, and others take its place when it is settled", async () => {
  const { later } = topic(null, 10);
  const age = async (change: Parameters<typeof later>[0]) => {
    const found = await later(change);
    return [found?.ageS, ...(found?.limits ?? []).map(({ left, waitS }) => [left, waitS])];
  };
  expect(await age({ end: 100n })).toEqual([0, [10, 0]]);
  expect(await age({ end: 200n })).toEqual([1, [9, 0]]);
  expect(await age({ end: 300n, nowMs: 11_000 })).toEqual([9, [1, WAIT_MAX_S]]);
  expect(await age({ nowMs: 12_000 })).toEqual([10, [0, WAIT_MAX_S]]);
  // 50 records of the first look are left, and 30 a second are settled.
  expect(await age({ settledTo: 30n, nowMs: 13_000 })).toEqual([11, [0, 6]]);
  expect(await age({ settledTo: 200n, nowMs: 14_000 })).toEqual([3, [7, 0]]);
  expect(await age({ settledTo: 300n, nowMs: 15_000 })).toEqual([0, [10, 0]]);
  expect(await age({ end: 301n, nowMs: 90_000 })).toEqual([0, [10, 0]]);
});
