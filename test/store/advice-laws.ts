import { describe, expect, test } from "vitest";
import type { StoreBackend } from "./store-laws.ts";

const [A, B] = ["a".repeat(32), "b".repeat(32)] as const;

/** What every store keeps of what a language model said. */
export function adviceLaws(name: string, start: () => Promise<StoreBackend>): void {
  describe(`${name} keeps the laws of advice`, () => {
    test("the advice on a group is the last one, of whichever process, and there is none that was not stored", async () => {
      const { open } = await start();
      const [one, other] = [await open(), await open()];
      expect(await one.reads.advice(A)).toBeNull();
      await one.putAdvice({ fingerprint: A, atMs: 5, text: "it's $a" });
      await other.putAdvice({ fingerprint: A, atMs: 3, text: '{"x":"\\u0000\u{1f4e6}"}' });
      await one.putAdvice({ fingerprint: B, atMs: 2 ** 43, text: "" });
      const { reads } = await open();
      expect(await reads.advice(A)).toEqual({ fingerprint: A, atMs: 3, text: '{"x":"\\u0000\u{1f4e6}"}' });
      expect(await reads.advice(B)).toEqual({ fingerprint: B, atMs: 2 ** 43, text: "" });
      expect(await reads.advice("c".repeat(32))).toBeNull();
    });

    test("groups are counted by when advice on them was asked for", async () => {
      const { open } = await start();
      const { putAdvice, reads } = await open();
      expect(await reads.adviceSince(0)).toBe(0);
      await putAdvice({ fingerprint: A, atMs: 100, text: "{}" });
      await putAdvice({ fingerprint: B, atMs: 50, text: "{}" });
      await putAdvice({ fingerprint: B, atMs: 200, text: "{}" });
      expect(await Promise.all([0, 100, 101, 200, 201].map(reads.adviceSince))).toEqual([2, 2, 1, 1, 0]);
    });
  });
}
