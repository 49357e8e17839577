import { expect, test } from "vitest";
import { within } from "../../src/gateway/within.ts";

test("an answer in time is the answer, and so is a refusal", async () => {
  expect(await within(60_000, Promise.resolve(7))).toBe(7);
  await expect(within(60_000, Promise.reject(new Error("no")))).rejects.toThrow("no");
});

test("an answer that comes late is none, whatever becomes of it", async () => {
  const { promise, reject } = Promise.withResolvers<number>();
  expect(await within(1, promise)).toBe(null);
  // Nobody listens any more: an unheard rejection would end the process.
  reject(new Error("late"));
  await expect(promise).rejects.toThrow("late");
});
