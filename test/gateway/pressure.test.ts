import { expect, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import { createPressure, WAIT_MAX_S } from "../../src/gateway/pressure.ts";
import type { StreamState } from "../../src/gateway/gateway.ts";

/** A topic of one partition, whose log and clock the test moves. */
function topic(recordsMax: number) {
  const world = { nowMs: 1_000, settledTo: 0n as bigint | null, start: 0n, end: 0n, away: false };
  const streams = (): readonly StreamState[] => [
    {
      stream: { id: "s", topic: "orders", partition: 0 },
      state: "paused",
      settledTo: world.settledTo,
      decidedTo: null,
      trouble: null,
    },
  ];
  const bounds = async () => {
    if (world.away) throw new Unavailable("LOG_UNREACHABLE", "away", "wait");
    return { start: world.start, end: world.end };
  };
  const pressure = createPressure({ streams, source: { bounds }, now: () => world.nowMs, recordsMax });
  const later = async (change: Partial<typeof world>) => {
    Object.assign(world, { nowMs: world.nowMs + 1_000 }, change);
    return pressure("orders");
  };
  return { pressure, later };
}

test("what waits counts against the limit, and nothing has to be waited for below nine tenths of it", async () => {
  const { later } = topic(1_000);
  expect(await later({ end: 900n })).toEqual({ waiting: 900, left: 100, waitS: 0 });
  expect(await later({ end: 901n })).toEqual({ waiting: 901, left: 99, waitS: WAIT_MAX_S });
  expect(await later({ end: 5_000n })).toEqual({ waiting: 5_000, left: 0, waitS: WAIT_MAX_S });
});

test("the wait follows from the rate at which records are settled", async () => {
  const { later } = topic(1_000);
  await later({ end: 4_000n });
  expect(await later({ settledTo: 100n, end: 4_000n })).toEqual({ waiting: 3_900, left: 0, waitS: 30 });
  // 0.7 x 100 + 0.3 x 1,100 records a second.
  expect(await later({ settledTo: 1_200n, end: 4_000n })).toEqual({ waiting: 2_800, left: 0, waitS: 5 });
});

test("records that the log no longer has do not wait", async () => {
  const { later } = topic(1_000);
  expect(await later({ settledTo: null, start: 500n, end: 700n })).toMatchObject({ waiting: 200, left: 800 });
});

test("nothing is said of a topic that is read elsewhere, or while the log does not answer", async () => {
  const { pressure, later } = topic(1_000);
  expect(await pressure("other")).toBe(null);
  expect(await later({ away: true })).toBe(null);
});
