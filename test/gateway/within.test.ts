import { expect, test } from "vitest";
import { unlessAborted, within } from "../../src/gateway/within.ts";

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

test("an answer is none once nobody waits for it any more, whatever becomes of it", async () => {
  const stopping = new AbortController();
  expect(await unlessAborted(stopping.signal, Promise.resolve(7))).toBe(7);
  await expect(unlessAborted(stopping.signal, Promise.reject(new Error("no")))).rejects.toThrow("no");
  const { promise, reject } = Promise.withResolvers<number>();
  const asked = unlessAborted(stopping.signal, promise);
  stopping.abort();
  expect(await asked).toBe(null);
  expect(await unlessAborted(stopping.signal, promise)).toBe(null);
  reject(new Error("late"));
  await expect(promise).rejects.toThrow("late");
});
