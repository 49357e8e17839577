import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSpending, WINDOW_SECONDS, type Quotas } from "../../src/access/spending.ts";

const NONE: Quotas = { requests: null, bytes: null, records: null, topics: null, producers: null, groups: null };
const DAY_MS = 86_400_000;

describe("a rate", () => {
  test("gives ten seconds' worth at once, then as much as comes back, and says when there is more", () => {
    const { use } = createSpending({ ...NONE, requests: 5 });
    const ask = (nowMs: number) => use("ann", "requests", 1, nowMs);
    for (let count = 0; count < 50; count += 1) expect(ask(0).kind).toBe("spent");
    expect(ask(0)).toEqual({
      kind: "refused",
      limit: "requests",
      left: { quota: 50, left: 0, resetSeconds: 10 },
      retrySeconds: 1,
    });
    expect([ask(199).kind, ask(200).kind, ask(200).kind]).toEqual(["refused", "spent", "refused"]);
    expect(use("bob", "requests", 1, 200).left).toMatchObject({ left: 49 });
  });

  test("takes more at once than there is, and has it waited for afterwards", () => {
    const { use } = createSpending({ ...NONE, bytes: 100 });
    expect(use("ann", "bytes", 5_000, 0)).toMatchObject({ kind: "spent", left: { left: 0, resetSeconds: 50 } });
    expect(use("ann", "bytes", 1, 0)).toMatchObject({ kind: "refused", retrySeconds: 41 });
    expect([use("ann", "bytes", 1, 40_000).kind, use("ann", "bytes", 1, 40_010).kind]).toEqual(["refused", "spent"]);
  });

  test("is never exceeded by more than one use, however the clock goes", () => {
    const uses = fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: -20_000, max: 20_000 })), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(uses, (steps) => {
        const { use } = createSpending({ ...NONE, records: 7 });
        let [nowMs, onwardMs, taken, largest] = [0, 0, 0, 0];
        for (const [amount, stepMs] of steps) {
          nowMs += stepMs;
          onwardMs += Math.max(0, stepMs);
          if (use("ann", "records", amount, nowMs).kind === "refused") continue;
          taken += amount;
          largest = Math.max(largest, amount);
        }
        expect(taken).toBeLessThanOrEqual(7 * WINDOW_SECONDS + (onwardMs / 1_000) * 7 + largest);
      }),
    );
  });

  test("that is not limited is not counted", () => {
    expect(createSpending(NONE).use("ann", "bytes", 1e12, 0)).toEqual({ kind: "spent", left: null });
  });
});

describe("different names", () => {
  test("are so many in a day, and those that were seen go on; a clock that goes back begins no other day", () => {
    const { see } = createSpending({ ...NONE, producers: 2 });
    const kinds = (names: string, nowMs: number) =>
      names.split("").map((name) => see("ann", "producers", name, nowMs).kind);
    expect(kinds("abab", DAY_MS)).toEqual(["spent", "spent", "spent", "spent"]);
    expect(see("ann", "producers", "c", 2 * DAY_MS - 5_000)).toEqual({
      kind: "refused",
      limit: "producers",
      left: { quota: 2, left: 0, resetSeconds: 5 },
      retrySeconds: 5,
    });
    expect([kinds("c", 0), kinds("b", 0), kinds("c", 2 * DAY_MS)]).toEqual([["refused"], ["spent"], ["spent"]]);
  });

  test("of whoever was not seen for the longest are forgotten: what is kept is bounded", () => {
    const { see } = createSpending({ ...NONE, topics: 1 });
    see("first", "topics", "a", 0);
    for (let count = 0; count < 10_000; count += 1) see(`key ${count}`, "topics", "a", 0);
    expect(see("key 9999", "topics", "b", 0).kind).toBe("refused");
    expect(see("first", "topics", "b", 0).kind).toBe("spent");
  });
});
