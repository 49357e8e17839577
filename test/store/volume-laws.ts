import { describe, expect, test } from "vitest";
import type { VolumeTally } from "../../src/store/volume.ts";
import type { StoreBackend } from "./store-laws.ts";
import { noteOf, STREAM } from "./rows.ts";

const HOUR = 472_222;

function tally(count: number, changes: Partial<VolumeTally> = {}): VolumeTally {
  const key = { kind: "passed", subject: "order", version: 2, producer: "erp", isOthers: false, hour: HOUR } as const;
  return { ...key, count, ...changes };
}

const ALL = {
  fromHour: 0,
  toHour: HOUR + 100,
  hours: 1,
  subject: null,
  producer: null,
  byProducer: true,
  limit: 1_000,
};

/** What every store keeps of the counters of decided records. */
export function volumeLaws(name: string, start: () => Promise<StoreBackend>): void {
  describe(`${name} keeps the laws of volume`, () => {
    test("a counter grows by each entry once, whoever applies it, in whatever order the attempts arrive", async () => {
      const { open } = await start();
      const [one, other] = [await open(), await open()];
      const note = await noteOf(one);
      expect(await one.reads.volumeStarts()).toEqual([]);
      expect(await one.reads.volumeCounters(note.number)).toEqual([]);
      await one.countVolume(note, 3, [tally(3), tally(1, { kind: "failed", version: null, producer: null })]);
      await Promise.all([one, other, one, other].map(async (store) => store.countVolume(note, 4, [tally(4)])));
      // A writer that lost the stream arrives late.
      await other.countVolume(note, 3, [tally(3)]);
      await one.countVolume(note, 5, []);
      expect(inOrder(await one.reads.volumeCounters(note.number))).toEqual([
        { ...tally(1, { kind: "failed", version: null, producer: null }), first: 3, seq: 3 },
        { ...tally(7), first: 3, seq: 4 },
      ]);
      expect(await (await open()).reads.volumeStarts()).toEqual([{ stream: 1, first: 3 }]);
    });

    test("a counter is of one kind, version, producer, hour and stream", async () => {
      const { open } = await start();
      const store = await open();
      const [note, second] = [await noteOf(store), await noteOf(store, `${STREAM}0`)];
      const keys = [
        tally(1),
        tally(2, { kind: "duplicate" }),
        tally(3, { version: 3 }),
        tally(4, { version: null }),
        tally(5, { producer: null }),
        tally(6, { producer: null, isOthers: true }),
        tally(7, { producer: "+" }),
        tally(8, { hour: HOUR + 1 }),
        tally(9, { hour: null }),
        tally(10, { subject: "invoice" }),
        tally(11, { producer: "a/b@'$.\u{1f4e6}" }),
      ];
      await store.countVolume(note, 1, keys);
      await store.countVolume(second, 1, [tally(100)]);
      const found = (await store.reads.volumeCounters(note.number)).toSorted((a, b) => a.count - b.count);
      expect(found).toEqual(keys.map((key) => ({ ...key, first: 1, seq: 1 })));
      expect(await store.reads.volumeCounters(second.number)).toEqual([{ ...tally(100), first: 1, seq: 1 }]);
    });

    test("sums are of whole spans of hours, by stream, and leave out what has no hour", async () => {
      const { open } = await start();
      const store = await open();
      const [note, second] = [await noteOf(store), await noteOf(store, `${STREAM}0`)];
      const day = 24 * 19_000;
      await store.countVolume(note, 1, [
        tally(1, { hour: day }),
        tally(2, { hour: day + 23 }),
        tally(4, { hour: day + 24, producer: "crm" }),
        tally(8, { hour: null }),
        tally(16, { hour: day + 1, subject: "invoice", version: null, producer: null, isOthers: true }),
      ]);
      await store.countVolume(second, 1, [tally(32, { hour: day })]);
      const sum = async (changes: Partial<typeof ALL>) =>
        (await store.reads.volume({ ...ALL, ...changes }))
          .map(({ hour, stream, count, producer }) => [hour - day, stream, count, producer])
          .toSorted((a, b) => Number(a[0]) - Number(b[0]) || Number(a[2]) - Number(b[2]));
      expect(await sum({ hours: 24 })).toEqual([
        [0, 1, 3, "erp"],
        [0, 1, 16, null],
        [0, 2, 32, "erp"],
        [24, 1, 4, "crm"],
      ]);
      expect(await sum({ fromHour: day + 1, toHour: day + 24 })).toEqual([
        [1, 1, 16, null],
        [23, 1, 2, "erp"],
      ]);
      expect(await sum({ subject: "invoice" as never })).toEqual([[1, 1, 16, null]]);
      expect(await sum({ producer: "crm" as never })).toEqual([[24, 1, 4, "crm"]]);
      expect(await sum({ hours: 48, byProducer: false })).toEqual([
        [0, 1, 7, null],
        [0, 1, 16, null],
        [0, 2, 32, null],
      ]);
      expect(await sum({ limit: 2 })).toHaveLength(2);
      expect(await sum({ fromHour: -5, toHour: 0 })).toEqual([]);
    });

    test("counting again replaces the counters of a stream, but for those that went on meanwhile", async () => {
      const { open } = await start();
      const store = await open();
      const [note, second] = [await noteOf(store), await noteOf(store, `${STREAM}0`)];
      await store.countVolume(note, 7, [tally(99), tally(5, { producer: "gone" }), tally(6, { producer: "later" })]);
      await store.countVolume(note, 9, [tally(6, { producer: "later" })]);
      await store.countVolume(second, 7, [tally(1)]);
      const again = [tally(3), tally(2, { kind: "conflict" }), tally(4, { producer: "later" })];
      for (let times = 0; times < 2; times += 1) await store.recountVolume(note, 1, 8, again);
      const found = (await store.reads.volumeCounters(note.number)).toSorted((a, b) => a.count - b.count);
      expect(found).toEqual([
        { ...tally(2, { kind: "conflict" }), first: 1, seq: 8 },
        { ...tally(3), first: 1, seq: 8 },
        { ...tally(12, { producer: "later" }), first: 1, seq: 9 },
      ]);
      expect(await store.reads.volumeStarts()).toEqual([
        { stream: 1, first: 1 },
        { stream: 2, first: 7 },
      ]);
    });
  });
}

function inOrder<Counter extends VolumeTally>(counters: readonly Counter[]): readonly Counter[] {
  return counters.toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
}
