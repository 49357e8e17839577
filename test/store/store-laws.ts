import { describe, expect, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import type { Store } from "../../src/store/store.ts";
import { plain } from "../plain.ts";
import { evidenceLaws } from "./evidence-laws.ts";
import { stagedLaws } from "./staged-laws.ts";
import { logEndLaws } from "./log-end-laws.ts";
import { packedLaws } from "./packed-laws.ts";
import { operatorLaws } from "./operator-laws.ts";
import { trafficLaws } from "./traffic-laws.ts";
import { contents, failingAfter, writeUnit } from "./unit.ts";
import {
  asRead,
  failedRow,
  HOSTILE,
  LAW_COLLECTION,
  ledgerEntry,
  REASONS,
  receiptRow,
  STREAM,
  validatedRow,
  insertFacts,
  insertFailed,
} from "./rows.ts";

/** A real backend, fresh for each test. */
export type StoreBackend = {
  /** Connects to it once more, as a process that starts would; closed by the backend when the test ends. */
  readonly open: () => Promise<Store>;
  /** Takes the backend away from whoever is connected. */
  readonly takeAway: () => Promise<void>;
};

/** Real differences between engines: a law for each answer, never a skip. */
export type StoreSupport = {
  /** A unit is all or nothing, and nobody sees a part of it. */
  readonly atomicUnits: boolean;
};

/** What every store keeps. */
export function storeLaws(name: string, supports: StoreSupport, start: () => Promise<StoreBackend>): void {
  describe(`${name} keeps the laws of the ledger`, () => {
    test("of two entries for one place, however they come, one is admitted and kept", async () => {
      const { open } = await start();
      const [one, other] = [await open(), await open()];
      for (let seq = 0; seq < 20; seq += 1) {
        const mine = ledgerEntry(seq, { note: "mine" });
        const theirs = ledgerEntry(seq, { note: "theirs" });
        const answers = await Promise.all([one.insertLedger(mine, null), other.insertLedger(theirs, null)]);
        expect(answers.toSorted()).toEqual(["exists", "inserted"]);
        const winner = answers[0] === "inserted" ? mine : theirs;
        expect(await one.ledgerEntry(STREAM, seq)).toEqual(winner);
        expect(await other.ledgerEntry(STREAM, seq)).toEqual(winner);
      }
    });

    test("an entry comes back whole, with offsets up to the last there can be", async () => {
      const { open } = await start();
      const store = await open();
      const init = ledgerEntry(0, { outcomes: "", count: 0 });
      const last = ledgerEntry(1, { from: 2n ** 53n + 1n, to: 2n ** 63n - 1n, note: "it's \u{1f4e6}", kind: "GAP" });
      await store.insertLedger(init, null);
      await store.insertLedger(last, null);
      expect(await store.ledgerEntry(STREAM, 0)).toEqual(init);
      expect(await store.tail(STREAM)).toEqual(last);
      expect(await store.reads.ledger(STREAM, 0, 10)).toEqual([init, last]);
    });

    test("the tail is the last entry of its own stream, and a page of entries begins and ends where it should", async () => {
      const { open } = await start();
      const store = await open();
      const entries = [0, 1, 2, 10, 9, 3].map((seq) => ledgerEntry(seq));
      const other = ledgerEntry(99, { stream: `${STREAM}0` });
      for (const entry of [...entries, other]) await store.insertLedger(entry, null);
      expect(await store.tail(STREAM)).toEqual(ledgerEntry(10));
      expect(await store.reads.ledger(STREAM, 1, 3)).toEqual([1, 2, 3].map((seq) => ledgerEntry(seq)));
      expect(await store.reads.streams()).toEqual([STREAM, `${STREAM}0`]);
    });

    test("a contract set is kept as it was first put", async () => {
      const { open } = await start();
      const store = await open();
      await store.putContractSet("b", "second");
      await store.putContractSet("a", '{"text":"\u{1f4e6}\\u0000"}');
      await store.putContractSet("a", "other");
      expect(await store.contractSet("a")).toBe('{"text":"\u{1f4e6}\\u0000"}');
      expect(await store.reads.contractSets()).toEqual([
        { digest: "a", text: '{"text":"\u{1f4e6}\\u0000"}' },
        { digest: "b", text: "second" },
      ]);
    });
  });

  describe(`${name} keeps the laws of stored objects`, () => {
    test("a fact is stored once, however often it is inserted", async () => {
      const { open } = await start();
      const store = await open();
      const rows = [validatedRow("a", 1n), validatedRow("b", 2n)];
      expect(await insertFacts(store, LAW_COLLECTION, rows)).toEqual(["inserted", "inserted"]);
      expect(await insertFacts(store, LAW_COLLECTION, rows)).toEqual(["exists", "exists"]);
      expect(await insertFacts(await open(), LAW_COLLECTION, rows)).toEqual(["exists", "exists"]);
      expect(await store.reads.tally()).toEqual({ validated: 2, failed: 0, receipts: 0 });
    });

    test("a taken id is told row by row, and the rest goes in", async () => {
      const { open } = await start();
      const store = await open();
      await insertFacts(store, LAW_COLLECTION, [validatedRow("a", 1n), validatedRow("b", 2n)]);
      const rows = [validatedRow("c", 3n), validatedRow("a", 4n), validatedRow("b", 1n), validatedRow("e", 5n)];
      expect(await insertFacts(store, LAW_COLLECTION, rows)).toEqual(["inserted", "exists", "exists", "inserted"]);
      const stored = await store.reads.rows(STREAM, 0n, 10n);
      expect(stored.map(({ id }) => id)).toEqual(["a", "b", "c", "e"]);
    });

    test("two facts of one position are both kept and both read: the store hides nothing from the audit", async () => {
      const { open } = await start();
      const store = await open();
      const rows = [validatedRow("a", 1n), validatedRow("b", 1n)];
      expect(await insertFacts(store, LAW_COLLECTION, rows.slice(0, 1))).toEqual(["inserted"]);
      expect(await insertFacts(store, LAW_COLLECTION, rows.slice(1))).toEqual(["inserted"]);
      const stored = await store.reads.rows(STREAM, 0n, 10n);
      expect(stored.map(({ id }) => id).toSorted()).toEqual(["a", "b"]);
    });

    test("the first under an id is kept, whatever comes later", async () => {
      const { open } = await start();
      const store = await open();
      const first = validatedRow("a", 1n);
      await insertFacts(store, LAW_COLLECTION, [first]);
      await insertFacts(store, LAW_COLLECTION, [validatedRow("a", 2n, { raw: Buffer.from("other") })]);
      const held = await store.validatedById(LAW_COLLECTION, ["a", "nobody"]);
      expect(plain([...held.values()])).toEqual(plain(asRead([first])));
      expect(plain(await store.reads.validatedById(LAW_COLLECTION, ["nobody", "a"]))).toEqual(plain(held));
    });

    test("a failure and a receipt stay as they were first written", async () => {
      const { open } = await start();
      const store = await open();
      const [failed, receipt] = [failedRow(1n), receiptRow(2n)];
      for (const changes of [{}, { raw: Buffer.from("other") }]) {
        await insertFailed(store, LAW_COLLECTION, [failedRow(1n, changes)]);
        await store.insertReceipts([receiptRow(2n, changes)]);
      }
      expect(plain(await store.reads.rows(STREAM, 0n, 10n))).toEqual(plain([failed, receipt]));
    });

    test("any bytes, keys and headers come back as they were", async () => {
      const { open } = await start();
      const store = await open();
      const rows = HOSTILE.flatMap((changes, index) => [
        validatedRow(`id-${index}`, BigInt(index * 3), changes),
        failedRow(BigInt(index * 3 + 1), changes),
        receiptRow(BigInt(index * 3 + 2), changes),
      ]);
      await insertFacts(
        store,
        LAW_COLLECTION,
        rows.filter((row) => row.kind === "validated"),
      );
      await insertFailed(
        store,
        LAW_COLLECTION,
        rows.filter((row) => row.kind === "failed"),
      );
      await store.insertReceipts(rows.filter((row) => row.kind === "receipt"));
      expect(plain(await store.reads.rows(STREAM, 0n, 100n))).toEqual(plain(asRead(rows)));
      expect(plain(await store.reads.rowsIn(LAW_COLLECTION, STREAM, 0n, 100n))).toEqual(plain(asRead(rows)));
      // Receipts are of every collection; one that never was holds nothing else.
      const receipts = rows.filter(({ kind }) => kind === "receipt");
      expect(plain(await store.reads.rowsIn("never_made", STREAM, 0n, 100n))).toEqual(plain(asRead(receipts)));
    });

    test("every reason for a failure comes back as it was", async () => {
      const { open } = await start();
      const store = await open();
      const rows = REASONS.map((reason, index) => failedRow(BigInt(index), { reason }));
      const unbound = failedRow(100n, { contract: null, declaredBy: null, machineId: "machine's" });
      await insertFailed(store, LAW_COLLECTION, [...rows, unbound]);
      expect(plain(await store.reads.rows(STREAM, 0n, 200n))).toEqual(plain([...rows, unbound]));
    });

    test("offsets up to the last there can be are exact", async () => {
      const { open } = await start();
      const store = await open();
      const last = 2n ** 63n - 1n;
      const rows = [
        validatedRow("a", 2n ** 53n),
        failedRow(2n ** 53n + 1n),
        receiptRow(last - 1n),
        validatedRow("b", last),
      ];
      await insertFacts(
        store,
        LAW_COLLECTION,
        rows.filter((row) => row.kind === "validated"),
      );
      await insertFailed(
        store,
        LAW_COLLECTION,
        rows.filter((row) => row.kind === "failed"),
      );
      await store.insertReceipts(rows.filter((row) => row.kind === "receipt"));
      expect(plain(await store.reads.rows(STREAM, 0n, 2n ** 63n))).toEqual(plain(asRead(rows)));
      expect(plain(await store.reads.rows(STREAM, 2n ** 53n + 1n, last))).toEqual(plain(asRead(rows.slice(1, 3))));
      expect(await store.reads.extent(STREAM)).toEqual({ first: 2n ** 53n, last });
      expect((await store.validatedById(LAW_COLLECTION, ["b"])).get("b")?.position.offset).toBe(last);
    });

    test("a range gives the objects of its own stream, by offset, an offset that is there twice both times", async () => {
      const { open } = await start();
      const store = await open();
      const elsewhere = { ...validatedRow("z", 3n).position, stream: `${STREAM}0` };
      await store.insertReceipts([receiptRow(4n), receiptRow(2n)]);
      await insertFailed(store, LAW_COLLECTION, [failedRow(5n), failedRow(2n)]);
      await insertFacts(store, LAW_COLLECTION, [validatedRow("z", 3n, { position: elsewhere }), validatedRow("y", 3n)]);
      const offsets = (await store.reads.rows(STREAM, 2n, 5n)).map(({ position }) => position.offset);
      expect(offsets).toEqual([2n, 2n, 3n, 4n]);
      expect(await store.reads.streamsOfRows()).toEqual([STREAM, `${STREAM}0`]);
      expect(await store.reads.extent(STREAM)).toEqual({ first: 2n, last: 5n });
      expect(await store.reads.extent(`${STREAM}0`)).toEqual({ first: 3n, last: 3n });
    });

    test("what was never seen is absent", async () => {
      const { open } = await start();
      const { reads, ...store } = await open();
      expect(await store.tail(STREAM)).toBeNull();
      expect(await store.ledgerEntry(STREAM, 0)).toBeNull();
      expect(await store.contractSet("x")).toBeNull();
      expect(await store.validatedById(LAW_COLLECTION, ["x"])).toEqual(new Map());
      expect(await reads.extent(STREAM)).toBeNull();
      expect(await reads.rows(STREAM, 0n, 100n)).toEqual([]);
      expect([await reads.streams(), await reads.streamsOfRows(), await reads.ledger(STREAM, 0, 9)]).toEqual([
        [],
        [],
        [],
      ]);
      expect(await reads.tally()).toEqual({ validated: 0, failed: 0, receipts: 0 });
      expect([await reads.failureCounts(), await reads.contractSets()]).toEqual([[], []]);
    });

    test("objects are counted, failures by code with the most frequent first", async () => {
      const { open } = await start();
      const store = await open();
      const codes = ["schema", "rule", "malformed-empty", "schema", "rule", "schema"];
      const reasons = codes.map((code) => REASONS.find((reason) => code.startsWith(reason.kind))!);
      await insertFailed(
        store,
        LAW_COLLECTION,
        reasons.map((reason, index) => failedRow(BigInt(index), { reason })),
      );
      await insertFacts(store, LAW_COLLECTION, [validatedRow("a", 10n), validatedRow("b", 11n)]);
      await store.insertReceipts([receiptRow(12n)]);
      expect(await store.reads.tally()).toEqual({ validated: 2, failed: 6, receipts: 1 });
      expect(await store.reads.failureCounts()).toEqual([
        { code: "schema", count: 3 },
        { code: "rule", count: 2 },
        { code: "malformed-empty", count: 1 },
      ]);
    });

    test("everything survives reopening", async () => {
      const { open } = await start();
      const store = await open();
      await store.unit(writeUnit);
      await store.putContractSet("a", "text");
      const before = plain(await contents(store));
      await store.close();
      const again = await open();
      expect(plain(await contents(again))).toEqual(before);
      expect(await again.tail(STREAM)).toEqual(ledgerEntry(1));
      expect(await again.reads.integrity()).toEqual([]);
    });

    test("a backend that is gone is Unavailable, never an empty answer", async () => {
      const { open, takeAway } = await start();
      const before = await open();
      await before.unit(writeUnit);
      await before.close();
      const store = await open();
      await takeAway();
      const { reads } = store;
      await expect(store.tail(STREAM)).rejects.toBeInstanceOf(Unavailable);
      await expect(store.insertLedger(ledgerEntry(2), null)).rejects.toBeInstanceOf(Unavailable);
      await expect(store.validatedById(LAW_COLLECTION, ["a"])).rejects.toBeInstanceOf(Unavailable);
      await expect(store.unit(writeUnit)).rejects.toBeInstanceOf(Unavailable);
      await expect(reads.rows(STREAM, 0n, 100n)).rejects.toBeInstanceOf(Unavailable);
      await expect(reads.ledger(STREAM, 0, 10)).rejects.toBeInstanceOf(Unavailable);
      await expect(reads.tally()).rejects.toBeInstanceOf(Unavailable);
    });
  });

  describe(`${name} keeps the laws of units`, () => {
    test("a unit sees its own writes, gives its answer, and has written when it resolves", async () => {
      const { open } = await start();
      const store = await open();
      const seen = await store.unit(async (writes) => {
        await writeUnit(writes);
        const held = await writes.validatedById(LAW_COLLECTION, ["a"]);
        return { entry: await writes.ledgerEntry(STREAM, 1), ids: [...held.keys()] };
      });
      expect(seen).toEqual({ entry: ledgerEntry(1), ids: ["a"] });
      expect(await (await open()).reads.tally()).toEqual({ validated: 1, failed: 1, receipts: 1 });
    });

    test("a unit that was cut off anywhere is completed by running it again", async () => {
      const { open } = await start();
      const whole = await (async () => {
        const store = await (await start()).open();
        await store.unit(writeUnit);
        return contents(store);
      })();
      const store = await open();
      for (let steps = 0; steps < 4; steps += 1) {
        const cut = store.unit(async (writes) => writeUnit(failingAfter(steps, writes)));
        await expect(cut).rejects.toThrow("cut off");
      }
      await store.unit(writeUnit);
      await store.unit(writeUnit);
      expect(plain(await contents(store))).toEqual(plain(whole));
    });

    test("the work's own error leaves a unit as it is, and the store goes on", async () => {
      const { open } = await start();
      const store = await open();
      const error = new Error("mine");
      await expect(store.unit(async () => Promise.reject(error))).rejects.toBe(error);
      expect(await store.unit(async () => 42)).toBe(42);
    });

    if (supports.atomicUnits) atomicUnitLaws(start);
  });

  operatorLaws(name, start);
  logEndLaws(name, start);
  packedLaws(name, start);
  trafficLaws(name, start);
  evidenceLaws(name, start);
  stagedLaws(name, start);
}

function atomicUnitLaws(start: () => Promise<StoreBackend>): void {
  test("a unit whose work throws leaves nothing", async () => {
    const { open } = await start();
    const store = await open();
    for (let steps = 0; steps < 4; steps += 1) {
      await expect(store.unit(async (writes) => writeUnit(failingAfter(steps, writes)))).rejects.toThrow("cut off");
      expect(await contents(store)).toEqual({ entries: [], rows: [], sets: [] });
    }
  });

  test("nobody reads a part of a unit", async () => {
    const { open } = await start();
    const [store, other] = [await open(), await open()];
    await store.unit(async (writes) => {
      await writeUnit(writes);
      for (const { reads } of [store, other]) {
        expect(await reads.tally()).toEqual({ validated: 0, failed: 0, receipts: 0 });
        expect(await reads.ledger(STREAM, 0, 10)).toEqual([]);
      }
    });
    for (const { reads } of [store, other]) {
      expect(await reads.tally()).toEqual({ validated: 1, failed: 1, receipts: 1 });
    }
  });

  test("units, and writes outside them, run one after another", async () => {
    const { open } = await start();
    const store = await open();
    const steps: string[] = [];
    const unit = async (label: string, fails: boolean): Promise<void> =>
      store.unit(async (writes) => {
        for (const [index, seq] of [1, 2, 3].entries()) {
          steps.push(`${label}${index}`);
          await writes.insertLedger(ledgerEntry(seq, { stream: label }), null);
          await new Promise((resolve) => setImmediate(resolve));
        }
        if (fails) throw new Error("undone");
      });
    const results = await Promise.allSettled([
      unit("a", true),
      store.insertLedger(ledgerEntry(1, { stream: "alone" }), null),
      unit("b", false),
    ]);
    expect(steps).toEqual(["a0", "a1", "a2", "b0", "b1", "b2"]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
    expect(await store.reads.streams()).toEqual(["alone", "b"]);
  });
}
