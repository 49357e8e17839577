import { describe, expect, test } from "vitest";
import { audit } from "../../src/audit/audit.ts";
import { auditBothWays, judgesOver } from "../audit/apart.ts";
import type { AuditReport } from "../../src/audit/report.ts";
import { reparse } from "../../src/core/payload.ts";
import { completeErasures, eraseRecords, type EraseReport } from "../../src/erase/erase.ts";
import { selectRecords, type Plan } from "../../src/erase/select.ts";
import type { Selection } from "../../src/erase/selection.ts";
import { createLookup } from "../../src/gateway/lookup.ts";
import { redoTail } from "../../src/gateway/redo.ts";
import { evidenceOf } from "../../src/ledger/evidence.ts";
import { packEvidence } from "../../src/ledger/packed.ts";
import { wasErased } from "../../src/gateway/decided.ts";
import { repairStore } from "../../src/repair/repair.ts";
import type { EmbeddedLog } from "../../src/source/embedded/log.ts";
import type { Store } from "../../src/store/store.ts";
import { breakingAfter } from "./breaking-store.ts";
import { ask, openLog, parcel, send, settle, TOPIC, V2 } from "../rejudge/what-if-laws.ts";

/** A store on its real backend, and what a person with access to it sees. */
export type EraseBackend = {
  readonly store: Store;
  /** Every byte that the store keeps of records, as one text. */
  readonly everything: () => Promise<string>;
};

const SIGNAL = new AbortController().signal;
const OPERATOR = { actor: "somebody", at: "2026-01-01T00:00:00.000Z", reason: "it was asked for" };

const AUDIT = { tailMayBeIncomplete: false, findingsMax: 20, signal: SIGNAL };

/** What must be nowhere afterwards. */
const SECRET = "kg-4242-secret";

async function auditOf(store: Store, source?: EmbeddedLog): Promise<AuditReport> {
  return auditBothWays(store.reads, source === undefined ? AUDIT : { ...AUDIT, source });
}

async function findings(store: Store, source?: EmbeddedLog): Promise<readonly string[]> {
  return (await auditOf(store, source)).findings.map(({ code, message }) => `${code} ${message}`);
}

async function streamOf(store: Store): Promise<string> {
  return (await store.reads.streamNotes()).find(({ topic }) => topic === TOPIC)?.stream ?? "";
}

async function positions(store: Store, ...offsets: readonly number[]): Promise<Selection> {
  const ranges = offsets.map((offset) => ({ from: BigInt(offset), to: BigInt(offset + 1) }));
  return { kind: "positions", places: [{ stream: await streamOf(store), ranges }] };
}

function identity(id: string): Selection {
  const parsed = reparse(JSON.stringify({ id }));
  if (!parsed.ok) throw new Error("no identity");
  return { kind: "identity", subject: "parcel", identity: parsed };
}

async function plan(store: Store, selection: Selection): Promise<Plan> {
  const planned = await selectRecords(store.reads, selection, { signal: SIGNAL });
  if (planned === null) throw new Error("too many");
  return planned;
}

async function erase(store: Store, log: EmbeddedLog | null, selection: Selection): Promise<EraseReport> {
  const { entries } = await plan(store, selection);
  return eraseRecords({ store, log }, entries, { operator: OPERATOR, signal: SIGNAL });
}

export function eraseLaws(name: string, open: () => Promise<EraseBackend>): void {
  describe(`erasing records of ${name}`, () => {
    test("leaves nothing of them in evidence, documents and log, and the audit names it and finds nothing", async () => {
      const { store, everything } = await open();
      const log = openLog();
      await send(log, [
        { text: '{"id":"a","kg":1}' },
        { text: `{"id":"${SECRET}","kg":2}`, headers: [["who", Buffer.from(SECRET)]] },
        { text: '{"id":"c","kg":3}' },
        { text: `{"id":"d","kg":"${SECRET}"}` },
        { text: '{"id":"e","kg":5}' },
      ]);
      await settle(log, store);
      expect(await everything()).toContain(SECRET);
      const report = await erase(store, log, await positions(store, 1, 3));
      expect(report).toEqual({ records: 2, isComplete: true, isLogErased: true, faults: [] });
      expect(await everything()).not.toContain(SECRET);
      expect(await findings(store, log)).toEqual([]);
      expect((await auditOf(store)).erasures).toEqual([
        { stream: await streamOf(store), records: 2, at: OPERATOR.at, actor: "somebody", reason: "it was asked for" },
      ]);
    });

    test("by identity takes the fact, what repeats and contradicts it, and failures that carry it", async () => {
      const { store, everything } = await open();
      const log = openLog();
      await send(log, [
        parcel("a", 1),
        parcel(SECRET, 2),
        parcel(SECRET, 2),
        parcel(SECRET, 3),
        { text: `{"id":"${SECRET}","kg":"heavy"}` },
        parcel("b", 3),
      ]);
      await settle(log, store);
      const planned = await plan(store, identity(SECRET));
      expect(planned.streams.map(({ counts }) => counts)).toEqual([
        { facts: 1, duplicates: 1, conflicts: 1, failures: 1 },
      ]);
      expect(planned).toMatchObject({ records: 4, erasedBefore: 0, withoutEvidence: 0, faults: [] });
      await erase(store, log, identity(SECRET));
      expect(await everything()).not.toContain(SECRET);
      expect(await findings(store, log)).toEqual([]);
      expect(await store.reads.tally()).toEqual({ validated: 3, failed: 2, receipts: 1 });
      // Of a failure that was erased nobody can tell whose it was.
      expect(await plan(store, identity(SECRET))).toMatchObject({ records: 0, erasedBefore: 3 });
    });

    test("what an entry says of its records is told on, and none of their bytes", async () => {
      const { store } = await open();
      const log = openLog();
      const texts = [parcel("a", 1), parcel("a", 1), parcel("a", 2), { text: "{broken" }, parcel("b", 2)];
      await send(log, texts);
      await settle(log, store);
      const before = await createLookup(store.reads).rows(await streamOf(store), 0n, 5n);
      const lookup = createLookup(store.reads);
      // It has the entry at hand.
      await lookup.rows(await streamOf(store), 0n, 5n);
      await erase(store, log, await positions(store, 0, 1, 2, 3));
      const rows = await lookup.rows(await streamOf(store), 0n, 5n);
      expect(rows.map((row) => [row.kind, row.raw === null, wasErased(row)])).toEqual([
        ["erased", true, true],
        ["receipt", true, true],
        ["failed", true, true],
        ["failed", true, true],
        ["validated", false, false],
      ]);
      const groups = (all: typeof rows): unknown =>
        all.map((row) => (row.kind === "failed" ? row.fingerprint : row.id));
      expect(groups(rows)).toEqual(groups(before));
    });

    test("the same record again is a duplicate, and other content under its identity a conflict", async () => {
      const { store } = await open();
      const log = openLog();
      await send(log, [parcel("a", 1), parcel("b", 2)]);
      await settle(log, store);
      await erase(store, log, identity("a"));
      await send(log, [parcel("a", 1), parcel("a", 7)]);
      await settle(log, store);
      expect(await store.reads.tally()).toEqual({ validated: 2, failed: 1, receipts: 1 });
      expect(await findings(store, log)).toEqual([]);
    });

    test("by filter takes what is true of all that is asked", async () => {
      const { store } = await open();
      const at = { ms: 1_000 };
      const log = openLog(at);
      await send(log, [parcel("a", 1), parcel("b", 2), { text: '{"id":"c","kg":"heavy"}' }]);
      await settle(log, store);
      at.ms = 5_000;
      await send(log, [parcel("d", 2), parcel("e", 3)]);
      await send(log, [parcel("f", 2)], "letters");
      await settle(log, store);
      const filter = { kind: "filter", topic: null, code: null, fromMs: null, toMs: null, where: [] } as const;
      const count = async (given: Partial<Extract<Selection, { kind: "filter" }>>): Promise<number> =>
        (await plan(store, { ...filter, ...given })).records;
      expect(await count({})).toBe(6);
      expect(await count({ topic: TOPIC })).toBe(5);
      expect(await count({ where: [{ pointer: "/kg", text: "2" }] })).toBe(3);
      expect(await count({ where: [{ pointer: "/kg", text: "2" }], topic: TOPIC, fromMs: 5_000 })).toBe(1);
      expect(await count({ where: [{ pointer: "/id", text: "a" }] })).toBe(1);
      expect(await count({ where: [{ pointer: "/kg", text: "heavy" }] })).toBe(1);
      expect(await count({ code: "schema" })).toBe(1);
      expect(await count({ toMs: 5_000 })).toBe(3);
      expect(await count({ code: "conflict" })).toBe(0);
    });

    test("one after the other erases more of the same entry", async () => {
      const { store, everything } = await open();
      const log = openLog();
      await send(log, [parcel("a", 1), parcel(SECRET, 2), parcel("c", 3)]);
      await settle(log, store);
      await erase(store, log, await positions(store, 0));
      await erase(store, log, await positions(store, 1));
      expect(await everything()).not.toContain(SECRET);
      expect(await findings(store, log)).toEqual([]);
      expect((await auditOf(store)).erasures.map(({ records }) => records)).toEqual([2]);
      // What is erased is not erased again.
      const actions = (await store.reads.operatorLog(0, 100)).length;
      expect(await erase(store, log, await positions(store, 0, 1))).toMatchObject({ records: 0, isComplete: true });
      expect(await store.reads.operatorLog(0, 100)).toHaveLength(actions);
    });

    test("ended after any of its writes it is named by the audit, and completed by doing it again", async () => {
      for (let writes = 0; ; writes += 1) {
        const { store, everything } = await open();
        const log = openLog();
        await send(log, [parcel("a", 1), parcel(SECRET, 2), { text: `{"id":"${SECRET}","kg":"x"}` }, parcel("c", 3)]);
        await settle(log, store);
        const breaking = breakingAfter(store, writes);
        const done = await erase(breaking, log, identity(SECRET)).then(
          () => true,
          () => false,
        );
        const announced = (await store.reads.operatorLog(0, 10)).length > 0;
        const told = (await auditOf(store, log)).findings.map(({ code }) => code);
        expect(told).toEqual(announced && !done ? ["ERASURE_INCOMPLETE"] : []);
        const report = await completeErasures({ store, log }, { operator: OPERATOR, signal: SIGNAL });
        expect(report).toMatchObject({ isComplete: true, faults: [] });
        expect(await findings(store, log)).toEqual([]);
        if (announced) expect(await everything()).not.toContain(SECRET);
        if (done) break;
      }
    });

    test("is followed by whoever reads entries: a repair brings back tombstones, a what-if judges the others", async () => {
      const { store, everything } = await open();
      const log = openLog();
      await send(log, [parcel("a", 1), parcel(SECRET, 2), { text: `{"id":"${SECRET}","kg":"x"}` }, parcel("c", 30)]);
      await settle(log, store);
      await erase(store, log, identity(SECRET));
      const note = (await store.reads.streamNotes()).find(({ topic }) => topic === TOPIC);
      if (note === undefined) throw new Error("no stream");
      for await (const page of store.reads.documentPlaces())
        for (const { kind, id, offset } of page)
          await store.removeDocuments("parcels", note, kind, [{ id, offset: offset ?? -1n }]);
      const repaired = await repairStore(store, { replace: null, dryRun: false, signal: SIGNAL });
      expect(repaired).toMatchObject({ restored: { validated: 3, failed: 1, receipts: 0 }, faults: [] });
      expect(await everything()).not.toContain(SECRET);
      expect(await findings(store, log)).toEqual([]);
      const report = await ask(store, V2);
      expect(report.coverage.notRedecided).toMatchObject({ bytesNotKept: 2 });
      expect(report.flips.counts).toMatchObject({ passToPass: 1, passToFail: 1 });
    });

    test("a gateway goes on behind it, and what it decides is whole", async () => {
      const { store } = await open();
      const log = openLog();
      await send(log, [parcel("a", 1)]);
      await settle(log, store);
      await erase(store, log, identity("a"));
      await send(log, [parcel("b", 1), parcel("a", 1)]);
      await settle(log, store);
      await erase(store, log, identity("b"));
      expect(await findings(store, log)).toEqual([]);
      expect(await store.reads.tally()).toEqual({ validated: 2, failed: 0, receipts: 1 });
      const kinds = (await store.reads.ledger(await streamOf(store), 0, 10)).map(
        ({ kind, count }) => `${kind} ${count}`,
      );
      expect(kinds).toEqual(["INIT 0", "BATCH 1", "BATCH 0", "BATCH 2", "BATCH 0"]);
    });

    test.each(["by itself", "with entries judged apart"])(
      "while an audit walks %s is no finding of it",
      async (way) => {
        const { store } = await open();
        const log = openLog();
        await send(log, [parcel("a", 1), parcel("b", 2)]);
        await settle(log, store);
        // Streams are asked for when the operator log is read.
        const streams = async (): Promise<readonly string[]> => {
          await erase(store, log, identity("a"));
          return store.reads.streams();
        };
        const apart = way === "by itself" ? {} : { judges: await judgesOver(store.reads) };
        const report = await audit({ ...store.reads, streams }, { ...AUDIT, ...apart });
        expect(report.findings).toEqual([]);
      },
    );

    test("a gateway that had read the last entry before takes the stream up again", async () => {
      const { store } = await open();
      const log = openLog();
      await send(log, [parcel("a", 1)]);
      await settle(log, store);
      const [stream] = await log.streams();
      const tail = stream === undefined ? null : await store.tail(stream.id);
      if (stream === undefined || tail === null) throw new Error("nothing was decided");
      await erase(store, log, identity("a"));
      expect((await redoTail(store, stream, tail)).kind).toBe("lost");
    });

    test("that nobody announced is found, and so is a record that is there again", async () => {
      const { store } = await open();
      const log = openLog();
      await send(log, [parcel("a", 1), parcel("b", 2), parcel("c", 3)]);
      await settle(log, store);
      const stream = await streamOf(store);
      const whole = (await store.evidenceOf(stream, 1)) ?? Buffer.alloc(0);
      await erase(store, log, await positions(store, 0));
      const erased = (await store.evidenceOf(stream, 1)) ?? Buffer.alloc(0);
      // The evidence of before is put back.
      await store.replaceEvidence(stream, 1, erased, whole);
      expect((await auditOf(store)).findings.map(({ code }) => code)).toContain("ERASURE");
      await store.replaceEvidence(stream, 1, whole, erased);
      expect(await findings(store)).toEqual([]);
      // Other evidence, as if more were erased.
      const other = packEvidence(evidenceOf({ topic: TOPIC, partition: 0, from: 0n }, []));
      await store.replaceEvidence(stream, 1, erased, other);
      expect((await auditOf(store)).findings.map(({ code }) => code)).toContain("EVIDENCE");
      await store.replaceEvidence(stream, 1, other, erased);
      // A fact is put back, and another one taken.
      const [a, b] = await createLookup(store.reads).rows(stream, 0n, 2n);
      const note = (await store.reads.streamNotes()).find((one) => one.stream === stream);
      if (a?.kind !== "erased" || b?.kind !== "validated" || note === undefined) throw new Error("other rows");
      const put = async (row: typeof a | typeof b): Promise<void> => {
        const staged = store.stageFacts(note);
        staged.add(row);
        await store.replaceFacts("parcels", staged);
        staged.release();
      };
      await put({ ...b, id: a.id, position: a.position });
      expect((await auditOf(store)).findings.map(({ code, offset }) => `${code} ${offset}`)).toEqual(["ROW_DIFFERS 0"]);
      await put(a);
      await put({ ...a, id: b.id, position: b.position });
      expect((await auditOf(store)).findings.map(({ code, offset }) => `${code} ${offset}`)).toEqual(["ROW_DIFFERS 1"]);
    });
  });
}
