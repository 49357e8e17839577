import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { openEmbedded, shipment, type Embedded } from "../embedded.ts";

const SENT_MS = 1_700_000_000_000;

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
  const db = new DatabaseSync(join(embedded.directory, "store.db"));
  db.exec(change);
  db.close();
  return (await embedded.audit(false)).findings.map(({ code, message }) => `${code}: ${message}`);
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
    const embedded = await settled();
    // As a program that did not count left it.
    expect(await findingsAfter(embedded, "DELETE FROM sigma_volume")).toEqual([]);
    await embedded.append(shipment("E"), shipment("A"));
    // The tail is redone, and so counted.
    await embedded.settle();
    expect(await embedded.store.reads.volumeStarts()).toEqual([{ stream: 1, first: 2 }]);
    expect(await counted(embedded)).toEqual({ "passed 1": 5, "failed 1": 1, "redelivery 1": 2 });
    expect((await embedded.audit(true)).findings).toEqual([]);
  });

  test("is not asked for in a file that has no counters yet", async () => {
    const embedded = await settled();
    expect(await findingsAfter(embedded, "DROP TABLE sigma_volume")).toEqual([]);
    const query = { fromHour: 0, toHour: 1e6, hours: 1, subject: null, producer: null, byProducer: true, limit: 1 };
    expect(await embedded.store.reads.volume(query)).toEqual([]);
  });
});
