import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { audit } from "../../src/audit/audit.ts";
import type { AuditReport } from "../../src/audit/report.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { auditBothWays } from "./apart.ts";
import { openEmbedded, shipment, temporaryDirectory, type Embedded } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";

const OPTIONS = { tailMayBeIncomplete: false, findingsMax: 100, signal: new AbortController().signal };

/** Records of every kind: facts, a duplicate with other white space, a conflict, failures of each stage, three batches. */
async function settled(): Promise<Embedded> {
  const embedded = await openEmbedded();
  await embedded.append(
    shipment("A"),
    shipment("B"),
    shipment("A"),
    shipment("A").replace(",", " , "),
    shipment("B", 99),
    "{broken",
    shipment(""),
    shipment("C", 2_000),
    shipment("D"),
    '{"shipment_id":1,"shipment_id":2}',
    shipment("E"),
  );
  await embedded.settle();
  return embedded;
}

/** Changes the database file behind the gateway's back, and audits it. */
async function auditAfter(embedded: Embedded, sql: string): Promise<AuditReport> {
  await embedded.store.close();
  const path = join(embedded.directory, "store.db");
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
  const store = openSqliteStore({ path, collections: ["shipments"], busyTimeoutMs: PATIENCE_MS });
  try {
    return await auditBothWays(store.reads, OPTIONS);
  } finally {
    await store.close();
  }
}

function places(report: AuditReport): readonly string[] {
  return report.findings.map(({ code, seq, offset }) => `${code} ${seq ?? "-"}:${offset ?? "-"}`);
}

describe("audit()", () => {
  test("finds nothing in a store nobody touched, and decides every record again", async () => {
    const embedded = await settled();
    const report = await embedded.audit(true);
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({
      records: 11,
      validated: 4,
      failed: 5,
      duplicates: 2,
      redecided: 11,
      comparedWithSource: 11,
    });
  });

  test.each([
    [
      "a payload",
      "UPDATE validated_shipments SET payload = replace(payload, 'Dublin', 'Dublim') WHERE offset = 0",
      "ROW_DIFFERS 1:0",
    ],
    [
      "the white space of a payload",
      "UPDATE validated_shipments SET payload = payload || ' ' WHERE offset = 0",
      "ROW_DIFFERS 1:0",
    ],
    [
      "a failed record's bytes",
      "UPDATE failed_shipments SET raw = cast('{Broken' AS BLOB) WHERE offset = 5",
      "ROW_DIFFERS 2:5",
    ],
    ["a failed record's payload", "UPDATE failed_shipments SET payload = '{}' WHERE offset = 6", "ROW_DIFFERS 2:6"],
    [
      "a machine id",
      "UPDATE validated_shipments SET _id = CAST(X'00' || substr(_id, 2) AS BLOB) WHERE offset = 8",
      "ROW_MISSING 2:8",
    ],
    [
      "the contract of a fact",
      "UPDATE validated_shipments SET contract = 'shipment@2' WHERE offset = 1",
      "ROW_DIFFERS 1:1",
    ],
    ["the contract of a failure", "UPDATE failed_shipments SET contract = NULL WHERE offset = 6", "ROW_DIFFERS 2:6"],
    [
      "the way of declaration",
      "UPDATE validated_shipments SET declared = 'header' WHERE offset = 0",
      "ROW_DIFFERS 1:0",
    ],
    [
      "a reason",
      "UPDATE failed_shipments SET reason = replace(reason, 'minLength', 'maxLength') WHERE offset = 6",
      "ROW_DIFFERS 2:6",
    ],
    ["a reason that is no JSON", "UPDATE failed_shipments SET reason = 'x' WHERE offset = 6", "ROW_DIFFERS 2:6"],
    [
      "a reason to unexplained",
      `UPDATE failed_shipments SET code = 'unexplained', contract = NULL, declared = NULL,
        reason = '{"kind":"unexplained","engine":"1","message":"no"}' WHERE offset = 6`,
      "ROW_DIFFERS 2:6",
    ],
    ["a failure's code", "UPDATE failed_shipments SET code = 'rule' WHERE offset = 6", "ROW_DIFFERS 2:6"],
    [
      "a fingerprint",
      "UPDATE failed_shipments SET fingerprint = 'f' || substr(fingerprint, 2) || 'x' WHERE offset = 7",
      "ROW_DIFFERS 2:7",
    ],
    ["a time", "UPDATE validated_shipments SET at = at + 1 WHERE offset = 0", "ROW_DIFFERS 1:0"],
    ["a time of a failure", "UPDATE failed_shipments SET at = at + 1 WHERE offset = 5", "ROW_DIFFERS 2:5"],
    ["the stream of a fact", "UPDATE validated_shipments SET stream = 7 WHERE offset = 0", "ROW_DIFFERS 1:0"],
    ["a receipt's fact", "UPDATE sigma_receipts SET of = X'00' WHERE offset = 2", "ROW_DIFFERS 1:2"],
    ["a conflict's identity", "UPDATE failed_shipments SET identity = NULL WHERE offset = 4", "ROW_DIFFERS 1:4"],
    [
      "a conflict's holder",
      "UPDATE failed_shipments SET reason = replace(reason, 'storedDigest\":\"', 'storedDigest\":\"0') WHERE offset = 4",
      "ROW_DIFFERS 1:4",
    ],
    ["a position", "UPDATE validated_shipments SET offset = 77 WHERE offset = 8", "APPLIED 2:-"],
    ["a row removed", "DELETE FROM validated_shipments WHERE offset = 8", "ROW_MISSING 2:8"],
    ["a failure removed", "DELETE FROM failed_shipments WHERE offset = 5", "ROW_MISSING 2:5"],
    ["a receipt removed", "DELETE FROM sigma_receipts WHERE offset = 2", "ROW_MISSING 1:2"],
    ["a row of the last entry removed", "DELETE FROM validated_shipments WHERE offset = 10", "ROW_MISSING 3:10"],
    [
      "a second document for a position",
      "INSERT INTO sigma_receipts SELECT stream, offset, _id FROM validated_shipments WHERE offset = 8",
      "ROW_ORPHAN -:8",
    ],
    [
      "a second fact for a position",
      `INSERT INTO validated_shipments (_id, payload, contract, declared, stream, offset, at) SELECT CAST(X'00' || substr(_id, 2) AS BLOB), payload, contract, declared, stream, offset, at
        FROM validated_shipments WHERE offset = 8`,
      "ROW_ORPHAN -:8",
    ],
    [
      "a fact of a record that failed",
      `INSERT INTO validated_shipments (_id, payload, contract, declared, stream, offset, at) SELECT CAST(X'00' || substr(_id, 2) AS BLOB), payload, contract, declared, stream, 5, at
        FROM validated_shipments WHERE offset = 8`,
      "ROW_ORPHAN -:5",
    ],
    [
      "a row added beyond the ledger",
      `INSERT INTO validated_shipments (_id, payload, contract, declared, stream, offset, at) SELECT CAST(X'00' || substr(_id, 2) AS BLOB), payload, contract, declared, stream, 40, at
        FROM validated_shipments WHERE offset = 8`,
      "ROW_ORPHAN -:40",
    ],
    [
      "a row added to a stream nobody read",
      `INSERT INTO validated_shipments (_id, payload, contract, declared, stream, offset, at) SELECT CAST(X'00' || substr(_id, 2) AS BLOB), payload, contract, declared, 9, 8, at
        FROM validated_shipments WHERE offset = 8`,
      "ROW_ORPHAN -:8",
    ],
    ["the number of a stream removed", "DELETE FROM sigma_streams", "STREAM_UNKNOWN -:-"],
    ["the topic of a stream", "UPDATE sigma_streams SET topic = 'other'", "EVIDENCE 1:-"],
    ["the partition of a stream", "UPDATE sigma_streams SET partition = 3", "EVIDENCE 1:-"],
    ["evidence removed", "DELETE FROM sigma_evidence WHERE seq = 2", "EVIDENCE 2:-"],
    ["evidence", "UPDATE sigma_evidence SET packed = CAST(packed || X'00' AS BLOB) WHERE seq = 2", "EVIDENCE 2:-"],
    ["the outcomes of an entry", "UPDATE sigma_ledger SET outcomes = 'P5F1' WHERE seq = 2", "LEDGER_HASH 2:-"],
    ["what an entry says was applied", "UPDATE sigma_ledger SET applied = 'S5' WHERE seq = 2", "APPLIED 1:-"],
    ["the newest time of an entry", "UPDATE sigma_ledger SET newest_ms = 1 WHERE seq = 2", "LEDGER_HASH 2:-"],
    [
      "the hash of an entry",
      "UPDATE sigma_ledger SET hash = 'a' || substr(hash, 2) || 'x' WHERE seq = 2",
      "LEDGER_HASH 2:-",
    ],
    ["the note of an entry", "UPDATE sigma_ledger SET note = 'x' WHERE seq = 2", "LEDGER_HASH 2:-"],
    ["the engine of an entry", "UPDATE sigma_ledger SET engine = '0' WHERE seq = 3", "ENGINE_ORDER 3:-"],
    ["an entry removed", "DELETE FROM sigma_ledger WHERE seq = 2", "LEDGER_GAP 3:-"],
    ["the first entry removed", "DELETE FROM sigma_ledger WHERE seq = 0", "LEDGER_GAP 1:-"],
    ["the last entry removed", "DELETE FROM sigma_ledger WHERE seq = 3", "ROW_ORPHAN -:10"],
    ["a contract set", "UPDATE sigma_contract_sets SET text = replace(text, '1000.0', '9000.0')", "CONTRACT_SET -:-"],
    ["a contract set removed", "DELETE FROM sigma_contract_sets", "CONTRACT_SET 0:-"],
  ])("finds %s changed", async (_, sql, expected) => {
    const report = await auditAfter(await settled(), sql);
    expect(places(report)).toContain(expected);
  });

  test("finds an entry that was changed together with its hash by the one that follows it", async () => {
    const embedded = await settled();
    const [stream] = await embedded.store.reads.streams();
    const [entry] = await embedded.store.reads.ledger(stream ?? "", 2, 1);
    if (entry === undefined) throw new Error("there is no entry 2");
    const { entryHash } = await import("../../src/ledger/entry.ts");
    const hash = entryHash({ ...entry, note: "forged" });
    const report = await auditAfter(
      embedded,
      `UPDATE sigma_ledger SET note = 'forged', hash = '${hash}' WHERE seq = 2`,
    );
    expect(places(report)).toContain("LEDGER_LINK 3:-");
  });

  test("names the first differing offset when the log says otherwise than the store", async () => {
    const embedded = await settled();
    const other = await openEmbedded();
    const [mine] = await embedded.log.streams();
    const [theirs] = await other.log.streams();
    if (mine === undefined || theirs === undefined) throw new Error("there is no stream");
    await other.append(...Array.from({ length: 11 }, (__, n) => (n === 0 ? shipment("A") : shipment(`Z${n}`))));
    const source = {
      ...other.log,
      streams: async () => [mine],
      fetch: async (
        _: unknown,
        from: bigint,
        limits: Parameters<typeof other.log.fetch>[2],
        signal: AbortSignal,
        until?: bigint,
      ) => other.log.fetch(theirs, from, limits, signal, until),
      bounds: async () => other.log.bounds(theirs),
    };
    const report = await audit(embedded.store.reads, { ...OPTIONS, source });
    expect(places(report)[0]).toBe("SOURCE_DIFFERS 1:1");
  });

  test("that is ended while it waits for the log accuses nobody of what it did not read", async () => {
    const embedded = await settled();
    const ending = new AbortController();
    const source = {
      ...embedded.log,
      fetch: async () => {
        ending.abort();
        return { kind: "empty" } as const;
      },
    };
    const report = await audit(embedded.store.reads, { ...OPTIONS, signal: ending.signal, source });
    expect([report.findings, report.comparedWithSource, report.streams]).toEqual([[], 0, []]);
  });

  test("any single byte of the database file that still matters is found", async () => {
    const embedded = await settled();
    await embedded.store.close();
    const path = join(embedded.directory, "store.db");
    const intact = readFileSync(path);
    // Every byte of a stored payload and of a ledger hash, wherever the engine put them.
    const marks = ["Dublin", '"priority":2'].flatMap((text) => occurrences(intact, text)).slice(0, 40);
    expect(marks.length).toBeGreaterThan(10);
    for (const mark of marks) {
      const copy = join(temporaryDirectory(), "store.db");
      copyFileSync(path, copy);
      const bytes = Buffer.from(intact);
      bytes[mark] = (bytes[mark] ?? 0) ^ 1;
      writeFileSync(copy, bytes);
      const store = openSqliteStore({ path: copy, collections: ["shipments"], busyTimeoutMs: PATIENCE_MS });
      const report = await audit(store.reads, OPTIONS);
      await store.close();
      expect(report.findingsTotal).toBeGreaterThan(0);
    }
  });
});

function occurrences(bytes: Buffer, text: string): readonly number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) found.push(at);
  return found;
}
