import { describe, expect, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import { startGroupWatch, type GroupWatch, type GroupWatchDeps, type Mute } from "../../src/notify/group-watch.ts";

const START = Date.UTC(2026, 0, 1);

type Counter = Awaited<ReturnType<GroupWatchDeps["reads"]["groupCounters"]>>[number];

function counter(fingerprint: string, stream: number, count: number): Counter {
  const contract = { subject: "shipment", version: 1 };
  return { fingerprint, stream, code: "schema", contract, count, firstMs: stream, lastMs: 10 + stream };
}

type Watched = {
  readonly watch: GroupWatch;
  readonly told: readonly string[];
  readonly counters: Map<string, readonly Counter[]>;
  readonly mutes: Map<string, Mute>;
  readonly outage: { on: boolean };
  readonly look: () => Promise<void>;
};

/** A watch over counters that the test sets; it looks when the test says so. */
async function watching(
  threshold: number | null,
  before: Readonly<Record<string, readonly Counter[]>> = {},
): Promise<Watched> {
  const told: string[] = [];
  const counters = new Map(Object.entries(before));
  const mutes = new Map<string, Mute>();
  const outage = { on: false };
  let sleeping = Promise.withResolvers<void>();
  let asleep = Promise.withResolvers<void>();
  const watch = await startGroupWatch({
    reads: {
      groupCounters: async (fingerprint) => {
        if (outage.on) throw new Unavailable("STORE_UNREACHABLE", "away", "wait");
        return fingerprint === undefined ? [...counters.values()].flat() : (counters.get(fingerprint) ?? []);
      },
      streamNotes: async () =>
        [1, 2, 3].map((number) => ({ number, topic: `topic-${number}`, isRedriven: number === 3 })),
    },
    threshold,
    mutes: async () => mutes,
    appeared: ({ fingerprint, topics, count, firstMs, lastMs }) =>
      void told.push(`new ${fingerprint} ${topics.join("+")} ${count} ${firstMs}-${lastMs}`),
    passed: ({ fingerprint, count }, at) => void told.push(`passed ${fingerprint} ${at} at ${count}`),
    now: () => START,
    sleep: async (_, signal) => {
      asleep.resolve();
      signal.addEventListener("abort", () => sleeping.resolve());
      await sleeping.promise;
    },
  });
  const look = async (): Promise<void> => {
    await asleep.promise;
    const wake = sleeping;
    sleeping = Promise.withResolvers();
    asleep = Promise.withResolvers();
    wake.resolve();
    // The look is over when it sleeps again, or when a store call of its last group was answered.
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  };
  return { watch, told, counters, mutes, outage, look };
}

describe("a watch over groups", () => {
  test("tells of a new group with the counts of all its streams", async () => {
    const { watch, told, counters, look } = await watching(null);
    counters.set("f1", [counter("f1", 1, 3), counter("f1", 2, 4)]);
    watch.settled(["f1", "f0"], ["f1"]);
    await look();
    expect(told).toEqual(["new f1 topic-1+topic-2 7 1-12"]);
  });

  test("tells of a threshold once, when all streams together reach it", async () => {
    const { watch, told, counters, look } = await watching(10);
    for (const count of [4, 6, 8]) {
      counters.set("f1", [counter("f1", 1, 4), counter("f1", 2, count)]);
      watch.settled(["f1"], []);
      await look();
    }
    expect(told).toEqual(["passed f1 10 at 10"]);
  });

  test("tells nothing of a threshold that was reached before the process began", async () => {
    const { watch, told, counters, look } = await watching(10, { f1: [counter("f1", 1, 12)] });
    counters.set("f1", [counter("f1", 1, 13)]);
    watch.settled(["f1"], []);
    await look();
    expect(told).toEqual([]);
  });

  test("is silent about a muted group until the number that the operator said, or until the time is over", async () => {
    const { watch, told, counters, mutes, look } = await watching(10);
    mutes.set("f1", { untilMs: null, threshold: 20 });
    mutes.set("f2", { untilMs: null, threshold: null });
    mutes.set("f3", { untilMs: START - 1, threshold: null });
    mutes.set("f4", { untilMs: START + 1, threshold: null });
    for (const count of [15, 25]) {
      for (const name of ["f1", "f2", "f3", "f4"]) counters.set(name, [counter(name, 1, count)]);
      watch.settled(["f1", "f2", "f3", "f4"], ["f2"]);
      await look();
    }
    expect(told).toEqual(["passed f3 10 at 15", "passed f1 20 at 25"]);
  });

  test("waits while the store is away, and looks once more when it closes", async () => {
    const { watch, told, counters, outage, look } = await watching(null);
    counters.set("f1", [counter("f1", 1, 3)]);
    outage.on = true;
    watch.settled(["f1"], ["f1"]);
    await look();
    expect(told).toEqual([]);
    outage.on = false;
    await watch.close();
    expect(told).toEqual(["new f1 topic-1 3 1-11"]);
  });

  test("leaves out failures of records that were decided once more, also those of before the process began", async () => {
    const { watch, told, counters, look } = await watching(10, { f2: [counter("f2", 3, 12)] });
    counters.set("f1", [counter("f1", 1, 4), counter("f1", 3, 20)]);
    watch.settled(["f1"], ["f1"]);
    await look();
    expect(told).toEqual(["new f1 topic-1 4 1-11"]);
    counters.set("f2", [counter("f2", 3, 12), counter("f2", 1, 10)]);
    watch.settled(["f2"], []);
    await look();
    expect(told).toEqual(["new f1 topic-1 4 1-11", "passed f2 10 at 10"]);
  });

  test("looks at a hundred groups at a time", async () => {
    const { watch, told, counters, look } = await watching(null);
    const names = Array.from({ length: 150 }, (_, n) => `f${n}`);
    for (const name of names) counters.set(name, [counter(name, 1, 1)]);
    watch.settled(names, names);
    await look();
    await look();
    expect(told.length).toBeGreaterThan(100);
    await watch.close();
    expect(new Set(told).size).toBe(150);
  });
});
