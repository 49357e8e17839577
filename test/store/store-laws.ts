import { describe, expect, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import type { Store } from "../../src/store/store.ts";
import { plain } from "../plain.ts";
import { documentLaws } from "./document-laws.ts";
import { streamLaws } from "./stream-laws.ts";
import { adviceLaws } from "./advice-laws.ts";
import { logEndLaws } from "./log-end-laws.ts";
import { erasePortLaws } from "./erase-port-laws.ts";
import { failurePageLaws } from "./failure-page-laws.ts";
import { groupLaws } from "./group-laws.ts";
import { packedLaws } from "./packed-laws.ts";
import { operatorLaws } from "./operator-laws.ts";
import { objectiveLaws } from "./objective-laws.ts";
import { redriveLaws } from "./redrive-laws.ts";
import { trafficLaws } from "./traffic-laws.ts";
import { volumeLaws } from "./volume-laws.ts";
import { contents, failingAfter, writeUnit } from "./unit.ts";
import { differencesOf, idOf, LAW_COLLECTION, ledgerEntry, noteOf, STREAM, validatedRow } from "./rows.ts";

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

    test("an offset is in the entry whose range has it, however many have none", async () => {
      const { open } = await start();
      const store = await open();
      const entries = [
        ledgerEntry(0, { from: 5n, to: 5n }),
        ledgerEntry(1, { from: 5n, to: 8n }),
        ledgerEntry(2, { from: 8n, to: 8n }),
        ledgerEntry(3, { from: 8n, to: 2n ** 53n + 1n, kind: "GAP" }),
        ledgerEntry(4, { from: 2n ** 53n + 1n, to: 2n ** 63n - 1n }),
      ];
      for (const entry of entries) await store.insertLedger(entry, null);
      await store.insertLedger(ledgerEntry(0, { stream: `${STREAM}0`, from: 0n, to: 100n }), null);
      const asked = [4n, 5n, 7n, 8n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 2n, 2n ** 63n - 1n];
      const found = await Promise.all(asked.map(async (offset) => (await store.reads.entryAt(STREAM, offset))?.seq));
      expect(found).toEqual([undefined, 1, 1, 3, 3, 4, 4, undefined]);
    });

    test("an entry's evidence can be forgotten, and the entry stays", async () => {
      const { open } = await start();
      const store = await open();
      await store.insertLedger(ledgerEntry(1), Buffer.from("bytes"));
      await store.dropEvidence(STREAM, 1);
      await store.dropEvidence(STREAM, 1);
      await store.dropEvidence(STREAM, 2);
      expect([await store.evidenceOf(STREAM, 1), await store.reads.evidenceAt(STREAM, 1)]).toEqual([null, null]);
      expect(await store.ledgerEntry(STREAM, 1)).toEqual(ledgerEntry(1));
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

  describe(`${name} keeps the laws of its life`, () => {
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
      // At once: each may look for the backend for seconds.
      const asked = await Promise.allSettled([
        store.tail(STREAM),
        store.insertLedger(ledgerEntry(2), null),
        store.holders(LAW_COLLECTION, [idOf("a")]),
        store.unit(writeUnit),
        differencesOf(reads, { facts: [validatedRow("a", 1n)] }),
        reads.entryAt(STREAM, 1n),
        reads.ledger(STREAM, 0, 10),
        reads.tally(),
      ]);
      for (const one of asked)
        expect(one.status === "rejected" ? (one.reason as unknown) : one).toBeInstanceOf(Unavailable);
    });
  });

  describe(`${name} keeps the laws of units`, () => {
    test("a unit sees its own writes, gives its answer, and has written when it resolves", async () => {
      const { open } = await start();
      const store = await open();
      await noteOf(store);
      const seen = await store.unit(async (writes) => {
        await writeUnit(writes);
        const held = await writes.holders(LAW_COLLECTION, [idOf("a")]);
        return { entry: await writes.ledgerEntry(STREAM, 1), ids: [...held.keys()] };
      });
      expect(seen).toEqual({ entry: ledgerEntry(1), ids: [idOf("a")] });
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
  volumeLaws(name, start);
  logEndLaws(name, start);
  adviceLaws(name, start);
  packedLaws(name, start);

  describe(`${name} keeps the laws of the counters`, () => {
    groupLaws(start);
    failurePageLaws(start);
  });
  erasePortLaws(name, start);
  trafficLaws(name, start);
  redriveLaws(name, start);
  objectiveLaws(name, start);
  documentLaws(name, start);
  streamLaws(name, start);
}

function atomicUnitLaws(start: () => Promise<StoreBackend>): void {
  test("a unit whose work throws leaves nothing", async () => {
    const { open } = await start();
    const store = await open();
    for (let steps = 0; steps < 4; steps += 1) {
      await expect(store.unit(async (writes) => writeUnit(failingAfter(steps, writes)))).rejects.toThrow("cut off");
      expect(await store.reads.tally()).toEqual({ validated: 0, failed: 0, receipts: 0 });
      expect(await store.reads.ledger(STREAM, 0, 10)).toEqual([]);
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
