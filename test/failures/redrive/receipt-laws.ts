import { describe, expect, test } from "vitest";
import { originOf, lineageOf } from "../../../src/failures/redrive/lineage.ts";
import { reportOf } from "../../../src/failures/redrive/report.ts";
import { openLineage } from "../../../src/failures/lineage/lineage.ts";
import { openPlaces } from "../../../src/failures/taken.ts";
import { createLookup } from "../../../src/gateway/lookup.ts";
import { redriveStreamId } from "../../../src/ledger/redrive-stream.ts";
import { repairStore } from "../../../src/repair/repair.ts";
import type { Store } from "../../../src/store/store.ts";
import type { StreamNote } from "../../../src/store/stream-note.ts";
import { failed, findings, SET } from "./redrive-laws.ts";
import { made, NEVER, planOf, run } from "./redriving.ts";

/** Records that pass when they are sent again, at offsets from 2 on: their receipts lie in three documents of 256 offsets. */
const HEAVY = 600;
/** Offsets of the document in the middle, and some on both sides of its borders. */
const [FROM, TO] = [256n, 512n];
const LOOKED_AT = [2n, 255n, 256n, 400n, 511n, 512n, 601n];

type Started = {
  readonly open: () => Promise<Store>;
  /** Removes the receipts of a stream at offsets that share a document, behind the back of every gateway. */
  readonly lose: (store: Store, note: StreamNote, from: bigint, to: bigint) => Promise<void>;
};

/** What a redrive over receipts that share documents does on any store. */
export function receiptLaws(name: string, start: () => Promise<Started>): void {
  describe(`redrive over ${name}, of records that turn out duplicates`, () => {
    test("each shows the fact, forwards and back, and so it does when its receipt was lost and repaired", async () => {
      const { open, lose } = await start();
      const store = await open();
      const log = await failed(store, HEAVY);
      const plan = made(await planOf(store, SET, {}, 2));
      await run(store, SET, plan);
      const again = made(await planOf(store, SET, {}, 2));
      expect(again.dryRun).toMatchObject({ passed: 0, duplicates: HEAVY });
      await run(store, SET, again);
      expect(await reportOf(store.reads, again)).toMatchObject({ handled: HEAVY + 1, stored: 0, duplicates: HEAVY });
      expect((await store.reads.tally()).receipts).toBe(HEAVY);

      const [source = fail()] = plan.streams;
      const [stored, twice] = [plan, again].map(({ id }) => redriveStreamId({ plan: id, source: source.number }));
      const note = (await store.reads.streamNotes()).find(({ stream }) => stream === twice) ?? fail();
      const expectShown = async (): Promise<void> => {
        const lookup = createLookup(store.reads);
        const deps = { reads: store.reads, lookup, places: openPlaces(store.reads) };
        const lineage = openLineage({ reads: store.reads, lookup });
        for (const offset of LOOKED_AT) {
          const forwards = await lineageOf(deps, source.stream, offset);
          expect(forwards.map(({ plan: by, outcome }) => [by, outcome])).toEqual([
            [plan.id, "stored"],
            [again.id, "duplicate"],
          ]);
          const [first, second] = forwards;
          expect(second?.factId).toBe(first?.factId);
          const back = await originOf(deps, second?.position ?? fail());
          expect(back).toMatchObject({ plan: again.id, position: { stream: source.stream, offset }, code: "schema" });
          const [row = fail()] = await lookup.rows(twice ?? "", offset, offset + 1n);
          expect([row.kind, (await lineage.ofRow(row)).fact]).toMatchObject([
            "receipt",
            { stream: stored, offset: Number(offset) },
          ]);
        }
      };
      await expectShown();
      expect(await findings(store, log)).toEqual([]);

      await lose(store, note, FROM, TO);
      expect((await store.reads.tally()).receipts).toBe(HEAVY - 256);
      const found = await findings(store, log);
      expect(found[0]).toMatch(/^ROW_MISSING 256 /);
      const options = { replace: null, signal: NEVER };
      const restored = { validated: 0, failed: 0, receipts: 256 };
      expect(await repairStore(store, { ...options, dryRun: true })).toMatchObject({
        restored,
        changed: [],
        faults: [],
      });
      expect(await repairStore(store, { ...options, dryRun: false })).toMatchObject({
        restored,
        changed: [],
        faults: [],
      });
      expect((await store.reads.tally()).receipts).toBe(HEAVY);
      await expectShown();
      expect(await findings(store, log)).toEqual([]);
    });
  });
}

function fail(): never {
  throw new Error("it is not there");
}
