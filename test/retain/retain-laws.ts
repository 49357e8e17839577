import { describe, expect, test } from "vitest";
import { auditBothWays } from "../audit/apart.ts";
import { eraseRecords } from "../../src/erase/erase.ts";
import { createLookup } from "../../src/gateway/lookup.ts";
import { followFloors } from "../../src/operator/floors.ts";
import { repairStore } from "../../src/repair/repair.ts";
import { completeRetention, sweep } from "../../src/retain/run.ts";
import type { Store } from "../../src/store/store.ts";
import { openLog, parcel, send, settle } from "../rejudge/what-if-laws.ts";
import { blockLaws } from "./block-laws.ts";
import { breakingAfter } from "./breaking-store.ts";
import { auditOf, batch, DAY_MS, days, findings, noteOf, OPERATOR, plan, retain, SIGNAL, START_MS } from "./days.ts";
import { evidenceLaws } from "./evidence-laws.ts";
import { factsLaws } from "./facts-laws.ts";

async function counted(store: Store): Promise<number> {
  return (await store.reads.groupCounters()).reduce((sum, { count }) => sum + count, 0);
}

export function retainLaws(name: string, open: () => Promise<Store>): void {
  blockLaws(name, open);
  evidenceLaws(name, open);
  factsLaws(name, open);
  describe(`retention on ${name}`, () => {
    test("takes failures that are too old, keeps them counted, and the audit says so and finds nothing", async () => {
      const store = await open();
      await days(store, 4);
      const report = await retain(store, { failed: 2 }, 3.5);
      expect(report).toEqual({ announced: 6, evidence: 0, removed: 6, isComplete: true, faults: [] });
      expect(await store.reads.tally()).toEqual({ validated: 4, failed: 6, receipts: 4 });
      expect(await counted(store)).toBe(12);
      const audited = await auditOf(store);
      expect(audited.findings).toEqual([]);
      expect(audited).toMatchObject({ records: 20, validated: 4, failed: 12, duplicates: 4 });
      expect(audited.retention).toEqual([
        {
          stream: (await noteOf(store)).stream,
          kind: "failed",
          collection: "parcels",
          seq: 3,
          offset: 10n,
          removed: 6,
          ...OPERATOR,
          reason: "failed 2d: recorded before 2023-11-16T10:13:20.000Z",
          isDone: true,
        },
      ]);
      // Again there is nothing to do, and nothing is announced.
      const actions = (await store.reads.operatorLog(0, 100)).length;
      expect(await retain(store, { failed: 2 }, 3.5)).toMatchObject({ announced: 0, removed: 0 });
      expect(await store.reads.operatorLog(0, 100)).toHaveLength(actions);
    });

    test("takes receipts, and goes on from where it was", async () => {
      const store = await open();
      const { log, at } = await days(store, 3);
      await retain(store, { receipts: 1, failed: 2 }, 2.5);
      expect(await store.reads.tally()).toEqual({ validated: 3, failed: 6, receipts: 1 });
      expect(await findings(store)).toEqual([]);
      at.ms = START_MS + 3 * DAY_MS;
      await send(log, [...batch("day-3"), parcel("day-0", 1)]);
      await settle(log, store);
      // What is taken is a duplicate still: facts stay.
      expect(await store.reads.tally()).toEqual({ validated: 4, failed: 9, receipts: 3 });
      await retain(store, { receipts: 1, failed: 2 }, 4.5);
      expect(await store.reads.tally()).toEqual({ validated: 4, failed: 3, receipts: 0 });
      expect(await counted(store)).toBe(12);
      expect(await findings(store)).toEqual([]);
    });

    test("takes of the last entry of a quiet stream too, and a gateway goes on behind it", async () => {
      const store = await open();
      const { log } = await days(store, 1);
      expect((await plan(store, { failed: 1 }, 9)).removed).toBe(3);
      await retain(store, { failed: 1 }, 9);
      expect(await store.reads.tally()).toMatchObject({ failed: 0 });
      await send(log, [parcel("b", 1), { text: "{broken" }]);
      await settle(log, store);
      expect(await store.reads.tally()).toMatchObject({ validated: 2, failed: 1 });
      expect(await findings(store)).toEqual([]);
    });

    test("believes no time in the future, and takes nothing before it is too old", async () => {
      const store = await open();
      const at = { ms: START_MS };
      const log = openLog(at);
      for (const day of [0, 900, 1, 5]) {
        at.ms = START_MS + day * DAY_MS;
        await send(log, [{ text: `{broken ${day}` }]);
        await settle(log, store);
      }
      expect((await plan(store, { failed: 2 }, 1.5)).removed).toBe(0);
      expect((await plan(store, { failed: 2 }, 2.5)).removed).toBe(1);
      // The one of the future was sent between the first day and the second.
      expect((await plan(store, { failed: 2 }, 4)).removed).toBe(3);
      await retain(store, { failed: 2 }, 4);
      expect(await findings(store)).toEqual([]);
    });

    test("is remembered by a repair, by a recount and by an erasure, none of which brings anything back", async () => {
      const store = await open();
      await days(store, 4);
      await retain(store, { failed: 2, receipts: 2 }, 3.5);
      const note = await noteOf(store);
      await store.removeDocuments("parcels", note, "failed", [{ id: "", offset: 13n }]);
      expect(await findings(store)).not.toEqual([]);
      const repaired = await repairStore(store, { replace: null, dryRun: false, signal: SIGNAL });
      expect(repaired).toMatchObject({ restored: { validated: 0, failed: 1, receipts: 0 }, changed: [], faults: [] });
      expect(await counted(store)).toBe(12);
      expect(await findings(store)).toEqual([]);
      const ranges = [{ from: 0n, to: 20n }];
      const entries = (await store.reads.ledger(note.stream, 1, 3)).map(({ seq, from, to }) => {
        return { note, seq, ranges: ranges.map(() => ({ from, to })) };
      });
      const operator = { ...OPERATOR, reason: "asked for" };
      await eraseRecords({ store, log: null }, entries, { operator, signal: SIGNAL });
      expect(await store.reads.tally()).toEqual({ validated: 4, failed: 6, receipts: 2 });
      expect(await findings(store)).toEqual([]);
    });

    test("what a position came to is told on, as long as there is evidence", async () => {
      const store = await open();
      await days(store, 2);
      await retain(store, { failed: 0, receipts: 0 }, 2);
      const rows = await createLookup(store.reads).rows((await noteOf(store)).stream, 0n, 5n);
      expect(rows.map(({ kind }) => kind)).toEqual(["validated", "receipt", "failed", "failed", "failed"]);
    });

    test("ended after any of its writes it is completed by whoever goes on, and never more than was announced is gone", async () => {
      for (let writes = 0; ; writes += 1) {
        const store = await open();
        await days(store, 3);
        const breaking = breakingAfter(store, writes);
        const done = await retain(breaking, { failed: 1, receipts: 1 }, 2.5).then(
          () => true,
          () => false,
        );
        expect(await findings(store)).toEqual([]);
        const report = await completeRetention(store, { operator: OPERATOR, signal: SIGNAL });
        expect(report).toMatchObject({ isComplete: true, faults: [] });
        const book = await followFloors(store.reads)();
        const { failed, receipts } = await store.reads.tally();
        expect(failed + receipts).toBe(12 - book.all().reduce((sum, { removed }) => sum + removed, 0));
        expect(await findings(store)).toEqual([]);
        await retain(store, { failed: 1, receipts: 1 }, 2.5);
        expect(await store.reads.tally()).toEqual({ validated: 3, failed: 3, receipts: 1 });
        expect(await findings(store)).toEqual([]);
        if (done) break;
      }
    });

    test("two runs at a time take once", async () => {
      const store = await open();
      await days(store, 3);
      const [one, other] = await Promise.all([retain(store, { failed: 1 }, 2.5), retain(store, { failed: 1 }, 2.5)]);
      expect([one.announced, other.announced].toSorted((a, b) => a - b)).toEqual([0, 6]);
      expect(await store.reads.tally()).toMatchObject({ failed: 3 });
      expect(await findings(store)).toEqual([]);
    });

    test("leaves a stream alone that lacks a failure, and says what to do", async () => {
      const store = await open();
      await days(store, 3);
      await store.removeDocuments("parcels", await noteOf(store), "failed", [{ id: "", offset: 3n }]);
      const report = await retain(store, { failed: 1 }, 2.5);
      expect(report).toMatchObject({ announced: 0, removed: 0 });
      expect(report.faults).toEqual([
        "Of the 3 failures at offsets 2 to 4 of parcels/0, 1 are not stored; run sigma store repair, then again",
      ]);
      await repairStore(store, { replace: null, dryRun: false, signal: SIGNAL });
      expect(await retain(store, { failed: 1 }, 2.5)).toMatchObject({ announced: 6, faults: [] });
      expect(await findings(store)).toEqual([]);
    });

    test("a failure that is missing above the floor is found, and so is one that is there below it", async () => {
      const store = await open();
      await days(store, 3);
      const note = await noteOf(store);
      const early = await createLookup(store.reads).rows(note.stream, 4n, 5n);
      await retain(store, { failed: 1 }, 2.5);
      await store.removeDocuments("parcels", note, "failed", [{ id: "", offset: 14n }]);
      expect((await auditOf(store)).findings.map(({ code, offset }) => `${code} ${offset}`)).toEqual([
        "ROW_MISSING 14",
      ]);
      await repairStore(store, { replace: null, dryRun: false, signal: SIGNAL });
      const staged = store.stageFailed(note);
      for (const row of early) if (row.kind === "failed") staged.add(row);
      await store.insertFailed("parcels", staged);
      staged.release();
      expect((await auditOf(store)).findings.map(({ code, offset }) => `${code} ${offset}`)).toEqual([
        "RETENTION_LEFT 4",
      ]);
      expect(await sweep(store, { operator: OPERATOR, signal: SIGNAL })).toEqual({ faults: [] });
      expect(await findings(store)).toEqual([]);
    });

    test("that announces what the ledger has not is found", async () => {
      const store = await open();
      await days(store, 3);
      const forge = async (text: (detail: string) => string): Promise<readonly string[]> => {
        const actions: Parameters<Store["appendAction"]>[0][] = [];
        const plannedOnly: Store = {
          ...store,
          appendAction: async (action) => {
            actions.push(action);
            throw new Error("noted");
          },
        };
        await retain(plannedOnly, { failed: 1 }, 2.5).catch(() => undefined);
        const [first] = actions;
        if (first === undefined) throw new Error("nothing announced");
        const reads: Store["reads"] = {
          ...store.reads,
          operatorLog: async (from) => (from > 0 ? [] : [{ ...first, detail: text(first.detail) }]),
        };
        const report = await auditBothWays(reads, { tailMayBeIncomplete: false, findingsMax: 20, signal: SIGNAL });
        return report.findings.filter(({ code }) => code === "RETENTION").map(({ message }) => message);
      };
      expect(await forge((detail) => detail)).toEqual([]);
      expect(await forge((detail) => detail.replace("entry 3", "entry 9"))).toEqual([
        "action 0 takes away what is before entry 9, and the ledger has no such entry behind the one it names",
      ]);
      expect(await forge((detail) => detail.replace("removes 6", "removes 7"))).toEqual([
        "action 0 takes away what is before entry 3: 7 documents, and the ledger has 6",
      ]);
      expect(await forge((detail) => detail.replace(/=2$/, "=9"))).toEqual([
        expect.stringMatching(
          /^action 0 takes away what is before entry 3: 9 of group [0-9a-f]{32}, and the ledger has 2$/,
        ),
      ]);
      expect(await forge(() => "everything")).toEqual(["action 0 does not say what it takes away"]);
    });
  });
}
