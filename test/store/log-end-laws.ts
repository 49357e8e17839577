import { describe, expect, test } from "vitest";
import type { StoreBackend } from "./store-laws.ts";

/** What every store keeps of how far a log was shown to reach. */
export function logEndLaws(name: string, start: () => Promise<StoreBackend>): void {
  describe(`${name} keeps the laws of log ends`, () => {
    test("an end only ever rises, whoever notes it and in whatever order", async () => {
      const { open } = await start();
      const [one, other] = [await open(), await open()];
      const ends = [5n, 3n, 9_223_372_036_854_775_807n, 9n, 9_007_199_254_740_993n];
      expect(await one.reads.logEnds()).toEqual([]);
      await Promise.all(
        ends.map(async (end, index) => (index % 2 === 0 ? one : other).noteLogEnds([note("log/it's $a/0", end)])),
      );
      await one.noteLogEnds([note("log/a/1", 2n), note("log/a/0", 9_007_199_254_740_993n)]);
      await one.noteLogEnds([]);
      expect(await (await open()).reads.logEnds()).toEqual([
        note("log/a/0", 9_007_199_254_740_993n),
        note("log/a/1", 2n),
        note("log/it's $a/0", 9_223_372_036_854_775_807n),
      ]);
    });
  });
}

function note(stream: string, end: bigint) {
  return { stream, topic: "orders", partition: 7, end };
}
