import { describe, expect, test } from "vitest";
import type { TrafficNote } from "../../src/traffic/note.ts";
import type { StoreBackend } from "./store-laws.ts";

/** What every store keeps of who sends what. */
export function trafficLaws(name: string, start: () => Promise<StoreBackend>): void {
  describe(`${name} keeps the laws of traffic`, () => {
    test("notes only ever widen, whoever writes them and in whatever order", async () => {
      const { open } = await start();
      const [one, other] = [await open(), await open()];
      const times = [5, 3, 9, 1, 7, 9_007_199_254_740_991];
      await Promise.all(
        times.map(async (ms, index) => (index % 2 === 0 ? one : other).noteTraffic([note(1, "svc-a", ms)])),
      );
      await one.noteTraffic([note(2, "svc-a", 4), note(1, "it's $where \u{1f4e6} @2|x", 6), note(1, "", 2)]);
      await one.noteTraffic([]);
      expect(await other.reads.traffic("shipment")).toEqual([
        { subject: "shipment", version: 1, producer: "", firstMs: 2, lastMs: 2 },
        { subject: "shipment", version: 1, producer: "it's $where \u{1f4e6} @2|x", firstMs: 6, lastMs: 6 },
        { subject: "shipment", version: 1, producer: "svc-a", firstMs: 1, lastMs: 9_007_199_254_740_991 },
        { subject: "shipment", version: 2, producer: "svc-a", firstMs: 4, lastMs: 4 },
      ]);
      expect(await other.reads.traffic("ship")).toEqual([]);
    });
  });
}

function note(version: number, producer: string, ms: number): TrafficNote {
  return { subject: "shipment", version, producer, firstMs: ms, lastMs: ms };
}
