import { expect, test } from "vitest";
import { HASTEN_EVERY_MS, startFleet } from "../../src/workers/fleet.ts";
import type { FromWorker, Standing, ToWorker } from "../../src/workers/messages.ts";
import { HASTY_MS } from "../../src/workers/reporting.ts";

const STREAM = { id: "a/b/0", topic: "orders", partition: 0 };

function standingAt(settledTo: bigint): FromWorker {
  const stream = { stream: STREAM, state: "running", settledTo, decidedTo: settledTo, trouble: null } as const;
  const totals = { decided: Number(settledTo), passed: 0, failed: 0, duplicates: 0 };
  const standing: Standing = { ready: true, streams: [stream], newestMs: [], totals };
  return { kind: "standing", standing };
}

test("workers are told to hasten when somebody waits for a decision, again while the wait lasts, and not after it", async () => {
  const heard: ToWorker[] = [];
  let nowMs = 0;
  const telling: ((message: FromWorker) => void)[] = [];
  const tellOf = (message: FromWorker): void => telling[0]?.(message);
  const { gateway } = startFleet({
    count: 1,
    start: (_, { told }) => {
      telling.push(told);
      return { pid: 1, tell: (message) => void heard.push(message) };
    },
    report: () => undefined,
    monotonicMs: () => nowMs,
    later: () => () => undefined,
  });
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
