import { expect, test } from "vitest";
import { HASTEN_EVERY_MS, startFleet } from "../../src/workers/fleet.ts";
import type { FromWorker, Standing, ToWorker } from "../../src/workers/messages.ts";
import { HASTY_MS } from "../../src/workers/reporting.ts";
import { SILENT_MS } from "../../src/workers/silence.ts";

const STREAM = { id: "a/b/0", topic: "orders", partition: 0 };

function standingAt(settledTo: bigint, loads: Standing["loads"] = []): FromWorker {
  const stream = { stream: STREAM, state: "running", settledTo, decidedTo: settledTo, trouble: null } as const;
  const totals = { decided: Number(settledTo), passed: 0, failed: 0, duplicates: 0 };
  const standing: Standing = { ready: true, streams: [stream], newestMs: [], totals, loads };
  return { kind: "standing", standing };
}

/** A fleet whose workers are functions. `tellOf` speaks for a worker, counted from 0. */
function fleetOf(count: number, hear: (message: ToWorker) => void, monotonicMs: () => number) {
  const telling: ((message: FromWorker) => void)[] = [];
  const fleet = startFleet({
    count,
    start: (_, { told }) => {
      telling.push(told);
      return { pid: 1, tell: hear };
    },
    report: () => undefined,
    monotonicMs,
    later: () => () => undefined,
  });
  return { fleet, tellOf: (message: FromWorker, worker = 0): void => telling[worker]?.(message) };
}

test("a stream that moved from one worker to another was seen by both: the one that saw more says what it took", () => {
  const { fleet, tellOf } = fleetOf(
    2,
    () => undefined,
    () => 0,
  );
  expect(fleet.loadOf(STREAM.id)).toBe(null);
  const load = { records: 900, keys: [{ key: "S-7", share: 0.5 }] };
  tellOf(standingAt(1n, [[STREAM.id, { records: 3, keys: [] }]]), 0);
  tellOf(
    standingAt(2n, [
      [STREAM.id, load],
      ["other", { records: 5_000, keys: [] }],
    ]),
    1,
  );
  expect(fleet.loadOf(STREAM.id)).toEqual(load);
});

test("workers are told to hasten when somebody waits for a decision, again while the wait lasts, and not after it", async () => {
  const heard: ToWorker[] = [];
  let nowMs = 0;
  const { fleet, tellOf } = fleetOf(
    1,
    (message) => void heard.push(message),
    () => nowMs,
  );
  const { gateway } = fleet;
  tellOf(standingAt(1n));
  expect(heard).toEqual([]);
  const settled = gateway.settled(STREAM.id, 1n, AbortSignal.timeout(60_000));
  expect(heard).toEqual([{ kind: "hasten" }]);
  nowMs += HASTEN_EVERY_MS;
  tellOf(standingAt(1n));
  expect(heard).toHaveLength(2);
  tellOf(standingAt(2n));
  expect(await settled).toBe(true);
  nowMs += HASTEN_EVERY_MS;
  tellOf(standingAt(3n));
  expect(heard).toHaveLength(2);
  expect(HASTEN_EVERY_MS).toBeLessThan(HASTY_MS);
});

test("a worker that hangs, and so says nothing, is not ready and not up, until it speaks again", () => {
  let nowMs = 0;
  const heard: ToWorker[] = [];
  const { fleet, tellOf } = fleetOf(
    2,
    (message) => void heard.push(message),
    () => nowMs,
  );
  const seen = (): unknown => [fleet.gateway.ready(), fleet.workers().map(({ hangs }) => hangs)];
  // One that was just started has said nothing yet, and does not hang.
  nowMs = SILENT_MS - 1;
  expect(seen()).toEqual([false, [false, false]]);
  // The other one hangs before its first word.
  tellOf({ kind: "starting" }, 0);
  nowMs += 1;
  expect(seen()).toEqual([false, [false, true]]);
  tellOf(standingAt(1n), 0);
  tellOf(standingAt(1n), 1);
  expect(seen()).toEqual([true, [false, false]]);
  nowMs += SILENT_MS;
  tellOf(standingAt(2n), 1);
  expect(seen()).toEqual([false, [true, false]]);
  // A page of metrics does not wait for it.
  const asked = heard.length;
  void fleet.families();
  expect(heard.slice(asked)).toEqual([expect.objectContaining({ kind: "families" })]);
  tellOf(standingAt(2n), 0);
  expect(seen()).toEqual([true, [false, false]]);
});
