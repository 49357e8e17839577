import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MEASURED } from "../../src/capacity/coefficients.ts";
import { forecast } from "../../src/capacity/forecast.ts";
import type { Plan } from "../../src/capacity/plan.ts";

const FREE = { fixed: 0, perKilobyte: 0 };
const EACH = { fact: FREE, failure: FREE, receipt: FREE };
/** A record costs 10 us of our CPU and 10 of the store's, a batch and its writes nothing, so that what has to come out can be said by hand. */
const PLAIN: typeof MEASURED = {
  ...MEASURED,
  crowded: 1,
  own: {
    record: { fact: { fixed: 10, perKilobyte: 0 }, failure: { fixed: 30, perKilobyte: 0 }, receipt: FREE },
    batch: 0,
    look: 0,
    beside: 0,
    shared: 1,
  },
  store: { record: { ...EACH, fact: { fixed: 10, perKilobyte: 0 } }, batch: 0, look: 0, later: 0, writeMs: 0 },
  broker: { record: FREE, batch: 0 },
  disk: {
    fact: { fixed: 100, perKilobyte: 1_000 },
    failure: FREE,
    receipt: FREE,
    ledger: { fixed: 50, perKilobyte: 0 },
  },
  memory: { watching: 100, worker: 200, perMegabyte: 0 },
};
const PLAN: Plan = {
  partitions: 8,
  workers: 1,
  recordBytes: 100,
  failing: 0,
  repeated: 0,
  rate: null,
  cores: 16,
  storeCores: 16,
  writeMs: null,
  batchRecords: 1_000,
  batchBytes: 1_048_576,
};
/** A number over what it should be, rounded to what streams that do not settle evenly leave exact. */
const over = (value: number, expected: number): number => Math.round((value / expected) * 20) / 20;

describe("a backlog", () => {
  test("is worked off as fast as one thread decides, and by more workers as much faster", () => {
    const one = forecast(PLAIN, PLAN);
    expect(over(one.recordsPerSecond, 100_000)).toBe(1);
    expect(one.limitedBy).toBe("workers");
    expect(over(one.cores.own, 1)).toBe(1);
    expect(over(one.cores.store, 1)).toBe(1);
    expect(over(forecast(PLAIN, { ...PLAN, workers: 4 }).recordsPerSecond, 400_000)).toBe(1);
  });

  test("of records that fail costs what failures cost", () => {
    expect(over(forecast(PLAIN, { ...PLAN, failing: 0.5 }).recordsPerSecond, 50_000)).toBe(1);
  });

  test("with repeats costs a look for each id, and without none", () => {
    const costs = { ...PLAIN, own: { ...PLAIN.own, look: 10 } };
    expect(over(forecast(costs, { ...PLAN, repeated: 0.002 }).recordsPerSecond, 100_000)).toBe(1);
    expect(over(forecast(costs, { ...PLAN, repeated: 0.004 }).recordsPerSecond, 50_000)).toBe(1);
  });

  test("costs more where more workers than cores share them, up to twice as many", () => {
    const costs = { ...PLAIN, crowded: 2 };
    const perSecond = (workers: number): number =>
      forecast(costs, { ...PLAN, workers, cores: 2, storeCores: null }).recordsPerSecond;
    expect([2, 4, 8].map((workers) => over(perSecond(workers), 100_000))).toEqual([1, 0.5, 0.5]);
  });

  test("is worked off no faster than the cores that all share", () => {
    const { recordsPerSecond, limitedBy } = forecast(PLAIN, { ...PLAN, workers: 8, cores: 2, storeCores: null });
    expect(over(recordsPerSecond, 100_000)).toBe(1);
    expect(limitedBy).toBe("cores");
  });

  test("is worked off no faster than the store's cores", () => {
    const { recordsPerSecond, limitedBy } = forecast(PLAIN, { ...PLAN, workers: 8, storeCores: 2 });
    expect(over(recordsPerSecond, 200_000)).toBe(1);
    expect(limitedBy).toBe("store cores");
  });

  test("of one partition waits for nine answers of the store, one behind the other, and decides meanwhile", () => {
    const { recordsPerSecond, limitedBy } = forecast(PLAIN, { ...PLAN, partitions: 1, writeMs: 10 });
    // 10 ms nine times, and 10 ms of the store's CPU; deciding takes 10 ms of the same time.
    expect(over(recordsPerSecond, 10_000)).toBe(1);
    expect(limitedBy).toBe("store latency");
  });

  test("of large records has batches that are cut at their bytes", () => {
    const large = { ...PLAN, recordBytes: 100_000, partitions: 1, writeMs: 10 };
    expect(over(forecast(PLAIN, large).recordsPerSecond, 10 / 0.0901)).toBe(1);
  });
});

describe("records that arrive", () => {
  test("are settled as they arrive, and wait for their batch and its writes", () => {
    const found = forecast(PLAIN, { ...PLAN, rate: 10_000, writeMs: 5 });
    expect(found).toMatchObject({ recordsPerSecond: 10_000, fallsBehind: 0, limitedBy: "arrival" });
    expect(over(found.cores.own, 0.1)).toBe(1);
    expect(found.latencyMs?.p50).toBeGreaterThan(45);
    expect(found.latencyMs?.p99).toBeLessThan(150);
    expect(found.waiting).toBeLessThan(10_000 * 0.15);
  });

  test("wait more and more where they are too many", () => {
    const found = forecast(PLAIN, { ...PLAN, rate: 150_000 });
    expect(found).toMatchObject({ limitedBy: "workers", latencyMs: null, waiting: null });
    expect(over(found.recordsPerSecond, 100_000)).toBe(1);
    expect(over(found.fallsBehind, 50_000)).toBe(1);
  });

  test("are predicted up to a million a second", () => {
    const found = forecast(PLAIN, { ...PLAN, rate: 1_000_000, partitions: 64, workers: 16, cores: 64, storeCores: 64 });
    expect(found).toMatchObject({ recordsPerSecond: 1_000_000, fallsBehind: 0 });
    expect(over(found.cores.own, 10)).toBe(1);
  });

  test("fill so much of the disk in a day, and so much memory", () => {
    const found = forecast(PLAIN, { ...PLAN, rate: 1_000, workers: 2 });
    expect(found.diskBytesPerDay).toEqual({ store: 250 * 1_000 * 86_400, log: 100 * 1_000 * 86_400 });
    expect(found.memoryMegabytes).toBe(500);
  });
});

test("no plan makes it settle more than arrives or than its cores allow, and the same plan gives the same answer", () => {
  const plans = fc.record({
    partitions: fc.integer({ min: 1, max: 40 }),
    workers: fc.integer({ min: 1, max: 8 }),
    recordBytes: fc.integer({ min: 0, max: 100_000 }),
    failing: fc.double({ min: 0, max: 0.5, noNaN: true }),
    repeated: fc.double({ min: 0, max: 0.5, noNaN: true }),
    rate: fc.option(fc.integer({ min: 1, max: 100_000 })),
    cores: fc.integer({ min: 1, max: 16 }),
    storeCores: fc.option(fc.integer({ min: 1, max: 16 })),
    writeMs: fc.option(fc.integer({ min: 0, max: 50 })),
    batchRecords: fc.integer({ min: 10, max: 5_000 }),
    batchBytes: fc.constant(1_048_576),
  });
  fc.assert(
    fc.property(plans, (plan) => {
      const found = forecast(MEASURED, plan);
      const { own, store, broker } = found.cores;
      expect(found.recordsPerSecond).toBeLessThanOrEqual(plan.rate ?? Infinity);
      expect(own + store + broker).toBeLessThanOrEqual(plan.cores + (plan.storeCores ?? 0) + 1e-6);
      if (plan.rate !== null) expect(found.recordsPerSecond + found.fallsBehind).toBeCloseTo(plan.rate, 3);
      expect(forecast(MEASURED, plan)).toEqual(found);
    }),
    { numRuns: 30 },
  );
});
