import { describe, expect, test } from "vitest";
import { completeErasures, eraseRecords } from "../../src/erase/erase.ts";
import { selectRecords } from "../../src/erase/select.ts";
import { createRecordsAt } from "../../src/failures/redrive/records.ts";
import { createLookup } from "../../src/gateway/lookup.ts";
import { followFloors } from "../../src/operator/floors.ts";
import { repairStore } from "../../src/repair/repair.ts";
import { completeRetention } from "../../src/retain/run.ts";
import type { Store } from "../../src/store/store.ts";
import { ask, send, settle, V2 } from "../rejudge/what-if-laws.ts";
import { breakingAfter } from "./breaking-store.ts";
import { auditOf, batch, DAY_MS, days, findings, noteOf, OPERATOR, plan, retain, SIGNAL, START_MS } from "./days.ts";

/** Seqs of the entries whose evidence is there. */
async function withEvidence(store: Store): Promise<readonly number[]> {
  const { stream } = await noteOf(store);
  const entries = (await store.reads.ledger(stream, 0, 100)).filter(({ count }) => count > 0);
  const kept = await Promise.all(entries.map(async ({ seq }) => store.reads.evidenceAt(stream, seq)));
  return entries.filter((_, at) => kept[at] !== null).map(({ seq }) => seq);
}

export function evidenceLaws(name: string, open: () => Promise<Store>): void {
  describe(`retention of evidence on ${name}`, () => {
    test("takes evidence that is too old and keeps entries and documents; the audit counts them and finds nothing", async () => {
      const store = await open();
      const { log } = await days(store, 4);
      const before = await auditOf(store);
      const report = await retain(store, { evidence: 2 }, 3.5);
      expect(report).toEqual({ announced: 10, evidence: 10, removed: 10, isComplete: true, faults: [] });
      expect(await withEvidence(store)).toEqual([3, 4]);
      expect(await store.reads.tally()).toEqual({ validated: 4, failed: 12, receipts: 4 });
      const audited = await auditOf(store);
      expect(audited.findings).toEqual([]);
      expect(audited).toMatchObject({ records: 20, validated: 4, failed: 12, duplicates: 4, withoutEvidence: 10 });
      expect(audited.streams).toEqual(before.streams);
      expect(audited.retention).toMatchObject([{ kind: "evidence", collection: "", seq: 3, offset: 10n, removed: 10 }]);
      await send(log, batch("day-0"));
      await settle(log, store);
      // Facts stay, so what is sent again is a duplicate still.
      expect(await store.reads.tally()).toEqual({ validated: 4, failed: 15, receipts: 6 });
      expect(await findings(store)).toEqual([]);
      expect(await retain(store, { evidence: 2 }, 3.5)).toMatchObject({ announced: 0, removed: 0 });
    });

    test("takes of the last entry of a quiet stream only behind an empty one, from which a gateway goes on", async () => {
      const store = await open();
      const { log } = await days(store, 1);
      await retain(store, { evidence: 1, failed: 1, receipts: 1 }, 9);
      expect(await withEvidence(store)).toEqual([]);
      expect(await store.reads.tally()).toEqual({ validated: 1, failed: 0, receipts: 0 });
      await send(log, batch("again"));
      await settle(log, store);
      expect(await withEvidence(store)).toEqual([3]);
      expect(await findings(store)).toEqual([]);
    });

    test("ended after any of its writes it is completed by whoever goes on", async () => {
      for (let writes = 0; ; writes += 1) {
        const store = await open();
        await days(store, 3);
        const done = await retain(breakingAfter(store, writes), { evidence: 1, failed: 1 }, 2.5).then(
          () => true,
          () => false,
        );
        expect(await findings(store)).toEqual([]);
        expect(await completeRetention(store, { operator: OPERATOR, signal: SIGNAL })).toMatchObject({
          isComplete: true,
          faults: [],
        });
        const announced = (await followFloors(store.reads)()).all().map(({ kind }) => kind);
        expect(await withEvidence(store)).toEqual(announced.includes("evidence") ? [3] : [1, 2, 3]);
        expect(await findings(store)).toEqual([]);
        if (done) break;
      }
    });

    test("evidence that is missing above the floor is found, and so is some that is there below it", async () => {
      const store = await open();
      await days(store, 3);
      const { stream } = await noteOf(store);
      await retain(store, { evidence: 1 }, 2.5);
      await store.dropEvidence(stream, 3);
      expect((await auditOf(store)).findings.map(({ code, seq }) => [code, seq])).toEqual([["EVIDENCE", 3]]);
      const other = await open();
      await days(other, 3);
      // As if the last word were there, and the deletion never came.
      await retain({ ...other, dropEvidence: async () => undefined }, { evidence: 1 }, 2.5);
      expect((await auditOf(other)).findings.map(({ code, seq }) => [code, seq])).toEqual([
        ["RETENTION_LEFT", 1],
        ["RETENTION_LEFT", 2],
      ]);
    });

    test("a failure, a receipt or a fact that is missing where there is no evidence is found", async () => {
      const store = await open();
      await days(store, 3);
      const note = await noteOf(store);
      const [fact] = await createLookup(store.reads).rows(note.stream, 0n, 1n);
      await retain(store, { evidence: 1 }, 2.5);
      const codes = async (): Promise<readonly string[]> =>
        (await auditOf(store)).findings.map(({ code, seq, message }) => `${code} ${seq} ${message}`);
      await store.removeDocuments("parcels", note, "receipt", [{ id: "", offset: 1n }]);
      expect(await codes()).toEqual([
        "TOTALS null the ledger accounts for 3 validated, 9 failed, 3 receipts; stored are 3, 9 and 2",
      ]);
      await store.removeDocuments("parcels", note, "validated", [{ id: fact?.id ?? "", offset: 0n }]);
      expect(await codes()).toEqual([
        "TOTALS null the ledger accounts for 3 validated, 9 failed, 3 receipts; stored are 2, 9 and 2",
      ]);
      await store.removeDocuments("parcels", note, "failed", [{ id: "", offset: 3n }]);
      expect((await codes())[0]).toBe("ROW_MISSING 1 1 of its 3 failures are not stored");
    });

    test("what is announced of failures and receipts is compared with the ledger where there is no evidence, too", async () => {
      const store = await open();
      await days(store, 4);
      await retain(store, { evidence: 1 }, 3.5);
      await retain(store, { failed: 2, receipts: 2 }, 3.5);
      expect(await findings(store)).toEqual([]);
      const forged = async (from: string, to: string): Promise<readonly string[]> => {
        const reads: Store["reads"] = {
          ...store.reads,
          operatorLog: async (...asked) =>
            (await store.reads.operatorLog(...asked)).map((one) => {
              return { ...one, detail: one.detail.replace(from, to) };
            }),
        };
        const found = (await auditOf({ ...store, reads })).findings;
        return found.filter(({ code }) => code === "RETENTION").map(({ message }) => message);
      };
      expect(await forged("removes 6", "removes 5")).toEqual([
        expect.stringMatching(/^action \d takes away what is before entry 3: 5 documents, and the ledger has 6$/),
      ]);
      expect(await forged("removes 15", "removes 16")).toEqual([
        expect.stringMatching(/^action \d takes away what is before entry 4: 16 records, and the ledger has 15$/),
      ]);
    });

    test("nothing that needs evidence takes what retention took for damage", async () => {
      const store = await open();
      await days(store, 3);
      const note = await noteOf(store);
      await retain(store, { evidence: 1 }, 2.5);
      expect(await createLookup(store.reads).rows(note.stream, 0n, 5n)).toEqual([]);
      expect((await createRecordsAt(store.reads)(note, [2n, 12n], 1_000)).missing).toEqual([
        { offset: 2n, reason: "evidence-outdated" },
      ]);
      const repaired = await repairStore(store, { replace: null, dryRun: false, signal: SIGNAL });
      expect(repaired).toMatchObject({ faults: [], changed: [], withoutEvidence: 10 });
      const places = [{ stream: note.stream, ranges: [{ from: 0n, to: 15n }] }];
      const selected = await selectRecords(store.reads, { kind: "positions", places }, { signal: SIGNAL });
      expect(selected).toMatchObject({ records: 5, withoutEvidence: 10, faults: [] });
      const { coverage } = await ask(store, V2);
      expect(coverage).toMatchObject({ decided: 15, notRedecided: { bytesNotKept: 10, notStored: 0 } });
      expect(await findings(store)).toEqual([]);
    });

    test("evidence stays while records of it are being erased, and none of it is erased while it goes", async () => {
      const store = await open();
      const { log, at } = await days(store, 3);
      const note = await noteOf(store);
      const operator = { ...OPERATOR, reason: "asked for" };
      const planned = [{ note, seq: 1, ranges: [{ from: 0n, to: 1n }] }];
      const replaceEvidence = async (): Promise<never> => {
        throw new Error("gone in the middle");
      };
      await eraseRecords({ store: { ...store, replaceEvidence }, log: null }, planned, {
        operator,
        signal: SIGNAL,
      }).catch(() => undefined);
      expect((await plan(store, { evidence: 1 }, 2.5)).faults).toEqual([
        "Entry 1 of parcels/0 has records whose erasure is not complete; run sigma erase --resume, then again",
      ]);
      await completeErasures({ store, log: null }, { operator, signal: SIGNAL });
      expect(await retain(store, { evidence: 1 }, 2.5)).toMatchObject({ evidence: 10, faults: [] });
      expect(await findings(store)).toEqual([]);
      // Whoever planned before, and erases behind it, is told.
      at.ms = START_MS + 3 * DAY_MS;
      await send(log, batch("more"));
      await settle(log, store);
      const before = evidenceBefore(store, await evidenceOf(store, 3));
      const opened = { ...store, evidenceOf: before, reads: { ...store.reads, evidenceAt: before } };
      await retain(store, { evidence: 1 }, 3.6);
      const late = [{ note, seq: 3, ranges: [{ from: 10n, to: 11n }] }];
      const report = await eraseRecords({ store: opened, log: null }, late, { operator, signal: SIGNAL });
      expect(report).toMatchObject({ records: 0, isComplete: true });
      expect(report.faults).toEqual(["Entry 3 of parcels/0: retention takes its evidence"]);
      expect(await findings(store)).toEqual([]);
    });
  });
}

async function evidenceOf(store: Store, seq: number): Promise<Uint8Array | null> {
  return store.reads.evidenceAt((await noteOf(store)).stream, seq);
}

/** Reads that see the evidence of entry 3 as it was. */
function evidenceBefore({ reads }: Store, packed: Uint8Array | null): Store["reads"]["evidenceAt"] {
  return async (stream, seq) => (seq === 3 ? packed : reads.evidenceAt(stream, seq));
}
