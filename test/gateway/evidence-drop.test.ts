import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import type { IngestDeps } from "../../src/gateway/ingest-deps.ts";
import { EVIDENCE_DROPPED } from "../../src/ledger/entry.ts";
import { openEmbedded, shipment, type Embedded } from "../embedded.ts";

const DROP: Partial<IngestDeps> = { evidence: "drop" };

/** Two entries: five records and two, the last one broken, a duplicate of the first before it. */
async function decided(): Promise<Embedded> {
  const embedded = await openEmbedded();
  await embedded.append(...["A", "B", "C", "D", "E", "A"].map((id) => shipment(id)), "{broken");
  await embedded.settle(DROP);
  return embedded;
}

/** Seqs of the entries whose evidence is there. */
async function withEvidence({ store, log }: Embedded): Promise<readonly number[]> {
  const [stream] = await log.streams();
  const entries = await store.reads.ledger(stream?.id ?? "", 0, 100);
  const kept = await Promise.all(entries.map(async (entry) => store.reads.evidenceAt(entry.stream, entry.seq)));
  return entries.filter((_, index) => kept[index] !== null).map(({ seq }) => seq);
}

function inStore({ directory }: Embedded, work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(join(directory, "store.db"));
  work(db);
  db.close();
}

describe("with evidence: drop", () => {
  test("the records of an entry are forgotten once the next one is applied, and no earlier", async () => {
    const embedded = await decided();
    expect(await withEvidence(embedded)).toEqual([2]);
    expect((await embedded.rows()).map(({ position, kind }) => [position.offset, kind])).toEqual([
      [5n, "receipt"],
      [6n, "failed"],
    ]);
    await embedded.append(shipment("F"));
    await embedded.settle(DROP);
    expect(await withEvidence(embedded)).toEqual([3]);
    expect(await embedded.store.reads.tally()).toEqual({ validated: 6, failed: 1, receipts: 1 });
  });

  test("the last entry is redone from its evidence, and stays where it was when nothing was lost", async () => {
    const embedded = await decided();
    // As if it had died between the ledger and the documents.
    inStore(embedded, (db) => db.exec("DELETE FROM sigma_receipts; DELETE FROM failed_shipments"));
    await embedded.settle(DROP);
    expect(await embedded.store.reads.tally()).toEqual({ validated: 5, failed: 1, receipts: 1 });
    expect(await withEvidence(embedded)).toEqual([2]);
    expect((await embedded.audit(true)).findings).toEqual([]);
  });

  test("whoever died before it forgot the entry before leaves that to the next", async () => {
    const embedded = await decided();
    inStore(embedded, (db) =>
      db.exec("INSERT INTO sigma_evidence SELECT stream, 1, packed FROM sigma_evidence WHERE seq = 2"),
    );
    expect(await withEvidence(embedded)).toEqual([1, 2]);
    await embedded.settle(DROP);
    expect(await withEvidence(embedded)).toEqual([2]);
  });

  test("the audit counts the records without evidence, decides the others again and finds nothing", async () => {
    const embedded = await decided();
    const counts = { records: 7, withoutEvidence: 5, redecided: 2, findings: [] };
    expect(await embedded.audit(true)).toMatchObject({ ...counts, comparedWithSource: 2 });
    expect(await embedded.audit(false)).toMatchObject({ ...counts, comparedWithSource: null });
  });

  test("evidence that was to be kept, or is that of the last entry, is missed", async () => {
    const embedded = await openEmbedded();
    await embedded.append(...["A", "B", "C", "D", "E"].map((id) => shipment(id)));
    await embedded.settle();
    await embedded.append(shipment("F"));
    await embedded.settle(DROP);
    expect(await withEvidence(embedded)).toEqual([1, 2]);
    inStore(embedded, (db) => db.exec("DELETE FROM sigma_evidence"));
    expect((await embedded.audit()).findings.map(({ code, seq }) => [code, seq])).toEqual([
      ["EVIDENCE", 1],
      ["EVIDENCE", 2],
    ]);
    const gateway = await embedded.settle(DROP);
    expect(gateway.streams()[0]?.trouble).toMatchObject({ code: "EVIDENCE_DAMAGED" });
  });

  test("that it is to be forgotten is in the chain: kept entries cannot be said to have been dropped", async () => {
    const embedded = await openEmbedded();
    await embedded.append(shipment("A"));
    await embedded.settle();
    await embedded.append(shipment("B"));
    await embedded.settle();
    inStore(embedded, (db) => {
      db.prepare("UPDATE sigma_ledger SET note = ? WHERE seq = 1").run(EVIDENCE_DROPPED);
      db.exec("DELETE FROM sigma_evidence WHERE seq = 1");
    });
    expect((await embedded.audit()).findings.map(({ code, seq }) => [code, seq])).toContainEqual(["LEDGER_HASH", 1]);
  });
});
