import { describe, expect, test } from "vitest";
import type { StoreBackend } from "./store-laws.ts";

/** What every store keeps of the numbers of its streams. */
export function streamLaws(name: string, start: () => Promise<StoreBackend>): void {
  describe(`${name} keeps the laws of numbered streams`, () => {
    test("a stream gets one number, whoever asks first and however many ask at once", async () => {
      const { open } = await start();
      const stores = [await open(), await open()];
      const streams = Array.from({ length: 8 }, (_, partition) => ({
        stream: `s/${partition}`,
        topic: "t",
        partition,
      }));
      const asked = stores.flatMap((store) => streams.map(async (stream) => store.streamNote(stream)));
      const notes = await Promise.all(asked);
      for (const [index, stream] of streams.entries()) {
        expect(notes[index]).toEqual({ number: notes[index]?.number, ...stream });
        expect(notes[index + streams.length]).toEqual(notes[index]);
      }
      const numbers = new Set(notes.map(({ number }) => number));
      expect([...numbers].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      const later = await (await open()).reads.streamNotes();
      expect(later.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(later.toSorted((a, b) => a.partition - b.partition)).toEqual(notes.slice(0, streams.length));
    });
  });
}
