import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openAuditJudges } from "../../src/app/audit-judges.ts";
import { audit } from "../../src/audit/audit.ts";
import type { Judges } from "../../src/audit/judges.ts";
import type { AuditReport } from "../../src/audit/report.ts";
import { openEmbedded, shipment, temporaryDirectory, type Embedded } from "../embedded.ts";

const OPTIONS = { tailMayBeIncomplete: false, findingsMax: 100, signal: new AbortController().signal };

/** Forty entries: facts, a duplicate and a failure in each. */
async function settled(): Promise<Embedded> {
  const embedded = await openEmbedded();
  const batches = Array.from({ length: 40 }, (_, at) => [
    ...["a", "b", "c"].map((name) => shipment(`${name}${at}`)),
    shipment("a0"),
    "{broken",
  ]);
  await embedded.append(...batches.flat());
  await embedded.settle();
  return embedded;
}

/** Audits with two threads that read the store of a directory. @returns the report, and how many entries the threads found to be right. */
async function auditWithThreads(
  embedded: Embedded,
  dataDir: string,
  source?: "source",
): Promise<{ readonly report: AuditReport; readonly judged: number }> {
  const threads = openAuditJudges({ dataDir, mongodbUri: null }, 2);
  onTestFinished(threads.close);
  let judged = 0;
  const counting: Judges = {
    ...threads,
    judge: async (note, entry) => {
      const verdict = await threads.judge(note, entry);
      if (verdict !== null) judged += 1;
      return verdict;
    },
  };
  const options = source === undefined ? OPTIONS : { ...OPTIONS, source: embedded.log };
  return { report: await audit(embedded.store.reads, { ...options, judges: counting }), judged };
}

test("threads judge the entries of an audit, and its report is the same", async () => {
  const embedded = await settled();
  const { report, judged } = await auditWithThreads(embedded, embedded.directory);
  expect(report).toEqual(await audit(embedded.store.reads, OPTIONS));
  expect(report).toMatchObject({ findingsTotal: 0, records: 200, redecided: 200 });
  expect(judged).toBe(40);
  const compared = await auditWithThreads(embedded, embedded.directory, "source");
  expect(compared.report).toEqual(await audit(embedded.store.reads, { ...OPTIONS, source: embedded.log }));
  expect(compared.report.comparedWithSource).toBe(200);
});

test("what threads find wrong is judged by the audit itself, which says what it is", async () => {
  const embedded = await settled();
  const db = new DatabaseSync(join(embedded.directory, "store.db"));
  db.exec(
    "DELETE FROM validated_shipments WHERE offset = 101; UPDATE failed_shipments SET code = 'x' WHERE offset = 4",
  );
  db.close();
  const { report, judged } = await auditWithThreads(embedded, embedded.directory);
  expect(report).toEqual(await audit(embedded.store.reads, OPTIONS));
  expect(report.findings.map(({ code, offset }) => `${code} ${offset ?? ""}`)).toEqual(
    expect.arrayContaining(["ROW_DIFFERS 4", "ROW_MISSING 101"]),
  );
  expect(judged).toBe(38);
});

test("an audit whose threads cannot open the store judges every entry itself", async () => {
  const embedded = await settled();
  const { report, judged } = await auditWithThreads(embedded, temporaryDirectory());
  expect(report).toEqual(await audit(embedded.store.reads, OPTIONS));
  expect([report.findingsTotal, report.records, judged]).toEqual([0, 200, 0]);
});

test("an audit that is broken off ends behind the entry that it judges, with what it found until then", async () => {
  const embedded = await settled();
  const broken = new AbortController();
  const onProgress = (records: number): void => {
    if (records === 50) broken.abort();
  };
  const report = await audit(embedded.store.reads, { ...OPTIONS, signal: broken.signal, onProgress });
  expect(report).toMatchObject({ records: 50, redecided: 50, findingsTotal: 0, streams: [] });
});
