import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import type { Store } from "../../../src/store/store.ts";
import { temporaryDirectory } from "../../embedded.ts";
import { insertFacts, LAW_COLLECTION, noteOf, validatedRow } from "../rows.ts";

const FACTS = `validated_${LAW_COLLECTION}`;
const IDS = `sigma_ids_${LAW_COLLECTION}`;
const RUNS = `sigma_id_runs_${LAW_COLLECTION}`;

function open(path: string, readOnly: boolean, collections: readonly string[] = [LAW_COLLECTION]): Store {
  const store = openSqliteStore({ path, readOnly, collections, busyTimeoutMs: 1_000 });
  onTestFinished(store.close);
  return store;
}

/** A closed file with one fact, in which these statements were carried out. */
async function changed(sql: string): Promise<string> {
  const path = join(temporaryDirectory(), "store.db");
  const store = open(path, false);
  await noteOf(store);
  await insertFacts(store, LAW_COLLECTION, [validatedRow("fact", 0n)]);
  await store.close();
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
  return path;
}

describe("a store is refused", () => {
  test.each([
    ["whose ledger is gone", "DROP TABLE sigma_ledger", "table sigma_ledger is missing"],
    ["in whose index another table is", `DROP TABLE ${IDS}; CREATE TABLE ${IDS} (id, place)`, `table ${IDS} has other`],
    ["whose facts lack a column", `ALTER TABLE ${FACTS} DROP COLUMN origin`, `table ${FACTS} has other columns`],
    [
      "whose facts are a view",
      `ALTER TABLE ${FACTS} RENAME TO others; CREATE VIEW ${FACTS} AS SELECT * FROM others`,
      `${FACTS} is a view`,
    ],
    [
      "whose index is a view",
      `DROP TABLE ${IDS}; CREATE VIEW ${IDS} AS SELECT _id AS id, place FROM ${FACTS}`,
      `${IDS} is a view`,
    ],
    [
      "with a trigger",
      `CREATE TRIGGER twice AFTER INSERT ON ${RUNS} BEGIN DELETE FROM ${RUNS}; END`,
      `somebody added the trigger "twice"`,
    ],
    [
      "with a unique index of somebody else",
      `CREATE UNIQUE INDEX once ON ${FACTS} (payload)`,
      `somebody added the unique index "once" to ${FACTS}`,
    ],
  ])("%s, by whoever reads it and by whoever writes into it", async (_, sql, message) => {
    const path = await changed(sql);
    for (const readOnly of [true, false]) {
      expect(() => open(path, readOnly)).toThrow(
        expect.objectContaining({
          code: "STORE_CORRUPT",
          message: expect.stringContaining(message) as string,
        }) as Error,
      );
    }
  });

  test("by whoever reads it where its index was dropped, until somebody who writes made it anew", async () => {
    for (const name of [IDS, RUNS]) {
      const path = await changed(`DROP TABLE ${name}`);
      expect(() => open(path, true)).toThrow(
        expect.objectContaining({
          code: "STORE_CORRUPT",
          remedy: expect.stringContaining("store repair") as string,
        }) as Error,
      );
      // Also where the collection is that of no contract any more.
      const written = open(path, false, ["others"]);
      expect(await written.reads.integrity()).toEqual([]);
      expect(await insertFacts(written, LAW_COLLECTION, [validatedRow("fact", 1n)])).toEqual(["exists"]);
    }
  });
});

test("what somebody added for reading, and what a gateway adds to a file of before, is left alone", async () => {
  const path = await changed(`CREATE VIEW totals AS SELECT count(*) FROM ${FACTS}; CREATE INDEX mine ON ${FACTS} (at);
    DROP TABLE sigma_volume; DROP TABLE sigma_group_days; ALTER TABLE failed_${LAW_COLLECTION} DROP COLUMN origin`);
  expect(await open(path, true).reads.integrity()).toEqual([]);
  expect(await open(path, false).reads.integrity()).toEqual([]);
});
