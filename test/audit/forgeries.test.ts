import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import type { AuditOptions, AuditReport } from "../../src/audit/report.ts";
import { unfrozenIn } from "../../src/audit/contracts.ts";
import { decide, ENGINE } from "../../src/core/decide.ts";
import { sealContractSet } from "../../src/core/contract-set.ts";
import { createLookup } from "../../src/gateway/lookup.ts";
import { entryFor } from "../../src/gateway/decided.ts";
import { EVIDENCE_DROPPED, type LedgerEntry } from "../../src/ledger/entry.ts";
import { outcomeRoot } from "../../src/ledger/proof.ts";
import { NOTHING_APPLIED } from "../../src/gateway/resolution.ts";
import { indexFacts } from "../../src/store/sqlite/fact-index.ts";
import { bindEntry } from "../../src/store/sqlite/rows.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { auditBothWays } from "./apart.ts";
import { rewrite } from "./rewrite.ts";
import { openEmbedded, shipment, shipmentContracts, type Embedded } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";

// Forgeries by somebody who may write all of the store. Each is complete in itself: hashes are made again where there are any.

const OPTIONS = { tailMayBeIncomplete: false, findingsMax: 100, signal: new AbortController().signal };

/** Offsets 0 to 10: A, B, A again twice, B with other content, three failures, C, a failure, D; entries of five records. */
async function settled(): Promise<Embedded> {
  const embedded = await openEmbedded();
  await embedded.append(
    shipment("A"),
    shipment("B"),
    shipment("A"),
    shipment("A").replace(",", " , "),
    shipment("B", 99),
  );
  await embedded.append("{broken", shipment(""), shipment("C", 2_000), shipment("C"), "[]", shipment("D"));
  await embedded.settle();
  expect((await embedded.audit(true)).findings).toEqual([]);
  return embedded;
}

/** Changes the file as its owner could, and audits it. */
async function auditAfter(
  embedded: Embedded,
  forge: (db: DatabaseSync) => void,
  options: Partial<AuditOptions> = {},
): Promise<readonly string[]> {
  await embedded.store.close();
  const path = join(embedded.directory, "store.db");
  const db = new DatabaseSync(path);
  forge(db);
  db.close();
  const store = openSqliteStore({ path, collections: ["shipments"], busyTimeoutMs: PATIENCE_MS });
  try {
    return placesOf(await auditBothWays(store.reads, { ...OPTIONS, ...options }));
  } finally {
    await store.close();
  }
}

function placesOf(report: AuditReport): readonly string[] {
  return report.findings.map(({ code, seq, offset }) => `${code} ${seq ?? "-"}:${offset ?? "-"}`);
}

async function entriesOf({ store }: Embedded): Promise<readonly LedgerEntry[]> {
  const [stream = ""] = await store.reads.streams();
  return store.reads.ledger(stream, 0, 100);
}

describe("an audit names a forgery by somebody who may write all of the store", () => {
  test("the winner of a conflict is the other record", async () => {
    const embedded = await settled();
    const found = await auditAfter(embedded, (db) => {
      const other = shipment("B", 99);
      db.prepare("UPDATE validated_shipments SET payload = ?, offset = 4 WHERE offset = 1").run(other);
      db.exec("UPDATE failed_shipments SET offset = 1 WHERE offset = 4");
    });
    expect(found).toEqual(expect.arrayContaining(["ROW_DIFFERS 1:1", "APPLIED 1:-"]));
  });

  test("which of two duplicates is the fact", async () => {
    const embedded = await settled();
    const found = await auditAfter(embedded, (db) => {
      db.exec("UPDATE validated_shipments SET offset = 2 WHERE offset = 0");
      db.exec("UPDATE sigma_receipts SET offset = 0 WHERE offset = 2");
    });
    expect(found).toEqual(expect.arrayContaining(["ROW_DIFFERS 1:0", "APPLIED 1:-"]));
  });

  test.each(["unexplained", "store-rejected"])("a duplicate becomes a failure that is %s", async (kind) => {
    const embedded = await settled();
    const found = await auditAfter(embedded, (db) => {
      db.exec("DELETE FROM sigma_receipts WHERE offset = 2");
      const reason = JSON.stringify({ kind, engine: "1", message: "no" });
      db.prepare(
        `INSERT INTO failed_shipments SELECT stream, 2, ?, ?, fingerprint, NULL, NULL, NULL, NULL, raw, at, NULL, NULL
          FROM failed_shipments WHERE offset = 5`,
      ).run(kind, reason);
    });
    expect(found).toContain("ROW_MISSING 1:2");
  });

  test("the last entry was decided by an engine of before, and a FAILED record PASSED", async () => {
    const embedded = await settled();
    await embedded.append(shipment("E", 5_000));
    await embedded.settle();
    const entries = await entriesOf(embedded);
    const tail = entries.at(-1);
    if (tail === undefined) throw new Error("there is no tail");
    expect(tail.outcomes).toBe("F1");
    const [passed] = idsOf([shipment("E")]);
    const root = outcomeRoot([{ offset: tail.from, outcome: "P", id: passed ?? "" }]);
    for (const [engine, expected] of [
      ["1", "ENGINE_ORDER 4:-"],
      [ENGINE, "OUTCOME 4:11"],
    ] as const) {
      const copy = await settled();
      await copy.append(shipment("E", 5_000));
      await copy.settle();
      const own = await entriesOf(copy);
      const found = await auditAfter(copy, (db) => {
        db.exec("DELETE FROM failed_shipments WHERE offset = 11");
        rewrite(db, own.with(own.length - 1, { ...(own.at(-1) as LedgerEntry), engine, outcomes: "P1", root }));
      });
      expect(found).toContain(expected);
    }
  });

  test("evidence is called dropped", async () => {
    const embedded = await settled();
    const entries = await entriesOf(embedded);
    const last = entries.length - 1;
    const found = await auditAfter(embedded, (db) => {
      db.prepare("DELETE FROM sigma_evidence WHERE seq = ?").run(last);
      rewrite(db, entries.with(last, { ...(entries.at(-1) as LedgerEntry), note: EVIDENCE_DROPPED }));
    });
    expect(found).toContain(`EVIDENCE ${last}:-`);
  });

  test("the store is made anew under a contract that lets more pass", async () => {
    const forged = shipmentContracts(9_000);
    const embedded = await openEmbedded();
    await embedded.append(shipment("A"), shipment("H", 5_000));
    await embedded.settle({ contracts: () => forged });
    expect((await embedded.audit(true)).findings).toEqual([]);
    const version = shipmentContracts().bySubject.get("shipment")?.versions.get(1);
    const frozen = [{ subject: "shipment", version: 1, digest: version?.ref.digest ?? "" }];
    expect(await auditAfter(embedded, () => undefined, { frozen })).toEqual(["CONTRACT_SET -:-"]);
  });

  test("the forged contract says that it has the digest of the true one", async () => {
    const { text } = shipmentContracts(9_000);
    const version = shipmentContracts().bySubject.get("shipment")?.versions.get(1);
    const claimed = text.replace(/"digest":"[^"]+"/, `"digest":"${version?.ref.digest}"`);
    expect(claimed).not.toBe(text);
    const sealed = sealContractSet(JSON.parse(claimed) as Parameters<typeof sealContractSet>[0]);
    const frozen = [{ subject: "shipment", version: 1, digest: version?.ref.digest ?? "" }];
    expect(unfrozenIn(sealed.digest, sealed.text, frozen)).toHaveLength(1);
    const honest = shipmentContracts();
    expect(unfrozenIn(honest.digest, honest.text, frozen)).toEqual([]);
  });

  test("an id is taken out of the index, so that its record could be stored once more", async () => {
    const found = await auditAfter(await settled(), (db) => {
      db.exec(
        "DELETE FROM sigma_ids_shipments; UPDATE sigma_id_runs_shipments SET ids = substr(ids, 17), place = 2 WHERE run = 0",
      );
    });
    expect(found).toContain("STORE_DAMAGED -:-");
  });

  test("a fact is stored a second time, under another position", async () => {
    const columns = "_id, payload, contract, declared, stream";
    const found = await auditAfter(await settled(), (db) => {
      db.exec(
        `INSERT INTO validated_shipments (${columns}, offset, at) SELECT ${columns}, 99, at FROM validated_shipments WHERE offset = 0`,
      );
    });
    expect(found).toContain("STORE_DAMAGED -:-");
  });

  test("a whole stream is invented", async () => {
    const embedded = await settled();
    const other = await openEmbedded();
    await other.append(shipment("INVENTED"));
    await other.settle();
    const chain = await entriesOf(other);
    const [row] = await createLookup(other.store.reads).rows(chain[0]?.stream ?? "", 0n, 1n);
    const packed = await other.store.evidenceOf(chain[0]?.stream ?? "", 1);
    expect([row?.kind, packed === null]).toEqual(["validated", false]);
    const found = await auditAfter(
      embedded,
      (db) => {
        const stream = chain[0]?.stream ?? "";
        db.prepare("INSERT INTO sigma_streams VALUES (2, ?, 'shipments', 0)").run(stream);
        for (const entry of chain) {
          const values = bindEntry(entry);
          db.prepare(`INSERT INTO sigma_ledger VALUES (${values.map(() => "?").join(", ")})`).run(...values);
        }
        db.prepare("INSERT INTO sigma_evidence VALUES (?, 1, ?)").run(stream, packed);
        db.exec(`ATTACH '${join(other.directory, "store.db")}' AS other`);
        db.exec(`INSERT INTO validated_shipments (_id, payload, contract, declared, stream, offset, at) SELECT _id, payload, contract, declared, 2, offset, at
          FROM other.validated_shipments`);
        indexFacts(db, "shipments");
      },
      { source: embedded.log },
    );
    expect(found).toEqual(["STREAM_UNKNOWN -:-"]);
  });

  test("the last entry is followed by one that its gateway never wrote", async () => {
    const embedded = await settled();
    const entries = await entriesOf(embedded);
    const tail = entries.at(-1) as LedgerEntry;
    const nothing = { count: 0, outcomes: "", newestMs: 0, root: outcomeRoot([]), evidence: "" };
    const terms = { contractSet: tail.contractSet, resolved: NOTHING_APPLIED, evidence: "keep" } as const;
    const found = await auditAfter(embedded, (db) =>
      rewrite(db, [...entries, entryFor(tail, { from: tail.to, to: tail.to }, nothing, terms)]),
    );
    // What the tail did is known: an entry behind it has to say so.
    expect(found).toEqual([`APPLIED ${tail.seq}:-`]);
  });
});

/** Machine ids of payloads that pass. */
function idsOf(payloads: readonly string[]): readonly string[] {
  const set = shipmentContracts();
  return payloads.map((text) => {
    const decision = decide({ topic: "shipments", headers: [], value: Buffer.from(text) }, set);
    return decision.status === "PASSED" ? decision.id : "";
  });
}
