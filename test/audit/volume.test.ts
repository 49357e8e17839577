import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { openCounted } from "../../src/audit/counted.ts";
import { COUNTED, GENESIS, sealEntry, SUCCEEDS } from "../../src/ledger/entry.ts";
import { proofOfNothing } from "../../src/ledger/proof.ts";
import { openEmbedded, shipment, type Embedded } from "../embedded.ts";
import { rewrite } from "./rewrite.ts";

const SENT_MS = 1_700_000_000_000;

const INIT = sealEntry({
  stream: "a",
  seq: 0,
  kind: "INIT",
  prevHash: GENESIS,
  from: 0n,
  to: 0n,
  ...proofOfNothing(),
  contractSet: "",
  engine: "3",
  note: COUNTED,
});

/** Offsets 0 to 8: A, B, A again, B with other content, two failures, C twice, D; entries of five records. */
async function settled(changes: Parameters<Embedded["settle"]>[0] = {}): Promise<Embedded> {
  const embedded = await openEmbedded();
  await embedded.append(shipment("A"), shipment("B"), shipment("A"), shipment("B", 99), "{broken");
  await embedded.append(shipment(""), shipment("C"), shipment("C"), shipment("D"));
  await embedded.settle(changes);
  return embedded;
}

async function counted({ store }: Embedded): Promise<Readonly<Record<string, number>>> {
  const counters = await store.reads.volumeCounters(1);
  return Object.fromEntries(counters.map(({ kind, version, count }) => [`${kind} ${version ?? "-"}`, count]));
}

async function findingsAfter(embedded: Embedded, change: string): Promise<readonly string[]> {
  changeFile(embedded, (db) => db.exec(change));
  return (await embedded.audit(false)).findings.map(({ code, message }) => `${code}: ${message}`);
}

function changeFile({ directory }: Embedded, change: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(join(directory, "store.db"));
  change(db);
  db.close();
}

/** As a program left it that did not count: the first entry of the stream does not say that it is counted. */
async function settledUncounted(): Promise<Embedded> {
  const embedded = await settled();
  const [stream = ""] = await embedded.store.reads.streams();
  const [first, ...others] = await embedded.store.reads.ledger(stream, 0, 100);
  if (first === undefined) throw new Error("there is no entry");
  changeFile(embedded, (db) => {
    rewrite(db, [{ ...first, note: "" }, ...others]);
    db.exec("DELETE FROM sigma_volume");
  });
  return embedded;
}

describe("the volume of a stream", () => {
  test("is counted by what became of each record, and the audit agrees", async () => {
    const embedded = await settled();
    expect(await counted(embedded)).toEqual({
      "passed 1": 7,
      "failed 1": 2,
      "redelivery 1": 2,
      "conflict 1": 1,
    });
    const [counter] = await embedded.store.reads.volumeCounters(1);
    expect(counter).toMatchObject({ subject: "shipment", hour: Math.floor(SENT_MS / 3_600_000), producer: null });
    expect((await embedded.audit(true)).findings).toEqual([]);
  });

  test("differs from its records: the audit names the counter", async () => {
    const key = `${Math.floor(SENT_MS / 3_600_000)}/passed/shipment@1`;
    expect(await findingsAfter(await settled(), "UPDATE sigma_volume SET count = 9 WHERE kind = 'passed'")).toEqual([
      `VOLUME: volume ${key} counts 9 records, and there are 7`,
    ]);
    const moved = "UPDATE sigma_volume SET producer = 'erp' WHERE kind = 'passed'";
    expect(await findingsAfter(await settled(), moved)).toEqual([
      `VOLUME: volume ${key}/erp counts 7 records, and there are 0`,
      `VOLUME: volume ${key} counts 0 records, and there are 4`,
    ]);
  });

  test("is compared with the letters of the ledger where the evidence was dropped", async () => {
    const embedded = await settled({ evidence: "drop" });
    expect((await embedded.audit(false)).findings).toEqual([]);
    const change = "UPDATE sigma_volume SET count = count + 1 WHERE kind IN ('conflict', 'failed') AND version = 1";
    expect(await findingsAfter(embedded, change)).toEqual([
      "VOLUME: volume counts 2 records as conflict, and there are 1",
      "VOLUME: volume counts 3 records as failed, and there are 2",
    ]);
  });

  test("may begin later than its stream: what was decided before is not missed", async () => {
    const embedded = await settledUncounted();
    expect((await embedded.audit(true)).findings).toEqual([]);
    await embedded.append(shipment("E"), shipment("A"));
    // The tail is redone, and so counted.
    await embedded.settle();
    expect(await embedded.store.reads.volumeStarts()).toEqual([{ stream: 1, first: 2 }]);
    expect(await counted(embedded)).toEqual({ "passed 1": 5, "failed 1": 1, "redelivery 1": 2 });
    expect((await embedded.audit(true)).findings).toEqual([]);
  });

  test("is missed where its stream says that it is counted: all of it, what is before an entry, or a part of it", async () => {
    const hour = Math.floor(SENT_MS / 3_600_000);
    const all = ["passed", "failed", "redelivery", "conflict"].map((kind) => `volume ${hour}/${kind}/shipment@1`);
    expect(await findingsAfter(await settled(), "DELETE FROM sigma_volume")).toEqual([
      `VOLUME: ${all[0]} counts 0 records, and there are 4`,
      `VOLUME: ${all[1]} counts 0 records, and there are 1`,
      `VOLUME: ${all[2]} counts 0 records, and there are 1`,
      `VOLUME: ${all[3]} counts 0 records, and there are 1`,
    ]);
    const later = "UPDATE sigma_volume SET first = 2, count = 3 WHERE kind = 'passed'";
    expect(await findingsAfter(await settled(), later)).toEqual([
      `VOLUME: ${all[0]} counts 3 records, and there are 7`,
    ]);
    expect(await findingsAfter(await settled(), "UPDATE sigma_volume SET first = 2 WHERE kind = 'passed'")).toEqual([
      `VOLUME: ${all[0]} begins with entry 2, and its records with entry 1`,
    ]);
  });

  test("is counted up to an entry that there is, and of a stream that there is", async () => {
    const key = `volume ${Math.floor(SENT_MS / 3_600_000)}/failed/shipment@1`;
    expect(await findingsAfter(await settled(), "UPDATE sigma_volume SET seq = 900 WHERE kind = 'failed'")).toEqual([
      `VOLUME: ${key} is counted up to entry 900, which there is not`,
    ]);
    expect(await findingsAfter(await settled(), "UPDATE sigma_volume SET seq = 0 WHERE kind = 'failed'")).toEqual([
      `VOLUME: ${key} counts 2 records, and there are 1`,
    ]);
    const other = `INSERT INTO sigma_volume SELECT hour, 7, kind, subject, version, producer, others, count, first, seq
      FROM sigma_volume WHERE kind = 'failed'`;
    expect(await findingsAfter(await settled(), other)).toEqual([
      "VOLUME: volume is counted of stream 7, which there is not",
    ]);
  });

  test("of a topic that was made anew is missed as well, since its stream goes on behind one that is counted", async () => {
    const isCounted = openCounted({
      ledger: async (stream) => [{ ...INIT, stream, note: stream === "b" ? `${SUCCEEDS}a` : COUNTED }],
      streamNotes: async () => [],
    });
    expect(await isCounted({ number: 2, stream: "b", topic: "shipments", partition: 0 })).toBe(true);
  });

  test("is not asked for in a file that has no counters yet", async () => {
    const embedded = await settledUncounted();
    expect(await findingsAfter(embedded, "DROP TABLE sigma_volume")).toEqual([]);
    const query = { fromHour: 0, toHour: 1e6, hours: 1, subject: null, producer: null, byProducer: true, limit: 1 };
    expect(await embedded.store.reads.volume(query)).toEqual([]);
  });
});
