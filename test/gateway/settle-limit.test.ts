import { expect, test } from "vitest";
import { createSettleLimit, settleWeight } from "../../src/gateway/settle-limit.ts";

/** Asks for settleLimit in order. @returns which have begun, and what ends each of them. */
function ask(
  recordsMax: number,
  weights: readonly number[],
): { begun: number[]; end: (index: number) => Promise<void> } {
  const settleLimit = createSettleLimit(recordsMax);
  const begun: number[] = [];
  const ends = weights.map(async (records, index) => {
    const end = await settleLimit(records);
    begun.push(index);
    return end;
  });
  return {
    begun,
    end: async (index) => {
      (await ends[index])?.();
      await settled();
    },
  };
}

/** Turns begin in microtasks alone: when the next task of the loop runs, whatever may begin has begun. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test("settleLimit begin while their records are within the bound, the next ones when one ends", async () => {
  const { begun, end } = ask(6_000, [3_000, 3_000, 3_000, 3_000]);
  await settled();
  expect(begun).toEqual([0, 1]);
  await end(1);
  expect(begun).toEqual([0, 1, 2]);
  await end(0);
  await end(2);
  expect(begun).toEqual([0, 1, 2, 3]);
});

test("small batches do not wait for each other", async () => {
  const { begun } = ask(
    6_000,
    Array.from({ length: 100 }, () => 50),
  );
  await settled();
  expect(begun).toHaveLength(100);
});

test("a batch larger than the bound has its turn alone", async () => {
  const { begun, end } = ask(10, [4, 25, 1]);
  await settled();
  expect(begun).toEqual([0]);
  await end(0);
  expect(begun).toEqual([0, 1]);
  await end(1);
  expect(begun).toEqual([0, 1, 2]);
});

test("a large batch is not passed by smaller ones for ever: the first that asked is the first that begins", async () => {
  const { begun, end } = ask(10, [6, 8, 2, 2]);
  await settled();
  expect(begun).toEqual([0]);
  await end(0);
  expect(begun).toEqual([0, 1, 2]);
});

test("a batch counts by its records or by its bytes, whichever fills more of it", () => {
  const full = { recordsMax: 3_000, bytesMax: 1_000_000 };
  expect(settleWeight({ count: 3_000, bytes: 250_000 }, full)).toBe(3_000);
  expect(settleWeight({ count: 60, bytes: 1_000_000 }, full)).toBe(3_000);
  expect(settleWeight({ count: 60, bytes: 500_000 }, full)).toBe(1_500);
  expect(settleWeight({ count: 1, bytes: 50_000_000 }, full)).toBe(150_000);
  expect(settleWeight({ count: 0, bytes: 0 }, full)).toBe(0);
});
