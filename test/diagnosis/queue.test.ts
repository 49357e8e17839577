import { describe, expect, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import { afterOutage, INTACT, isAway } from "../../src/diagnosis/breaker.ts";
import type { Diagnosed } from "../../src/diagnosis/diagnose.ts";
import type { TroubleCode } from "../../src/diagnosis/diagnoser.ts";
import type { DiagnosisEvent } from "../../src/diagnosis/event.ts";
import { createDiagnosisQueue, WAITING_MAX, type QueueDeps } from "../../src/diagnosis/queue.ts";
import { until } from "../patience.ts";
import { ADVICE } from "./model-server.ts";

const DAY_MS = 86_400_000;

function advised(fingerprint: string): Diagnosed {
  const about = { fingerprint, at: "2026-11-29T00:00:00.000Z", model: "m", promptDigest: "d", durationMs: 1 };
  return { kind: "diagnosed", diagnosis: { ...about, outcome: "advised", advice: ADVICE } };
}

function failed(fingerprint: string, code: TroubleCode): Diagnosed {
  const about = { fingerprint, at: "2026-11-29T00:00:00.000Z", model: "m", promptDigest: "d", durationMs: 1 };
  return { kind: "diagnosed", diagnosis: { ...about, outcome: "failed", code, message: "no", remedy: "wait" } };
}

/** A queue whose clock moves only when it sleeps. */
function queueOf(diagnose: QueueDeps["diagnose"], changes: Partial<QueueDeps> = {}) {
  const asked: string[] = [];
  const events: DiagnosisEvent[] = [];
  const slept: number[] = [];
  let nowMs = 0;
  let most = 0;
  let running = 0;
  const queue = createDiagnosisQueue({
    diagnose: async (fingerprint, again, signal) => {
      asked.push(again ? `${fingerprint}!` : fingerprint);
      running += 1;
      most = Math.max(most, running);
      try {
        return await diagnose(fingerprint, again, signal);
      } finally {
        running -= 1;
      }
    },
    adviceSince: async () => 0,
    dailyCap: 1_000,
    report: (event) => events.push(event),
    now: () => nowMs,
    sleep: async (ms, signal) => {
      // A turn of the loop, in which the test looks.
      await new Promise(setImmediate);
      if (signal.aborted) return;
      slept.push(ms);
      nowMs += ms;
    },
    ...changes,
  });
  return { queue, asked, events, slept, most: () => most };
}

describe("groups are asked about", () => {
  test("one at a time, each once, in the order in which they came", async () => {
    const { queue, asked, events, most } = queueOf(async (one) => advised(one));
    queue.offer(["a", "b"]);
    queue.offer(["b", "c", "a"]);
    await until(() => events.length === 3);
    queue.offer(["a", "b", "c"]);
    expect(asked).toEqual(["a", "b", "c"]);
    expect(most()).toBe(1);
    expect(events[0]).toEqual({
      kind: "diagnosis-done",
      fingerprint: "a",
      model: "m",
      confidence: "high",
      durationMs: 1,
    });
    await queue.close();
  });

  test("before others when a person asks, and once more", async () => {
    const gate = Promise.withResolvers<void>();
    const { queue, asked, events } = queueOf(async (one) => {
      await gate.promise;
      return advised(one);
    });
    queue.offer(["a", "b", "c"]);
    await until(() => asked.length === 1);
    expect([queue.stateOf("a"), queue.stateOf("c"), queue.stateOf("x")]).toEqual(["asking", "waiting", null]);
    expect([queue.request("c"), queue.request("a")]).toEqual(["waiting", "waiting"]);
    gate.resolve();
    await until(() => events.length === 3);
    expect(asked).toEqual(["a", "c!", "b"]);
    expect(queue.request("a")).toBe("waiting");
    await until(() => events.length === 4);
    expect(asked.at(-1)).toBe("a!");
    await queue.close();
  });

  test("but never more than can be remembered: the others are counted", async () => {
    const { queue, events } = queueOf(async (_one, _again, signal) => {
      await new Promise((done) => signal.addEventListener("abort", done));
      return { kind: "aborted" };
    });
    queue.offer(Array.from({ length: WAITING_MAX + 7 }, (_, index) => String(index)));
    expect(events).toEqual([{ kind: "diagnosis-dropped", count: 7 }]);
    expect(queue.request("new")).toBe("full");
    await queue.close();
    expect(events).toHaveLength(1);
  });

  test("and a close ends the question that is being asked", async () => {
    const { queue, asked } = queueOf(async (_one, _again, signal) => {
      await new Promise((done) => signal.addEventListener("abort", done));
      return { kind: "aborted" };
    });
    queue.offer(["a", "b"]);
    await until(() => asked.length === 1);
    await queue.close();
    queue.offer(["c"]);
    expect(asked).toEqual(["a"]);
  });
});

describe("while the server is away", () => {
  test("it is asked ever more seldom, and each group at most three times", async () => {
    const { queue, asked, events, slept } = queueOf(async (one) => failed(one, "unreachable"));
    queue.offer(["a", "b"]);
    await until(() => asked.length === 6 && queue.stateOf("b") === null && queue.stateOf("a") === null);
    expect(asked).toEqual(["a", "b", "a", "b", "a", "b"]);
    expect(slept).toEqual([5_000, 5_000, 60_000, 120_000, 240_000]);
    expect(events.filter(({ kind }) => kind === "diagnosis-failed")).toHaveLength(6);
    expect(events.filter(({ kind }) => kind === "diagnosis-paused").map((event) => event)).toEqual(
      [60_000, 120_000, 240_000, 480_000].map((retryInMs) => ({ kind: "diagnosis-paused", message: "no", retryInMs })),
    );
    expect(queue.request("c")).toBe("away");
    await queue.close();
  });

  test("one answer makes all well", async () => {
    let fails = 2;
    const { queue, asked, slept } = queueOf(async (one) => ((fails -= 1) >= 0 ? failed(one, "timeout") : advised(one)));
    queue.offer(["a", "b", "c"]);
    await until(() => asked.length === 5 && queue.stateOf("b") === null);
    expect(asked).toEqual(["a", "b", "c", "a", "b"]);
    expect(slept).toEqual([5_000, 5_000]);
    await queue.close();
  });

  test("an answer that cannot be used is no outage: the next group is asked about at once", async () => {
    const { queue, asked, slept } = queueOf(async (one) => failed(one, "unusable"));
    queue.offer(["a", "b", "c", "d"]);
    await until(() => asked.length === 4);
    expect(slept).toEqual([]);
    await queue.close();
  });

  test("the longest wait is half an hour", () => {
    let breaker = INTACT;
    for (let count = 0; count < 100; count += 1) breaker = afterOutage(breaker, 0);
    expect([breaker.closedUntilMs, isAway(breaker), isAway(INTACT)]).toEqual([1_800_000, true, false]);
  });
});

describe("the daily cap", () => {
  test("ends the questions of a day, which is said once, and the others are asked the next day", async () => {
    const { queue, asked, events, slept } = queueOf(async (one) => advised(one), { dailyCap: 2 });
    queue.offer(["a", "b", "c"]);
    await until(() => asked.length === 3 && queue.stateOf("c") === null);
    expect(slept).toEqual([DAY_MS]);
    expect(events.filter(({ kind }) => kind === "diagnosis-capped")).toEqual([
      { kind: "diagnosis-capped", cap: 2, waiting: 1 },
    ]);
    await queue.close();
  });

  test("counts what other processes asked today", async () => {
    const { queue, asked, slept } = queueOf(async (one) => advised(one), {
      dailyCap: 5,
      adviceSince: async (fromMs) => (fromMs === 0 ? 5 : 0),
    });
    queue.offer(["a"]);
    await until(() => asked.length === 1);
    expect(slept).toEqual([DAY_MS]);
    await queue.close();
  });

  test("holds for who asks, too", async () => {
    const { queue, events } = queueOf(async (one) => advised(one), { dailyCap: 1 });
    queue.offer(["a"]);
    await until(() => events.length === 1);
    expect(queue.request("b")).toBe("capped");
    await queue.close();
  });

  test("of zero asks nobody", async () => {
    const { queue, asked, slept } = queueOf(async (one) => advised(one), { dailyCap: 0 });
    queue.offer(["a"]);
    await until(() => slept.length > 3);
    expect(asked).toEqual([]);
    await queue.close();
  });
});

test("a store that is away is waited for, and nothing is lost", async () => {
  let fails = 3;
  const { queue, asked, slept, events } = queueOf(async (one) => {
    fails -= 1;
    if (fails >= 0) throw new Unavailable("STORE_UNREACHABLE", "gone", "wait");
    return advised(one);
  });
  queue.offer(["a"]);
  await until(() => events.length === 1);
  expect(asked).toEqual(["a", "a", "a", "a"]);
  expect(slept).toEqual([5_000, 5_000, 5_000]);
  await queue.close();
});

test("a bug ends nothing, and says nothing of the record", async () => {
  const { queue, events } = queueOf(async (one) => {
    if (one === "a") throw new SyntaxError("Unexpected token in SECRET");
    return advised(one);
  });
  queue.offer(["a", "b"]);
  await until(() => events.length === 2);
  expect(events[0]).toMatchObject({ kind: "diagnosis-broken", fingerprint: "a", name: "SyntaxError" });
  expect(JSON.stringify(events)).not.toContain("SECRET");
  await queue.close();
});
