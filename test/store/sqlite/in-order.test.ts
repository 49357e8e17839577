import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import type { Difference, FailedRow, Store, ValidatedRow } from "../../../src/store/store.ts";
import { temporaryDirectory } from "../../embedded.ts";
import {
  differencesOf,
  failedRow,
  idOf,
  insertFacts,
  insertFailed,
  LAW_COLLECTION,
  NOTE,
  noteOf,
  validatedRow,
} from "../rows.ts";

// Many rows are compared as they follow each other in their table: several pages of them. What is found must be what is found when
// each is looked up by its key.

const COUNT = 2_500;
const FACTS = Array.from({ length: COUNT }, (_, index) => fact(index));
const FAILED = Array.from({ length: COUNT }, (_, index) => failed(index));

function fact(index: number, text = `{"n":${index}}`): ValidatedRow {
  return validatedRow(`id-${index}`, BigInt(index), { raw: Buffer.from(text) });
}

function failed(index: number, changes: Partial<FailedRow> = {}): FailedRow {
  return failedRow(BigInt(index) * 3n, { machineId: idOf(`id-${index}`), ...changes });
}

type Told = readonly (readonly [number, Difference])[];

const MISSING: Difference = { kind: "missing" };
const other = (column: string): Difference => ({ kind: "differs", message: `its ${column} is another` });

describe("facts that follow each other in their table", () => {
  test("are as they should be", async () => {
    const { store } = await stored();
    expect(await differencesOf(store.reads, { facts: FACTS })).toEqual([]);
  });

  const changes: readonly (readonly [string, Difference])[] = [
    ["payload = '{\"n\": 1400}'", other("payload")],
    ["payload = payload || char(0) || 'x'", other("payload")],
    ["payload = CAST(X'7B226E223AFF7D' AS TEXT)", other("payload")],
    ["payload = '{\"n\":\"' || replace(hex(zeroblob(20000)), '0', 'x') || '\"}'", other("payload")],
    ["contract = 'order@3'", other("contract")],
    ["declared = NULL", other("declared")],
    ["at = at + 1", other("at")],
    ["erased = ''", { kind: "differs", message: "its payload is erased" }],
    ["stream = 99", { kind: "differs", message: "its stream is none there is" }],
  ];
  test.each(changes)("but for one with %s, which is told", async (change, difference) => {
    const { store, db } = await stored();
    db.exec(`UPDATE validated_orders SET ${change} WHERE offset = 1400`);
    expect(await differencesOf(store.reads, { facts: FACTS })).toEqual([[1_400, difference]]);
  });

  test("but for one of another offset, whose it then is", async () => {
    const { store, db } = await stored();
    db.exec("UPDATE validated_orders SET offset = 9000 WHERE offset = 1400");
    const told = await differencesOf(store.reads, { facts: FACTS });
    expect(holdersIn(told)).toEqual([[1_400, 9_000n]]);
  });

  test("but for some that are missing, at the ends and between", async () => {
    const { store, db } = await stored();
    db.exec("DELETE FROM validated_orders WHERE offset IN (0, 31, 32, 1400, 2499) OR offset BETWEEN 600 AND 1199");
    const gone = [0, 31, 32, ...Array.from({ length: 600 }, (_, index) => 600 + index), 1_400, 2_499];
    expect(await differencesOf(store.reads, { facts: FACTS })).toEqual(gone.map((place) => [place, MISSING]));
  });

  test("are found by their ids, in whatever order they lie, once the index knows their places", async () => {
    const { store, db } = await stored();
    for (const place of ["-place", "100000 + (place * 7919) % 2503"]) {
      db.exec(`UPDATE validated_orders SET place = ${place}`);
      expect(await differencesOf(store.reads, { facts: FACTS })).toEqual(FACTS.map((_, at) => [at, MISSING]));
      expect(await store.mendIndex(false)).toBe(COUNT);
      expect(await differencesOf(store.reads, { facts: FACTS })).toEqual([]);
    }
  });

  test("are not one another's because they lie in its place", async () => {
    const { store, db } = await stored();
    const [one, two] = [idOf("id-1400"), idOf("id-1401")].map((id) => `X'${id.replaceAll("-", "")}'`);
    db.exec(`UPDATE validated_orders SET _id = X'00' WHERE _id = ${one}`);
    db.exec(`UPDATE validated_orders SET _id = ${one} WHERE _id = ${two}`);
    db.exec(`UPDATE validated_orders SET _id = ${two} WHERE _id = X'00'`);
    const gone = [1_400, 1_401].map((place) => [place, MISSING]);
    expect(await differencesOf(store.reads, { facts: FACTS })).toEqual(gone);
    expect(await store.mendIndex(false)).toBe(2);
    const told = await differencesOf(store.reads, { facts: FACTS });
    expect(holdersIn(told)).toEqual([
      [1_400, 1_401n],
      [1_401, 1_400n],
    ]);
  });

  test.each(["X'00'", "X'0123456789ABCDEF'"])("are not those of ids that are nearly theirs: by %s", async (bytes) => {
    const { store, db } = await stored();
    const changed = `CAST(substr(_id, 1, 16 - (${bytes} <> X'00') * 8) || ${bytes} AS BLOB)`;
    db.exec(`UPDATE validated_orders SET _id = ${changed} WHERE offset = 1400`);
    expect(await differencesOf(store.reads, { facts: FACTS })).toEqual([[1_400, MISSING]]);
  });

  test("are told one by one where their table has a column more", async () => {
    const { store, db } = await stored();
    db.exec("ALTER TABLE validated_orders ADD COLUMN extra TEXT");
    const more: Difference = { kind: "differs", message: "it has a column more, extra" };
    expect(await differencesOf(store.reads, { facts: FACTS })).toEqual(FACTS.map((_, place) => [place, more]));
  });

  test("may have foreign ones between them", async () => {
    const { store, db } = await stored();
    db.exec("DELETE FROM validated_orders WHERE offset BETWEEN 1400 AND 1409");
    db.exec(`INSERT INTO validated_orders (rowid, _id, payload, contract, declared, stream, offset, at)
      SELECT 1401, X'0011', payload, contract, declared, stream, 1400, at FROM validated_orders WHERE offset = 1`);
    const gone = Array.from({ length: 10 }, (_, index) => [1_400 + index, MISSING]);
    expect(await differencesOf(store.reads, { facts: FACTS })).toEqual(gone);
  });

  test.each([1, 20, 300, 1_500])("may be held by others, %i of them one behind the other", async (run) => {
    const { store } = await opened();
    const isHeld = (index: number): boolean => index % (2 * run) < run;
    // Those of before lie in an order of their own.
    await insertFacts(
      store,
      LAW_COLLECTION,
      FACTS.filter((_, index) => isHeld(index))
        .toReversed()
        .map(later),
    );
    await insertFacts(store, LAW_COLLECTION, FACTS);
    const told = await differencesOf(store.reads, { facts: FACTS });
    const held = FACTS.flatMap((_, index) => (isHeld(index) ? [[index, BigInt(index) + 100_000n] as const] : []));
    expect(holdersIn(told)).toEqual(held);
  });

  test("are told apart where their payloads are read as the same text", async () => {
    const { store, db } = await opened();
    const rows = FACTS.with(1_400, fact(1_400, '{"n":"\ufffd"}'));
    await insertFacts(store, LAW_COLLECTION, rows);
    expect(await differencesOf(store.reads, { facts: rows })).toEqual([]);
    db.exec("UPDATE validated_orders SET payload = CAST(X'7B226E223A22FF227D' AS TEXT) WHERE offset = 1400");
    expect(await differencesOf(store.reads, { facts: rows })).toEqual([[1_400, other("payload")]]);
  });

  test("may have long payloads", async () => {
    const { store, db } = await opened();
    const long = (index: number): string => `{"n":"${"x".repeat(20_000 + index)}"}`;
    const rows = FACTS.map((row, index) => (index % 50 === 0 ? fact(index, long(index)) : row));
    await insertFacts(store, LAW_COLLECTION, rows);
    expect(await differencesOf(store.reads, { facts: rows })).toEqual([]);
    db.exec("UPDATE validated_orders SET payload = replace(payload, 'x', 'y') WHERE offset = 1400");
    expect(await differencesOf(store.reads, { facts: rows })).toEqual([[1_400, other("payload")]]);
  });

  test("are told where their table keeps numbers as text", async () => {
    const { store, db } = await stored();
    remake(
      db,
      "place INTEGER PRIMARY KEY, _id BLOB, payload TEXT, contract TEXT, declared TEXT, stream INTEGER, offset INTEGER, at TEXT, erased TEXT, origin TEXT",
    );
    const told = await differencesOf(store.reads, { facts: FACTS });
    expect(told).toEqual(FACTS.map((_, place) => [place, other("at")]));
  });

  test("are compared where their table has no order, or a column that is called one", async () => {
    const { store, db } = await stored();
    const columns =
      "payload TEXT, contract TEXT, declared TEXT, stream INTEGER, offset INTEGER, at INTEGER, erased TEXT, origin TEXT";
    remake(db, `place INTEGER, _id BLOB PRIMARY KEY, ${columns}`, "WITHOUT ROWID");
    expect(await differencesOf(store.reads, { facts: FACTS })).toEqual([]);
    db.exec("ALTER TABLE validated_orders ADD COLUMN rowid INTEGER");
    const more: Difference = { kind: "differs", message: "it has a column more, rowid" };
    expect(await differencesOf(store.reads, { facts: FACTS })).toEqual(FACTS.map((_, place) => [place, more]));
  });
});

describe("failures that follow each other", () => {
  test("are as they should be, all of them and some of them", async () => {
    const { store } = await stored();
    expect(await differencesOf(store.reads, { failed: FAILED })).toEqual([]);
    const some = FAILED.filter((_, index) => index % 7 === 3);
    expect(await differencesOf(store.reads, { failed: some })).toEqual([]);
    expect(await differencesOf(store.reads, { failed: FAILED.toReversed() })).toEqual([]);
  });

  const columns = ["code", "reason", "fingerprint", "contract", "declared", "payload"] as const;
  const changes: readonly (readonly [string, string])[] = [
    ...columns.map((column) => [column, `${column} = 'x'`] as const),
    ["identity", "identity = X'00'"],
    ["identity", "identity = NULL"],
    ["payload", "payload = NULL"],
    ["payload", "payload = payload || char(0)"],
    ["payload", "payload = replace(hex(zeroblob(20000)), '0', 'x')"],
    ["raw", "raw = NULL"],
    ["raw", "raw = X'00'"],
    ["raw", "raw = zeroblob(20000)"],
    ["at", "at = 0"],
  ];
  test.each(changes)("but for one whose %s is another, by %s", async (column, change) => {
    const { store, db } = await stored();
    db.exec(`UPDATE failed_orders SET ${change} WHERE offset = 4200`);
    expect(await differencesOf(store.reads, { failed: FAILED })).toEqual([[1_400, other(column)]]);
  });

  test("but for some that are missing, and others between them", async () => {
    const { store, db } = await stored();
    db.exec("DELETE FROM failed_orders WHERE offset IN (0, 4200, 7497)");
    await insertFailed(store, LAW_COLLECTION, [failedRow(4_201n), failedRow(4_199n)]);
    const gone = [0, 1_400, 2_499].map((place) => [place, MISSING]);
    expect(await differencesOf(store.reads, { failed: FAILED })).toEqual(gone);
  });

  test("may be long", async () => {
    const { store, db } = await opened();
    const rows = FAILED.with(1_400, failed(1_400, { raw: Buffer.from(`{"n":"${"x".repeat(20_000)}"}`) }));
    await insertFailed(store, LAW_COLLECTION, rows);
    expect(await differencesOf(store.reads, { failed: rows })).toEqual([]);
    db.exec("UPDATE failed_orders SET raw = zeroblob(20008) WHERE offset = 4200");
    expect(await differencesOf(store.reads, { failed: rows })).toEqual([[1_400, other("raw")]]);
  });
});

/** The same fact, of a record that came earlier into another place. */
function later(row: ValidatedRow): ValidatedRow {
  return { ...row, position: { ...row.position, offset: row.position.offset + 100_000n } };
}

function holdersIn(told: Told): readonly (readonly [number, bigint | null])[] {
  return told.map(([place, one]) => [place, one.kind === "held" ? one.holder.position.offset : null]);
}

async function opened(): Promise<{ readonly store: Store; readonly db: DatabaseSync }> {
  const path = join(temporaryDirectory(), "store.db");
  const store = openSqliteStore({ path, collections: [LAW_COLLECTION], busyTimeoutMs: 0 });
  onTestFinished(store.close);
  expect(await noteOf(store)).toEqual(NOTE);
  const db = new DatabaseSync(path);
  onTestFinished(() => db.close());
  return { store, db };
}

async function stored(): Promise<{ readonly store: Store; readonly db: DatabaseSync }> {
  const both = await opened();
  await insertFacts(both.store, LAW_COLLECTION, FACTS);
  await insertFailed(both.store, LAW_COLLECTION, FAILED);
  return both;
}

/** Puts another table in the place of the facts', with the same rows. */
function remake(db: DatabaseSync, columns: string, options = ""): void {
  db.exec(`CREATE TABLE other (${columns}) ${options};
    INSERT INTO other SELECT * FROM validated_orders;
    DROP TABLE validated_orders;
    ALTER TABLE other RENAME TO validated_orders`);
}
