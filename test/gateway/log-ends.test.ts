import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import { startLogEnds } from "../../src/gateway/log-ends.ts";
import type { LogEndNote } from "../../src/store/log-end.ts";

/** How long a store that cannot be reached takes to say so. */
const TIMEOUT_MS = 5_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Log ends that an append was noted of, over a store that is away until it is told to come back. */
function overAbsentStore() {
  const told: (readonly LogEndNote[])[] = [];
  let away = true;
  const ends = startLogEnds({
    noteLogEnds: async (notes) => {
      if (away) await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS));
      if (away) throw new Unavailable("STORE_UNREACHABLE", "gone", "wait");
      told.push(notes);
    },
  });
  ends.note("t", [
    { stream: "log/t/0", partition: 0, offset: 7n },
    { stream: "log/t/0", partition: 0, offset: 6n },
  ]);
  const comeBack = (): void => void (away = false);
  return { ends, told, comeBack };
}

test("a store that was away is told the highest end once it is back", async () => {
  const { ends, told, comeBack } = overAbsentStore();
  await vi.advanceTimersByTimeAsync(60_000);
  comeBack();
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
  expect(told).toEqual([[{ stream: "log/t/0", topic: "t", partition: 0, end: 8n }]]);
  await ends.close();
});

test("the end waits for no more than the attempt under way and one more, however long the store was away", async () => {
  const { ends } = overAbsentStore();
  await vi.advanceTimersByTimeAsync(60_000);
  let isClosed = false;
  void ends.close().then(() => (isClosed = true));
  await vi.advanceTimersByTimeAsync(2 * TIMEOUT_MS);
  expect(isClosed).toBe(true);
});
