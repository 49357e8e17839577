import { expect, test } from "vitest";
import type { FromWorker } from "../../src/workers/messages.ts";
import { AT_LEAST_EVERY_MS, EVERY_MS, HASTY_MS, PROGRESS_EVERY_MS, reportTo } from "../../src/workers/reporting.ts";

function report() {
  let nowMs = 1_000;
  let timers: { readonly atMs: number; readonly callback: () => void }[] = [];
  const told: FromWorker[] = [];
  const totals = { decided: 0, passed: 0, failed: 0, duplicates: 0 };
  const reporting = reportTo(
    {
      gateway: { streams: () => [], ready: () => true },
      totals: { totals: () => ({ ...totals }), newestMs: () => null },
      loadOf: () => null,
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
  return { reporting, told, totals, pass };
}

test("a change is told at once, many within a moment once, and what did not change now and then", () => {
  const { reporting, told, totals, pass } = report();
  expect(told).toHaveLength(1);
  for (const decided of [1, 2, 3]) {
    Object.assign(totals, { decided });
    reporting.changed(false);
  }
  pass(EVERY_MS);
  expect(told.slice(1)).toMatchObject([{ kind: "standing", standing: { totals: { decided: 3 } } }]);
  pass(EVERY_MS * 10);
  reporting.changed(false);
  pass(0);
  expect(told).toHaveLength(3);
  pass(AT_LEAST_EVERY_MS);
  expect(told).toHaveLength(4);
  reporting.close();
  reporting.changed(false);
  pass(AT_LEAST_EVERY_MS);
  expect(told).toHaveLength(4);
});

test("progress that nobody waits for is told now and then, and soon for as long as somebody waits", () => {
  const { reporting, told, pass } = report();
  reporting.changed(true);
  pass(EVERY_MS * 2);
  expect(told).toHaveLength(1);
  reporting.hear({ kind: "hasten" });
  pass(0);
  expect(told).toHaveLength(2);
  reporting.changed(true);
  pass(EVERY_MS);
  expect(told).toHaveLength(3);
  pass(HASTY_MS + 1);
  reporting.changed(true);
  pass(0);
  const before = told.length;
  reporting.changed(true);
  pass(PROGRESS_EVERY_MS - 1);
  expect(told).toHaveLength(before);
  pass(1);
  expect(told).toHaveLength(before + 1);
});

test("progress that waits to be told does not delay what is more", () => {
  const { reporting, told, pass } = report();
  reporting.changed(true);
  reporting.changed(false);
  pass(EVERY_MS);
  expect(told).toHaveLength(2);
  pass(PROGRESS_EVERY_MS);
  expect(told).toHaveLength(2);
});
