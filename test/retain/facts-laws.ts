import { describe, expect, test } from "vitest";
import { eraseRecords } from "../../src/erase/erase.ts";
import { createLookup } from "../../src/gateway/lookup.ts";
import { repairStore } from "../../src/repair/repair.ts";
import { completeRetention } from "../../src/retain/run.ts";
import type { Store } from "../../src/store/store.ts";
import { parcel, send, settle } from "../rejudge/what-if-laws.ts";
import { breakingAfter } from "./breaking-store.ts";
import { auditOf, days, findings, noteOf, OPERATOR, plan, retain, SIGNAL } from "./days.ts";

/** For each day's fact whether its payload is there still, in the order of the days. */
async function payloads(store: Store, count: number): Promise<readonly boolean[]> {
  const { stream } = await noteOf(store);
  const offsets = Array.from({ length: count }, (_, day) => BigInt(day * 5));
  const entries = await Promise.all(offsets.map(async (offset) => idAt(store, stream, offset)));
  const holders = await store.reads.holders("parcels", entries);
  return entries.map((id) => holders.get(id)?.erased === undefined);
}

const known = new Map<string, string>();

/** The id of the fact of a day; remembered, because without evidence no position says it. */
async function idAt(store: Store, stream: string, offset: bigint): Promise<string> {
  const [row] = await createLookup(store.reads).rows(stream, offset, offset + 1n);
  const id = row?.id ?? known.get(`${stream} ${offset}`) ?? "";
  known.set(`${stream} ${offset}`, id);
  return id;
}

export function factsLaws(name: string, open: () => Promise<Store>): void {
  describe(`retention of facts on ${name}`, () => {
    test("a tombstone takes the place of a fact that is too old: a repeat is a duplicate still, other content a conflict", async () => {
      const store = await open();
      const { log } = await days(store, 4);
      const report = await retain(store, { facts: 2 }, 3.5);
      expect(report).toEqual({ announced: 2, evidence: 0, removed: 2, isComplete: true, faults: [] });
      expect(await payloads(store, 4)).toEqual([false, false, true, true]);
      const audited = await auditOf(store);
      expect(audited.findings).toEqual([]);
      expect(audited.retention).toMatchObject([{ kind: "facts", collection: "parcels", seq: 3, removed: 2 }]);
      await send(log, [parcel("day-0", 1), parcel("day-0", 9), parcel("day-3", 1)]);
      await settle(log, store);
      expect(await store.reads.tally()).toEqual({ validated: 4, failed: 13, receipts: 6 });
      expect(await findings(store)).toEqual([]);
      expect(await retain(store, { facts: 2 }, 3.5)).toMatchObject({ announced: 0, removed: 0 });
    });

    test("ended after any of its writes it is completed by whoever goes on, facts before the evidence that says them", async () => {
      for (let writes = 0; ; writes += 1) {
        const store = await open();
        await days(store, 3);
        const terms = { facts: 1, evidence: 1 };
        const done = await retain(breakingAfter(store, writes), terms, 2.5).then(
          () => true,
          () => false,
        );
        expect(await findings(store)).toEqual([]);
        const completed = await completeRetention(store, { operator: OPERATOR, signal: SIGNAL });
        expect(completed).toMatchObject({ isComplete: true, faults: [] });
        expect(await retain(store, terms, 2.5)).toMatchObject({ isComplete: true, faults: [] });
        const { retention, withoutEvidence, findings: found } = await auditOf(store);
        expect([retention.map(({ kind, seq }) => `${kind} ${seq}`), withoutEvidence, found]).toEqual([
          ["facts 3", "evidence 3"],
          10,
          [],
        ]);
        if (done) break;
      }
    });

    test("evidence stays as long as the facts that it says, and facts stay whose evidence is gone", async () => {
      const store = await open();
      await days(store, 4);
      expect((await plan(store, { facts: 3, evidence: 1 }, 3.5)).floors.map(({ kind, seq }) => [kind, seq])).toEqual([
        ["facts", 2],
        ["evidence", 2],
      ]);
      await retain(store, { evidence: 1 }, 3.5);
      const late = await plan(store, { facts: 1 }, 3.5);
      expect(late).toMatchObject({ floors: [], removed: 0 });
      expect(late.faults).toEqual([
        "Entry 1 of parcels/0 has facts that stay: its evidence, which says what they are, is gone",
      ]);
    });

    test("a repair brings back tombstones below the floor and facts above it; an erasure finds nothing to do below", async () => {
      const store = await open();
      await days(store, 3);
      const note = await noteOf(store);
      await payloads(store, 3);
      const ids = [...known].filter(([key]) => key.startsWith(note.stream)).map(([, id]) => ({ id, offset: 0n }));
      await retain(store, { facts: 1 }, 2.5);
      await store.removeDocuments("parcels", note, "validated", ids);
      const codes = (await auditOf(store)).findings.map(({ code, seq }) => `${code} ${seq}`);
      expect(codes.filter((code) => code.startsWith("ROW_MISSING"))).toEqual([
        "ROW_MISSING 1",
        "ROW_MISSING 2",
        "ROW_MISSING 3",
      ]);
      const repaired = await repairStore(store, { replace: null, dryRun: false, signal: SIGNAL });
      expect(repaired).toMatchObject({ restored: { validated: 3, failed: 0, receipts: 0 }, changed: [], faults: [] });
      expect(await payloads(store, 3)).toEqual([false, false, true]);
      expect(await findings(store)).toEqual([]);
      const again = await repairStore(store, {
        replace: { ...OPERATOR, reason: "all of it" },
        dryRun: false,
        signal: SIGNAL,
      });
      expect(again).toMatchObject({ replaced: 0, changed: [] });
      const ranges = [{ from: 0n, to: 5n }];
      await eraseRecords({ store, log: null }, [{ note, seq: 1, ranges }], {
        operator: { ...OPERATOR, reason: "asked for" },
        signal: SIGNAL,
      });
      expect(await findings(store)).toEqual([]);
    });

    test("a fact that is missing or was changed keeps its stream as it is, and one that is whole below the floor is found", async () => {
      const store = await open();
      await days(store, 3);
      const note = await noteOf(store);
      const [row] = await createLookup(store.reads).rows(note.stream, 0n, 1n);
      if (row?.kind !== "validated") throw new Error("no fact");
      await store.removeDocuments("parcels", note, "validated", [{ id: row.id, offset: 0n }]);
      const refused = await retain(store, { facts: 1, evidence: 1 }, 2.5);
      expect(refused).toMatchObject({ isComplete: false });
      expect(refused.faults).toEqual([
        "Of the 1 facts at offsets 0 to 0 of parcels/0, 1 are not stored or were changed; run sigma store repair, then again",
      ]);
      expect(await store.reads.evidenceAt(note.stream, 1)).not.toBeNull();
      await repairStore(store, { replace: null, dryRun: false, signal: SIGNAL });
      expect(await completeRetention(store, { operator: OPERATOR, signal: SIGNAL })).toMatchObject({
        isComplete: true,
      });
      expect(await findings(store)).toEqual([]);
      const other = await open();
      await days(other, 3);
      await retain({ ...other, replaceFacts: async () => undefined }, { facts: 1 }, 2.5);
      expect((await auditOf(other)).findings.map(({ code, offset }) => `${code} ${offset}`)).toEqual([
        "RETENTION_LEFT 0",
        "RETENTION_LEFT 5",
      ]);
    });

    test("two runs at a time take once", async () => {
      const store = await open();
      await days(store, 3);
      const [one, other] = await Promise.all([retain(store, { facts: 1 }, 2.5), retain(store, { facts: 1 }, 2.5)]);
      expect([one.announced, other.announced].toSorted((a, b) => a - b)).toEqual([0, 2]);
      expect([...one.faults, ...other.faults]).toEqual([]);
      expect(await payloads(store, 3)).toEqual([false, false, true]);
      expect(await findings(store)).toEqual([]);
    });
  });
}
