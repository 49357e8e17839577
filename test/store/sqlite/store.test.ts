import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { openSqliteStore, openSqliteStoreInThread } from "../../../src/store/sqlite/store.ts";
import type { SqliteStoreOptions } from "../../../src/store/sqlite/writer.ts";
import type { Store } from "../../../src/store/store.ts";
import { temporaryDirectory } from "../../embedded.ts";
import { unavailable } from "../../unavailable.ts";
import {
  differencesOf,
  failedRow,
  idOf,
  LAW_COLLECTION,
  ledgerEntry,
  NOTE,
  noteOf,
  receiptRow,
  STREAM,
  validatedRow,
  insertFacts,
  insertFailed,
} from "../rows.ts";
import { storeLaws } from "../store-laws.ts";
import { PATIENCE_MS } from "../../patience.ts";

storeLaws("the SQLite store", { atomicUnits: true }, async () => {
  const path = storePath();
  return {
    open: async () => openStore(path, { busyTimeoutMs: PATIENCE_MS }),
    takeAway: async () => truncateSync(path, 4_096),
  };
});

storeLaws("the SQLite store with its writes in a thread", { atomicUnits: true }, async () => {
  const path = storePath();
  return {
    open: async () => {
      const options = { path, collections: [LAW_COLLECTION], busyTimeoutMs: PATIENCE_MS };
      const store = await openSqliteStoreInThread(options);
      onTestFinished(async () => store.close());
      return store;
    },
    takeAway: async () => truncateSync(path, 4_096),
  };
});

describe("the SQLite store", () => {
  test("that cannot be opened by its thread says why, as it does without one", async () => {
    const path = storePath();
    writeFileSync(path, "no database, and longer than the header of one would be: ".repeat(4));
    const options = { path, collections: [LAW_COLLECTION], busyTimeoutMs: 0 };
    const inThread = await unavailable(openSqliteStoreInThread(options));
    expect(inThread).toMatchObject({ code: "STORE_CORRUPT", remedy: expect.stringContaining("backup") as string });
  });

  test("makes the counters of days of those of hours where a file lacks them; until then a reader adds up the hours", async () => {
    const path = storePath();
    const first = openStore(path);
    const note = await noteOf(first);
    const group = { fingerprint: "a", code: "schema", contract: null, firstMs: 0, lastMs: 0 };
    const hours = new Map([[47, 1], [48, 2], [49, 3], [72, 4]]); // prettier-ignore
    await first.countFailures(note, 1, [{ ...group, count: 10, hours }]);
    const totals = async ({ reads }: Store) =>
      Promise.all([0, 47, 48, 49, 50, 72, 73].map(async (from) => (await reads.hourTotals(from))[0]?.count ?? 0));
    const db = new DatabaseSync(path);
    db.exec("DROP TABLE sigma_group_days");
    db.close();
    expect(await totals(openStore(path, { readOnly: true }))).toEqual([10, 10, 9, 7, 4, 4, 0]);
    const again = openStore(path);
    await again.countFailures(note, 1, [{ ...group, count: 10, hours }]);
    expect(await totals(again)).toEqual([10, 10, 9, 7, 4, 4, 0]);
    await again.countFailures(note, 2, [{ ...group, count: 1, hours: new Map([[48, 1]]) }]);
    expect(await totals(again)).toEqual([11, 11, 10, 7, 4, 4, 0]);
  });

  test("takes nothing more for a unit that is over", async () => {
    const store = openStore(storePath());
    let late: (() => Promise<unknown>) | null = null;
    const unit = store.unit(async (writes) => {
      late = async () => insertFacts(writes, LAW_COLLECTION, [validatedRow("x", 1n)]);
      throw new Error("no");
    });
    await expect(unit).rejects.toThrow("no");
    await expect(late!()).rejects.toThrow("a unit that is over");
    expect(await store.reads.tally()).toMatchObject({ validated: 0 });
  });

  test("gives up what waits for its thread when it is closed, after what was asked for before", async () => {
    const path = storePath();
    const options = { path, collections: [LAW_COLLECTION], busyTimeoutMs: 0 };
    const store = await openSqliteStoreInThread(options);
    const note = noteOf(store);
    const closed = store.close();
    await expect(note).resolves.toMatchObject({ number: 1 });
    await closed;
    await expect(store.tail(STREAM)).rejects.toThrow("the thread of the store has ended");
    await store.close();
  });

  test("rows of a collection that is no longer configured stay readable", async () => {
    const path = storePath();
    const before = openStore(path, { collections: ["a", "b"] });
    await noteOf(before);
    await insertFacts(before, "a", [validatedRow("x", 1n)]);
    await insertFailed(before, "b", [failedRow(2n)]);
    const { reads } = openStore(path, { collections: ["c"] });
    expect(await differencesOf(reads, { facts: [validatedRow("x", 1n)] }, "a")).toEqual([]);
    expect(await differencesOf(reads, { failed: [failedRow(2n)] }, "b")).toEqual([]);
    expect(await reads.tally()).toEqual({ validated: 1, failed: 1, receipts: 0 });
  });

  test("facts of two collections are apart: an id may be in both", async () => {
    const store = openStore(storePath(), { collections: ["a", "b"] });
    await noteOf(store);
    expect(await insertFacts(store, "a", [validatedRow("x", 1n)])).toEqual(["inserted"]);
    expect(await insertFacts(store, "b", [validatedRow("x", 2n)])).toEqual(["inserted"]);
    expect((await store.holders("b", [idOf("x")])).get(idOf("x"))?.position.offset).toBe(2n);
  });

  test.each(["", "Orders", "a-b", "1a", "a b", "a;drop", "a".repeat(64), "sqlite_x\u0000"])(
    "the collection name %j is refused: it would become part of a table's name",
    (name) => {
      expect(() => openStore(storePath(), { collections: [name] })).toThrow("use lower-case letters, digits");
    },
  );

  test("opened for reading, it reads what another writes and refuses to write", async () => {
    const path = storePath();
    const writer = openStore(path);
    const reader = openStore(path, { readOnly: true });
    await writer.insertLedger(ledgerEntry(0), null);
    expect(await reader.tail(STREAM)).toEqual(ledgerEntry(0));
    expect(await unavailable(reader.insertLedger(ledgerEntry(1), null))).toMatchObject({ code: "STORE_READONLY" });
    expect(await unavailable(() => openStore(storePath(), { readOnly: true }))).toMatchObject({
      code: "STORE_CANTOPEN",
    });
  });

  test("the tables can be read with any SQLite shell", async () => {
    const path = storePath();
    const store = openStore(path);
    await noteOf(store);
    await insertFacts(store, LAW_COLLECTION, [validatedRow("x", 1n)]);
    await insertFailed(store, LAW_COLLECTION, [failedRow(2n)]);
    const db = openRaw(path);
    const facts = db.prepare(`
      SELECT lower(hex(_id)) AS id, json_extract(payload, '$.n') AS n, contract, declared, topic, partition, offset
      FROM validated_orders JOIN sigma_streams ON number = validated_orders.stream`);
    expect(facts.get()).toEqual({
      id: idOf("x").replaceAll("-", ""),
      n: 1,
      contract: "order@2",
      declared: "header",
      topic: "orders",
      partition: 0,
      offset: 1,
    });
    const failures = db.prepare("SELECT code, json_extract(reason, '$.violations[0].id') AS rule FROM failed_orders");
    expect(failures.get()).toEqual({ code: "rule", rule: "max" });
  });
});

describe("a store somebody changed", () => {
  const tables = {
    validated_orders: [
      "payload = '{\"n\": 1}'",
      "payload = CAST(X'7BFF7D' AS TEXT)",
      "contract = 'order@3'",
      "declared = NULL",
      "declared = 'nobody'",
      "at = at + 1",
    ],
    failed_orders: [
      "reason = '{'",
      "reason = 'null'",
      "code = 'other'",
      "fingerprint = ''",
      "contract = NULL",
      "declared = ''",
      "identity = X'00'",
      "payload = NULL",
      "raw = NULL",
      "raw = X'00'",
      "at = 0",
    ],
    sigma_receipts: ["of = X'00'"],
  };
  const changes = Object.entries(tables).flatMap(([table, list]) => list.map((change) => [table, change] as const));
  const ROWS = {
    facts: [validatedRow("x", 1n), validatedRow("y", 11n)],
    failed: [failedRow(2n), failedRow(12n)],
    receipts: [receiptRow(3n), receiptRow(13n)],
  };

  test.each(changes)("a row of %s with %s is told from what it should be, and no other one", async (table, change) => {
    const path = storePath();
    const store = openStore(path);
    await noteOf(store);
    await insertFacts(store, LAW_COLLECTION, ROWS.facts);
    await insertFailed(store, LAW_COLLECTION, ROWS.failed);
    await store.insertReceipts(NOTE, ROWS.receipts);
    expect(await differencesOf(store.reads, ROWS)).toEqual([]);
    openRaw(path).exec(`UPDATE ${table} SET ${change} WHERE offset < 10`);
    expect(await differencesOf(store.reads, ROWS)).toEqual([
      [0, { kind: "differs", message: expect.stringMatching(/^its [a-z]+ is another$/) as unknown }],
    ]);
  });

  test("a column more is told as well", async () => {
    const path = storePath();
    const store = openStore(path);
    await noteOf(store);
    await insertFacts(store, LAW_COLLECTION, ROWS.facts);
    await store.close();
    openRaw(path).exec("ALTER TABLE validated_orders ADD COLUMN extra TEXT");
    const { reads } = openStore(path);
    const differs = { kind: "differs", message: "it has a column more, extra" };
    expect(await differencesOf(reads, { facts: ROWS.facts })).toEqual([
      [0, differs],
      [1, differs],
    ]);
  });

  test("has no holders where the table of facts is gone, as a dry run of a repair asks", async () => {
    const path = storePath();
    const first = openStore(path);
    await noteOf(first);
    await insertFacts(first, LAW_COLLECTION, [validatedRow("a", 1n)]);
    await first.close();
    const db = new DatabaseSync(path);
    db.exec(`DROP TABLE validated_${LAW_COLLECTION}`);
    db.close();
    const store = openStore(path, { collections: [] });
    expect(await store.holders(LAW_COLLECTION, [idOf("a")])).toEqual(new Map());
  });

  test("gives no decision over a holder that says nothing", async () => {
    const path = storePath();
    const store = openStore(path);
    await noteOf(store);
    await insertFacts(store, LAW_COLLECTION, [validatedRow("x", 1n)]);
    openRaw(path).exec("UPDATE validated_orders SET stream = 99");
    const error = await unavailable(store.holders(LAW_COLLECTION, [idOf("x")]));
    expect(error.code).toBe("STORE_CORRUPT");
    expect(error.message).toBe(`Cannot read ${idOf("x")} from store "${path}": its columns were changed`);
    expect(await differencesOf(store.reads, { facts: [validatedRow("x", 1n)] })).toEqual([
      [0, { kind: "differs", message: "its stream is none there is" }],
    ]);
  });

  test("says what its engine finds wrong", async () => {
    const path = storePath();
    const before = openStore(path);
    const rows = Array.from({ length: 200 }, (_, index) => validatedRow(`id-${index}`, BigInt(index)));
    await insertFacts(before, LAW_COLLECTION, rows);
    await before.close();
    const whole = readFileSync(path);
    const pages = whole.length / 4_096;
    expect(pages).toBeGreaterThan(20);
    for (const page of [pages - 1, pages - 2, 10]) {
      writeFileSync(path, Buffer.from(whole).fill(0, page * 4_096, (page + 1) * 4_096));
      const store = openStore(path, { readOnly: true });
      expect(await store.reads.integrity()).not.toEqual([]);
      await store.close();
    }
  });
});

describe("trouble with the store's file", () => {
  test("a full disk undoes the whole unit, and the next one goes on once there is space", async () => {
    const path = storePath();
    const store = openStore(path, { pagesMax: 92 });
    const raw = Buffer.alloc(100_000, "x");
    const ballast = validatedRow("ballast", 1n, { raw });
    await insertFacts(store, LAW_COLLECTION, [ballast]);
    const unit = async (): Promise<void> =>
      store.unit(async (writes) => {
        await writes.insertLedger(ledgerEntry(1), null);
        await insertFailed(writes, LAW_COLLECTION, [failedRow(2n)]);
        await insertFacts(writes, LAW_COLLECTION, [validatedRow("x", 3n, { raw }), validatedRow("y", 4n, { raw })]);
      });
    const error = await unavailable(unit());
    expect(error).toMatchObject({ code: "STORE_FULL", remedy: "free some space; the gateway goes on by itself" });
    expect(error.message).toBe(`Cannot use store "${path}": the disk is full`);
    expect(await store.tail(STREAM)).toBeNull();
    expect(await differencesOf(store.reads, { facts: [ballast] })).toEqual([]);
    expect(await store.reads.tally()).toEqual({ validated: 1, failed: 0, receipts: 0 });
    openRaw(path).exec("DELETE FROM validated_orders");
    await unit();
    expect(await store.tail(STREAM)).toEqual(ledgerEntry(1));
    expect(await store.reads.tally()).toEqual({ validated: 2, failed: 1, receipts: 0 });
  });

  test("rows outside a unit are all or nothing too", async () => {
    const store = openStore(storePath(), { pagesMax: 60 });
    const rows = [1n, 2n, 3n].map((offset) => failedRow(offset, { raw: Buffer.alloc(60_000) }));
    expect(await unavailable(insertFailed(store, LAW_COLLECTION, rows))).toMatchObject({ code: "STORE_FULL" });
    expect(await store.reads.tally()).toEqual({ validated: 0, failed: 0, receipts: 0 });
  });

  test("a lock held by another is STORE_LOCKED until it is gone; reading goes on", async () => {
    const path = storePath();
    const store = openStore(path);
    await store.insertLedger(ledgerEntry(0), null);
    const other = openRaw(path);
    other.exec("BEGIN IMMEDIATE");
    const error = await unavailable(store.unit(async (writes) => writes.insertLedger(ledgerEntry(1), null)));
    expect(error.code).toBe("STORE_LOCKED");
    expect(error.message).toContain(path);
    expect(await unavailable(insertFailed(store, LAW_COLLECTION, [failedRow(1n)]))).toMatchObject({
      code: "STORE_LOCKED",
    });
    expect(await store.tail(STREAM)).toEqual(ledgerEntry(0));
    expect(await openStore(path).reads.streams()).toEqual([STREAM]);
    other.exec("ROLLBACK");
    expect(await store.unit(async (writes) => writes.insertLedger(ledgerEntry(1), null))).toBe("inserted");
  });
});

function storePath(): string {
  return join(temporaryDirectory(), "store.db");
}

function openStore(path: string, changes: Partial<SqliteStoreOptions> = {}): Store {
  const store = openSqliteStore({ path, collections: [LAW_COLLECTION], busyTimeoutMs: 0, ...changes });
  onTestFinished(store.close);
  return store;
}

/** The file itself, as something other than the gateway would open it. */
function openRaw(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  onTestFinished(() => {
    if (db.isOpen) db.close();
  });
  return db;
}
