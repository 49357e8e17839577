import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { audit, type AuditReport } from "../../src/audit/audit.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
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
    return await audit(store.reads, OPTIONS);
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
      "UPDATE validated_shipments SET raw = cast(replace(raw, 'Dublin', 'Dublim') AS BLOB) WHERE offset = 0",
      "RAW_HASH 1:0",
    ],
    ["a failed payload", "UPDATE failed_shipments SET raw = cast('{Broken' AS BLOB) WHERE offset = 5", "RAW_HASH 2:5"],
    ["a machine id", "UPDATE validated_shipments SET _id = replace(_id, '-', '_') WHERE offset = 8", "ROW_DIFFERS 2:8"],
    ["the contract of a fact", "UPDATE validated_shipments SET version = 2 WHERE offset = 1", "ROW_DIFFERS 1:1"],
    [
      "the digest of a contract",
      "UPDATE failed_shipments SET contract_digest = 'sha256:0' WHERE offset = 6",
      "ROW_DIFFERS 2:6",
    ],
    [
      "the way of declaration",
      "UPDATE validated_shipments SET declared_by = 'header' WHERE offset = 0",
      "ROW_DIFFERS 1:0",
    ],
    [
      "a way of declaration that is none",
      "UPDATE validated_shipments SET declared_by = 'x' WHERE offset = 0",
      "ROW_UNREADABLE 1:0",
    ],
    [
      "a reason",
      "UPDATE failed_shipments SET reason = replace(reason, 'minLength', 'maxLength') WHERE offset = 6",
      "ROW_DIFFERS 2:6",
    ],
    ["a reason that is no JSON", "UPDATE failed_shipments SET reason = 'x' WHERE offset = 6", "ROW_UNREADABLE 2:6"],
    ["a failure's code", "UPDATE failed_shipments SET code = 'rule' WHERE offset = 6", "ROW_UNREADABLE 2:6"],
    [
      "a fingerprint",
      "UPDATE failed_shipments SET fingerprint = 'f' || substr(fingerprint, 2) || 'x' WHERE offset = 7",
      "ROW_DIFFERS 2:7",
    ],
    ["a time", "UPDATE validated_shipments SET timestamp_ms = timestamp_ms + 1 WHERE offset = 0", "RAW_ROOT 1:-"],
    ["a key", "UPDATE validated_shipments SET key = x'00' WHERE offset = 0", "RAW_ROOT 1:-"],
    [
      "a raw hash with its bytes",
      "UPDATE validated_shipments SET raw_hash = '-', raw = NULL WHERE offset = 0",
      "ROW_DIFFERS 1:0",
    ],
    ["a receipt's holder", "UPDATE sigma_receipts SET stored_at = 'x' WHERE offset = 2", "ROW_DIFFERS 1:2"],
    ["a receipt's fact", "UPDATE sigma_receipts SET duplicate_of = 'x' WHERE offset = 2", "ROW_DIFFERS 1:2"],
    ["a receipt's id", "UPDATE sigma_receipts SET _id = 'x' WHERE offset = 2", "ROW_DIFFERS 1:2"],
    [
      "a receipt's payload",
      "UPDATE sigma_receipts SET raw = cast(replace(raw, 'A', 'B') AS BLOB) WHERE offset = 3",
      "RAW_HASH 1:3",
    ],
    [
      "a conflict's holder",
      "UPDATE failed_shipments SET reason = replace(reason, 'storedDigest\":\"', 'storedDigest\":\"0') WHERE offset = 4",
      "ROW_DIFFERS 1:4",
    ],
    ["a conflict's machine id", "UPDATE failed_shipments SET machine_id = NULL WHERE offset = 4", "ROW_OUTCOME 1:4"],
    ["a position", "UPDATE validated_shipments SET offset = 77 WHERE offset = 8", "ROW_MISSING 2:8"],
    ["a row removed", "DELETE FROM validated_shipments WHERE offset = 8", "ROW_MISSING 2:8"],
    ["a failure removed", "DELETE FROM failed_shipments WHERE offset = 5", "ROW_MISSING 2:5"],
    ["a receipt removed", "DELETE FROM sigma_receipts WHERE offset = 2", "ROW_MISSING 1:2"],
    ["a row of the last entry removed", "DELETE FROM validated_shipments WHERE offset = 10", "ROW_MISSING 3:10"],
    [
      "a second object for a position",
      "INSERT INTO sigma_receipts SELECT _id, stream, topic, partition, offset, timestamp_ms, key, headers, raw, raw_hash, subject, version, contract_digest, declared_by, 'shipments', _id, 'x' FROM validated_shipments WHERE offset = 8",
      "ROW_TWICE 2:8",
    ],
    [
      "a second fact for a position",
      "INSERT INTO validated_shipments SELECT 'x', stream, topic, partition, offset, timestamp_ms, key, headers, raw, raw_hash, subject, version, contract_digest, declared_by FROM validated_shipments WHERE offset = 8",
      "ROW_TWICE 2:8",
    ],
    [
      "a row added beyond the ledger",
      "INSERT INTO validated_shipments SELECT 'x', stream, topic, partition, 40, timestamp_ms, key, headers, raw, raw_hash, subject, version, contract_digest, declared_by FROM validated_shipments WHERE offset = 8",
      "ROW_ORPHAN -:40",
    ],
    [
      "a row added to a stream nobody read",
      "INSERT INTO validated_shipments SELECT 'x', 'other', topic, partition, 8, timestamp_ms, key, headers, raw, raw_hash, subject, version, contract_digest, declared_by FROM validated_shipments WHERE offset = 8",
      "ROW_ORPHAN -:8",
    ],
    ["the outcomes of an entry", "UPDATE sigma_ledger SET outcomes = 'P5F1' WHERE seq = 2", "LEDGER_HASH 2:-"],
    [
      "the hash of an entry",
      "UPDATE sigma_ledger SET hash = 'a' || substr(hash, 2) || 'x' WHERE seq = 2",
      "LEDGER_HASH 2:-",
    ],
    ["the note of an entry", "UPDATE sigma_ledger SET note = 'x' WHERE seq = 2", "LEDGER_HASH 2:-"],
    ["the engine of an entry", "UPDATE sigma_ledger SET engine = '0' WHERE seq = 3", "LEDGER_HASH 3:-"],
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
    const { entryHash } = await import("../../src/store/ledger.ts");
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

  test("any single byte of the database file that still matters is found", async () => {
    const embedded = await settled();
    await embedded.store.close();
    const path = join(embedded.directory, "store.db");
    const intact = readFileSync(path);
    // Every byte of a stored payload and of a ledger hash, wherever the engine put them.
    const marks = ["Dublin", '"priority":2', "SHIP"].flatMap((text) => occurrences(intact, text)).slice(0, 40);
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
