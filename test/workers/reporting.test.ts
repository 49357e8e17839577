import { expect, test } from "vitest";
import type { FromWorker } from "../../src/workers/messages.ts";
import { AT_LEAST_EVERY_MS, EVERY_MS, reportTo } from "../../src/workers/reporting.ts";

test("a change is told at once, many within a moment once, and what did not change now and then", () => {
  let nowMs = 1_000;
  let timers: { readonly atMs: number; readonly callback: () => void }[] = [];
  const told: FromWorker[] = [];
  const totals = { decided: 0, passed: 0, failed: 0, duplicates: 0 };
  const reporting = reportTo(
    {
      gateway: { streams: () => [], ready: () => true },
      totals: { totals: () => ({ ...totals }), newestMs: () => null },
      families: async () => [],
      tell: (message) => void told.push(message),
      monotonicMs: () => nowMs,
      later: (ms, callback) => {
        const timer = { atMs: nowMs + ms, callback };
        timers.push(timer);
        return () => void (timers = timers.filter((one) => one !== timer));
      },
    },
    () => undefined,
  );
  const pass = (ms: number): void => {
    nowMs += ms;
    const due = timers.filter(({ atMs }) => atMs <= nowMs);
    timers = timers.filter(({ atMs }) => atMs > nowMs);
    for (const { callback } of due) callback();
  };
  expect(told).toHaveLength(1);
  for (const decided of [1, 2, 3]) {
    Object.assign(totals, { decided });
    reporting.changed();
  }
  pass(EVERY_MS);
  expect(told.slice(1)).toMatchObject([{ kind: "standing", standing: { totals: { decided: 3 } } }]);
  pass(EVERY_MS * 10);
  reporting.changed();
  pass(0);
  expect(told).toHaveLength(3);
  pass(AT_LEAST_EVERY_MS);
  expect(told).toHaveLength(4);
  reporting.close();
  reporting.changed();
  pass(AT_LEAST_EVERY_MS);
  expect(told).toHaveLength(4);
});
