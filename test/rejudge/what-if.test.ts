import { truncateSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import type { Store } from "../../src/store/store.ts";
import { temporaryDirectory } from "../embedded.ts";
import { ask, openLog, parcel, PARCEL_COLLECTIONS, send, SET, settle, V2, whatIfLaws } from "./what-if-laws.ts";
import { PATIENCE_MS } from "../patience.ts";

async function openStore(path = join(temporaryDirectory(), "store.db"), readOnly = false): Promise<Store> {
  const store = openSqliteStore({ path, readOnly, collections: PARCEL_COLLECTIONS, busyTimeoutMs: PATIENCE_MS });
  onTestFinished(store.close);
  return store;
}

whatIfLaws("a SQLite store", openStore);

describe("what a what-if cannot judge", () => {
  /** Ten parcels, some of them in other words, in a store whose file was changed by somebody. @param recordsMax of an entry. */
  async function changed(
    sql: string,
    texts: Readonly<Record<number, string>> = {},
    recordsMax = 5,
  ): Promise<{ readonly store: Store; readonly log: ReturnType<typeof openLog> }> {
    const path = join(temporaryDirectory(), "store.db");
    const log = openLog();
    const store = await openStore(path);
    await send(
      log,
      Array.from({ length: 10 }, (_, n) => (texts[n] === undefined ? parcel(`p${n}`, 5) : { text: texts[n] })),
    );
    await settle(log, store, SET, recordsMax);
    const db = new DatabaseSync(path);
    db.exec(sql);
    db.close();
    return { store, log };
  }

  test("is counted by the reason, and never guessed", async () => {
    // Of five entries one lost its evidence, one was not to keep it, one has the evidence of another, and one says wrongly that "{" passed.
    const gone = await changed(
      `
      DELETE FROM sigma_evidence WHERE seq IN (1, 2);
      UPDATE sigma_ledger SET note = 'evidence: drop' WHERE seq = 2;
      UPDATE sigma_evidence SET packed = (SELECT packed FROM sigma_evidence WHERE seq = 5) WHERE seq = 3;
      UPDATE sigma_ledger SET outcomes = 'P2' WHERE seq = 4`,
      { 6: "{" },
      2,
    );
    const { coverage, flips } = await ask(gone.store, V2);
    expect(coverage).toMatchObject({
      decided: 10,
      redecided: 3,
      notRedecided: { bytesNotKept: 2, unreadable: 1, notInLog: 0, notStored: 4 },
    });
    expect(flips.counts.passToPass).toBe(3);
  });

  test("is everything a contract set decided that can no longer be read", async () => {
    const { store } = await changed(
      "INSERT INTO sigma_contract_sets SELECT 'other', text FROM sigma_contract_sets; UPDATE sigma_contract_sets SET text = text || ' '",
    );
    // Nothing says any more which topics carried the subject.
    expect((await ask(store, V2)).coverage).toMatchObject({ decided: 0, redecided: 0 });
  });

  test("is what the log no longer holds, when the log is read", async () => {
    const { store, log } = await changed("");
    await send(log, [parcel("q", 50)]);
    await settle(log, store);
    const db = new DatabaseSync(log.path);
    db.exec("DELETE FROM log_batches WHERE base_offset = 0");
    db.close();
    const report = await ask(store, V2, {}, log);
    expect(report.coverage).toMatchObject({ decided: 11, redecided: 1, notRedecided: { notInLog: 10 } });
    expect(report.flips.counts).toMatchObject({ passToPass: 0, passToFail: 1 });
  });

  test("what another engine decided is held to the strict boundary again", async () => {
    const { store } = await changed(
      "UPDATE sigma_ledger SET engine = '0'; UPDATE sigma_ledger SET outcomes = 'P5' WHERE seq = 1",
      { 2: '{"id":"a","id":"b","kg":5}' },
    );
    const { flips } = await ask(store, V2);
    expect(flips.counts).toMatchObject({ passToPass: 9, passToFail: 1 });
    expect(flips.fingerprints[0]?.cause).toBe("malformed-duplicate-key");
  });

  test("a store that is not there is unavailable, never an empty history", async () => {
    const path = join(temporaryDirectory(), "store.db");
    const store = await openStore(path);
    await store.putContractSet("sha256:x", "{}");
    await store.close();
    truncateSync(path, 4_096);
    await expect(openStore(path, true).then(async (damaged) => ask(damaged, V2))).rejects.toBeInstanceOf(Unavailable);
  });

  test("beside a gateway that writes, reads what is committed", async () => {
    const path = join(temporaryDirectory(), "store.db");
    const log = openLog();
    const writer = await openStore(path);
    await send(log, [parcel("a", 1), parcel("b", 20)]);
    await settle(log, writer);
    const reader = await openStore(path, true);
    expect((await ask(reader, V2)).flips.counts).toMatchObject({ passToPass: 1, passToFail: 1 });
    await send(log, [parcel("c", 30)]);
    await settle(log, writer);
    expect((await ask(reader, V2)).flips.counts).toMatchObject({ passToPass: 1, passToFail: 2 });
  });
});
