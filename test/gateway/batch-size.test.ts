import { expect, test } from "vitest";
import { createBatchSize } from "../../src/gateway/batch-size.ts";
import { openEmbedded, shipment } from "../embedded.ts";

const LIMITS = { recordsMin: 3_000, recordsMax: () => 12_000, goalMs: 1_000 };

/** Settles full batches with a store that takes so long on the way, and so long for a record. @returns the size of each. */
function sizesWith(batches: number, wayMs: number, recordMs: number): readonly number[] {
  const size = createBatchSize(LIMITS);
  return Array.from({ length: batches }, () => {
    const count = size.recordsMax();
    size.settled(count, wayMs + count * recordMs);
    return count;
  });
}

test("batches grow where the way to the store is long, up to the bound", () => {
  expect(sizesWith(5, 200, 0.01)).toEqual([3_000, 6_000, 12_000, 12_000, 12_000]);
});

test("batches stay as they are where the store is quick", () => {
  expect(sizesWith(4, 10, 0.01)).toEqual([3_000, 3_000, 3_000, 3_000]);
});

test("batches stop to grow where the next size could take longer than the goal", () => {
  expect(sizesWith(4, 200, 0.1)).toEqual([3_000, 6_000, 6_000, 6_000]);
  expect(sizesWith(4, 5_000, 0)).toEqual([3_000, 3_000, 3_000, 3_000]);
});

test("a store that becomes slow makes them smaller, one that fails as at first; batches that are not full say nothing of larger ones", () => {
  const size = createBatchSize(LIMITS);
  const after = (count: number, ms: number): number => {
    size.settled(count, ms);
    return size.recordsMax();
  };
  expect([after(2_999, 300), after(3_000, 300), after(6_000, 400), after(500, 1_001)]).toEqual([
    3_000, 6_000, 12_000, 6_000,
  ]);
  size.reset();
  expect(size.recordsMax()).toBe(3_000);
});

test("a bound below the first size, as of a lane, makes no batch larger", () => {
  const size = createBatchSize({ recordsMin: 100, recordsMax: () => 50, goalMs: 1_000 });
  size.settled(100, 300);
  expect(size.recordsMax()).toBe(100);
});

test("a batch that grew is cut when the bound sinks, as when a gateway gets more streams", () => {
  let bound = 12_000;
  const size = createBatchSize({ ...LIMITS, recordsMax: () => bound });
  size.settled(3_000, 300);
  size.settled(6_000, 400);
  expect(size.recordsMax()).toBe(12_000);
  bound = 6_000;
  expect(size.recordsMax()).toBe(6_000);
});

test("a gateway on a slow store settles larger batches, and the ledger is the same chain", async () => {
  const embedded = await openEmbedded();
  await embedded.append(...Array.from({ length: 100 }, (_, index) => shipment(`S${index}`)));
  let ms = 0;
  // Each look at the clock is 60 ms later than the one before: the entry and the documents of a batch take 120.
  const clock = { monotonicMs: () => (ms += 60), nowMs: Date.now };
  await embedded.settle({ clock, settleGoalMs: 10_000 });
  const counts = embedded.events.flatMap((event) => (event.kind === "batch-settled" ? [event.count] : []));
  expect([counts[0], Math.max(...counts)]).toEqual([5, 20]);
  expect(await embedded.store.reads.tally()).toMatchObject({ validated: 100 });
  expect((await embedded.audit(true)).findings).toEqual([]);
});

test("where several streams share a gateway, batches grow only so far that two of them are settled at a time", async () => {
  const embedded = await openEmbedded(undefined, 2);
  const ids = Array.from({ length: 200 }, (_, index) => shipment(`S${index}`));
  await embedded.append(...ids);
  let ms = 0;
  const clock = { monotonicMs: () => (ms += 60), nowMs: Date.now };
  await embedded.settle({ clock, settleGoalMs: 10_000 });
  const counts = embedded.events.flatMap((event) => (event.kind === "batch-settled" ? [event.count] : []));
  expect(Math.max(...counts)).toBe(10);
});
