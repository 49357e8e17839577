import { describe, expect, test } from "vitest";
import { repairStore } from "../../src/repair/repair.ts";
import { completeRetention } from "../../src/retain/run.ts";
import type { Store } from "../../src/store/store.ts";
import { openLog, parcel, send, SET, settle } from "../rejudge/what-if-laws.ts";
import { breakingAfter } from "./breaking-store.ts";
import { DAY_MS, findings, OPERATOR, retain, SIGNAL, START_MS } from "./days.ts";

/** Records of one day: 256 offsets share a document of receipts, so that each day ends inside one. */
const EACH = 300;

/** One fact, and its repeats on three days. @returns sends as many on another day. */
export async function repeats(store: Store): Promise<(day: number) => Promise<void>> {
  const at = { ms: START_MS };
  const log = openLog(at);
  const sendOn = async (day: number): Promise<void> => {
    at.ms = START_MS + day * DAY_MS;
    await send(
      log,
      Array.from({ length: EACH }, () => parcel("same", 1)),
    );
    await settle(log, store, SET, EACH);
  };
  for (const day of [0, 1, 2]) await sendOn(day);
  return sendOn;
}

async function receiptsIn(store: Store): Promise<number> {
  return (await store.reads.tally()).receipts;
}

/** After a run that took the receipts of the first day, or was ended while it did. */
export async function expectGoesOn(store: Store): Promise<void> {
  expect(await findings(store)).toEqual([]);
  expect(await completeRetention(store, { operator: OPERATOR, signal: SIGNAL })).toMatchObject({
    isComplete: true,
    faults: [],
  });
  expect(await findings(store)).toEqual([]);
  await retain(store, { receipts: 1 }, 1.5);
  expect(await receiptsIn(store)).toBe(2 * EACH);
  expect(await findings(store)).toEqual([]);
  // The next border lies inside a document too.
  await retain(store, { receipts: 1 }, 2.5);
  expect(await receiptsIn(store)).toBe(EACH);
  expect(await findings(store)).toEqual([]);
}

export function blockLaws(name: string, open: () => Promise<Store>): void {
  describe(`retention on ${name}, of receipts that share documents`, () => {
    test("takes those before a border inside of one, ended after any of its writes, and the next run goes on", async () => {
      for (let writes = 0, isDone = false; !isDone; writes += 1) {
        const store = await open();
        await repeats(store);
        isDone = await retain(breakingAfter(store, writes), { receipts: 1 }, 1.5).then(
          () => true,
          () => false,
        );
        await expectGoesOn(store);
      }
    });

    test("leaves what a gateway adds to and a repair restores, and neither brings anything back", async () => {
      const store = await open();
      const sendOn = await repeats(store);
      await retain(store, { receipts: 1 }, 2.5);
      await sendOn(3);
      expect([await receiptsIn(store), await findings(store)]).toEqual([2 * EACH, []]);
      // The log has another topic, and either may have been numbered first.
      const note = (await store.reads.streamNotes()).find(({ topic }) => topic === "parcels");
      const offsets = Array.from({ length: 4 * EACH }, (_, offset) => ({ id: "", offset: BigInt(offset) }));
      if (note === undefined) throw new Error("no stream");
      await store.removeDocuments("parcels", note, "receipt", offsets);
      expect(await receiptsIn(store)).toBe(0);
      const repaired = await repairStore(store, { replace: null, dryRun: false, signal: SIGNAL });
      expect(repaired).toMatchObject({ restored: { validated: 0, failed: 0, receipts: 2 * EACH }, faults: [] });
      expect([await receiptsIn(store), await findings(store)]).toEqual([2 * EACH, []]);
    });
  });
}
