import { describe, expect, test } from "vitest";
import type { ObjectiveCount } from "../../src/store/objective-count.ts";
import type { StoreBackend } from "./store-laws.ts";

const MINUTE: ObjectiveCount = {
  indicator: "quality:shipment",
  stepS: 60,
  startS: 1_800_000_000,
  writer: "a",
  good: 10,
  bad: 1,
};

/** What every store keeps of objectives. */
export function objectiveLaws(name: string, start: () => Promise<StoreBackend>): void {
  describe(`${name} keeps the laws of objectives`, () => {
    test("counts come back by start and writer, those of an indicator and step alone, from a time on", async () => {
      const { open } = await start();
      const store = await open();
      const other = { ...MINUTE, writer: "b", good: 2 ** 40 };
      const later = { ...MINUTE, startS: MINUTE.startS + 60 };
      const strange = [
        { ...MINUTE, indicator: "quality:shipment2" },
        { ...MINUTE, indicator: "quality:shipmen" },
        { ...MINUTE, stepS: 3_600 as const, writer: "" },
        { ...MINUTE, startS: MINUTE.startS - 60 },
      ];
      await store.putObjectiveCounts([later, other, ...strange, MINUTE]);
      await store.putObjectiveCounts([]);
      const { reads } = await open();
      expect(await reads.objectiveCounts(MINUTE.indicator, 60, MINUTE.startS)).toEqual([MINUTE, other, later]);
    });

    test("counts take the place of those of the same writer, so that putting them again changes nothing", async () => {
      const { open } = await start();
      const store = await open();
      await store.putObjectiveCounts([MINUTE]);
      const more = { ...MINUTE, good: 11 };
      await store.putObjectiveCounts([more]);
      await store.putObjectiveCounts([more]);
      expect(await store.reads.objectiveCounts(MINUTE.indicator, 60, 0)).toEqual([more]);
    });

    test("an indicator began with its oldest minute or hour, and one that nobody counted never", async () => {
      const { open } = await start();
      const store = await open();
      expect(await store.reads.objectiveBegan(MINUTE.indicator)).toBeNull();
      await store.putObjectiveCounts([MINUTE, { ...MINUTE, indicator: "quality:a", startS: 60 }]);
      expect(await store.reads.objectiveBegan(MINUTE.indicator)).toBe(MINUTE.startS);
      await store.putObjectiveCounts([{ ...MINUTE, stepS: 3_600, startS: 1_799_996_400, writer: "" }]);
      expect(await store.reads.objectiveBegan(MINUTE.indicator)).toBe(1_799_996_400);
    });

    test("counts of a step are deleted before a time", async () => {
      const { open } = await start();
      const store = await open();
      const later = { ...MINUTE, startS: MINUTE.startS + 60 };
      const hour = { ...MINUTE, stepS: 3_600 as const, writer: "" };
      await store.putObjectiveCounts([MINUTE, later, hour]);
      await store.dropObjectiveCounts(60, later.startS);
      expect(await store.reads.objectiveCounts(MINUTE.indicator, 60, 0)).toEqual([later]);
      expect(await store.reads.objectiveCounts(MINUTE.indicator, 3_600, 0)).toEqual([hour]);
    });
  });
}
