import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { NO_BYTES } from "../../src/gateway/decided.ts";
import type { ErasedFact, FailedRow, PassedRow, Store } from "../../src/store/store.ts";
import {
  failedRow,
  idOf,
  insertFacts,
  LAW_COLLECTION,
  ledgerEntry,
  NOTE,
  noteOf,
  STREAM,
  validatedRow,
} from "./rows.ts";
import type { StoreBackend } from "./store-laws.ts";

/** What is left of {@link validatedRow}. */
function erasedRow(name: string, offset: bigint): ErasedFact {
  const { position, timestampMs, contract, declaredBy, id } = validatedRow(name, offset);
  return { kind: "erased", id, position, timestampMs, ...NO_BYTES, contract, declaredBy, content: "d".repeat(64) };
}

async function replaceFacts(store: Store, rows: readonly PassedRow[]): Promise<void> {
  const staged = store.stageFacts(NOTE);
  rows.forEach(staged.add);
  await store.replaceFacts(LAW_COLLECTION, staged);
  staged.release();
}

async function differencesOf(store: Store, rows: readonly PassedRow[]): Promise<readonly string[]> {
  const staged = store.reads.stageFacts(NOTE);
  rows.forEach(staged.add);
  const found = await store.reads.compareFacts(LAW_COLLECTION, staged);
  staged.release();
  return [...found.values()].map(({ kind }) => kind);
}

/** What every store does where records are erased. */
export function erasePortLaws(name: string, start: () => Promise<StoreBackend>): void {
  describe(`${name} keeps the laws of erasures`, () => {
    test("other evidence takes the place of an entry's where nobody was first", async () => {
      const { open } = await start();
      const [one, other] = [await open(), await open()];
      const texts = ["before", "after", "later"].map((text) => Buffer.from(text));
      const [before, after, later] = texts as [Buffer, Buffer, Buffer];
      await one.insertLedger(ledgerEntry(0), before);
      expect(await other.replaceEvidence(STREAM, 0, after, later)).toBe("other");
      expect(await one.replaceEvidence(STREAM, 0, before, after)).toBe("replaced");
      expect(await other.replaceEvidence(STREAM, 0, before, later)).toBe("other");
      expect(await other.replaceEvidence(STREAM, 1, before, later)).toBe("other");
      await one.forgetReplaced(STREAM, 0);
      for (const store of [one, other])
        expect(Buffer.from((await store.evidenceOf(STREAM, 0)) ?? []).toString()).toBe("after");
      // What the entry says of itself is what it was.
      expect(await one.ledgerEntry(STREAM, 0)).toEqual(ledgerEntry(0));
      await one.dropEvidence(STREAM, 0);
      expect(await one.replaceEvidence(STREAM, 0, after, later)).toBe("other");
      expect(await one.evidenceOf(STREAM, 0)).toBeNull();
    });

    test("evidence that is long takes the place of evidence that is short, and the other way round", async () => {
      const { open } = await start();
      const store = await open();
      const [long, longer] = [randomBytes(9_000_000), randomBytes(17_000_000)];
      const short = Buffer.from("short");
      await store.insertLedger(ledgerEntry(0), short);
      for (const [from, to] of [
        [short, long],
        [long, longer],
        [longer, short],
      ] as const) {
        expect(await store.replaceEvidence(STREAM, 0, from, to)).toBe("replaced");
        expect(to.equals((await store.evidenceOf(STREAM, 0)) ?? Buffer.alloc(0))).toBe(true);
        await store.forgetReplaced(STREAM, 0);
        await store.forgetReplaced(STREAM, 0);
        expect(to.equals((await store.evidenceOf(STREAM, 0)) ?? Buffer.alloc(0))).toBe(true);
      }
    });

    test("a fact that was erased holds its id, says no payload, and is what it was written as", async () => {
      const { open } = await start();
      const store = await open();
      await noteOf(store);
      await insertFacts(store, LAW_COLLECTION, [validatedRow("a", 1n), validatedRow("b", 2n)]);
      await replaceFacts(store, [erasedRow("a", 1n), erasedRow("c", 3n)]);
      await replaceFacts(store, [erasedRow("a", 1n)]);
      expect(await store.reads.tally()).toMatchObject({ validated: 3 });
      expect(await insertFacts(store, LAW_COLLECTION, [validatedRow("a", 9n)])).toEqual(["exists"]);
      const rows = [erasedRow("a", 1n), validatedRow("b", 2n), erasedRow("c", 3n)];
      expect(await differencesOf(store, rows)).toEqual([]);
      expect(await differencesOf(store, [validatedRow("a", 1n), erasedRow("b", 2n)])).toEqual(["differs", "differs"]);
      expect(await differencesOf(store, [erasedRow("a", 9n)])).toEqual(["held"]);
      for (const reads of [store, store.reads, (await open()).reads]) {
        const holders = await reads.holders(LAW_COLLECTION, [idOf("a"), idOf("b")]);
        const { position, erased, payloadText } = holders.get(idOf("a")) ?? { erased: "none" };
        expect([position, erased]).toEqual([erasedRow("a", 1n).position, "d".repeat(64)]);
        expect(payloadText).toThrow("Cannot read");
        expect(holders.get(idOf("b"))?.erased).toBeUndefined();
      }
      // And back, as somebody might who has the store.
      await replaceFacts(store, [validatedRow("a", 1n)]);
      expect(await differencesOf(store, [validatedRow("a", 1n)])).toEqual([]);
    });

    test("a tombstone that is missing is inserted as facts are", async () => {
      const { open } = await start();
      const store = await open();
      await noteOf(store);
      const staged = store.stageFacts(NOTE);
      [erasedRow("a", 1n), validatedRow("b", 2n)].forEach(staged.add);
      expect(staged.at(0)).toMatchObject({ id: idOf("a"), erased: "d".repeat(64) });
      expect(await store.insertFacts(LAW_COLLECTION, staged)).toEqual(new Set());
      expect(await store.insertFacts(LAW_COLLECTION, staged)).toEqual(new Set([0, 1]));
      staged.release();
      expect(await differencesOf(store, [erasedRow("a", 1n), validatedRow("b", 2n)])).toEqual([]);
    });

    test("a failure takes the place of the one at its position, and no other", async () => {
      const { open } = await start();
      const store = await open();
      await noteOf(store);
      const write = async (rows: readonly FailedRow[], how: "insertFailed" | "replaceFailed"): Promise<void> => {
        const staged = store.stageFailed(NOTE);
        rows.forEach(staged.add);
        await store[how](LAW_COLLECTION, staged);
        staged.release();
      };
      await write([failedRow(1n), failedRow(2n)], "insertFailed");
      const erased = failedRow(1n, { ...NO_BYTES, reason: { kind: "erased", code: "rule" }, parsed: null });
      await write([erased], "replaceFailed");
      const staged = store.reads.stageFailed(NOTE);
      [erased, failedRow(2n)].forEach(staged.add);
      expect(await store.reads.compareFailed(LAW_COLLECTION, staged)).toEqual(new Map());
      expect(await store.reads.failureAt(LAW_COLLECTION, NOTE, 1n)).toEqual({
        reason: { kind: "erased", code: "rule" },
        fingerprint: erased.fingerprint,
      });
      expect(await store.reads.failureCounts()).toEqual([{ code: "rule", count: 2 }]);
      await store.scrub();
      expect(await store.reads.tally()).toMatchObject({ failed: 2 });
    });

    test("an entry of no records hides none of its neighbours", async () => {
      const { open } = await start();
      const store = await open();
      const entry = (seq: number, from: bigint, to: bigint) => ledgerEntry(seq, { kind: "BATCH", from, to });
      const entries = [ledgerEntry(0), entry(1, 0n, 5n), entry(2, 5n, 5n), entry(3, 5n, 9n), entry(4, 9n, 9n)];
      for (const one of entries) await store.insertLedger(one, null);
      const seqs = [0n, 4n, 5n, 8n].map(async (offset) => (await store.reads.entryAt(STREAM, offset))?.seq);
      expect(await Promise.all(seqs)).toEqual([1, 1, 3, 3]);
      expect(await store.reads.entryAt(STREAM, 9n)).toBeNull();
      expect((await store.tail(STREAM))?.seq).toBe(4);
    });
  });
}
