import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import type { ContractSet } from "../../../src/core/contract-set.ts";
import type { IngestDeps } from "../../../src/gateway/ingest-deps.ts";
import { observeWithShadow as collectFor, openShadow, type Shadow } from "../../../src/rejudge/shadow/shadow.ts";
import { SHADOW_LIMITS, type ShadowLimits } from "../../../src/rejudge/shadow/thread.ts";
import { candidateFrom } from "../../../src/rejudge/candidate.ts";
import { whatIf } from "../../../src/rejudge/what-if/what-if.ts";
import { startService } from "../../http/service.ts";
import { openEmbedded, shipment, shipmentContracts, temporaryDirectory, TOPIC, type Embedded } from "../../embedded.ts";
import { PATIENCE_MS, until } from "../../patience.ts";

/** The limit is lower than that of version 1, which decides. */
const CANDIDATE = candidateFrom(JSON.parse(shipmentContracts(500).text) as ContractSet, "shipment", 1);

function observeWithShadow(limits: Partial<ShadowLimits> = {}): Shadow {
  if (CANDIDATE === null) throw new Error("there is no candidate");
  const set = JSON.parse(shipmentContracts().text) as ContractSet;
  const [contract] = set.contracts;
  if (contract === undefined) throw new Error("there is no contract");
  const draft = { ...CANDIDATE.version, version: 2, status: "draft" as const };
  const withDraft = { ...set, contracts: [{ ...contract, versions: [...contract.versions, draft] }] };
  const shadow = openShadow([{ subject: "shipment", version: 2 }], withDraft, {
    ...SHADOW_LIMITS,
    reportEveryMs: 10,
    ...limits,
  });
  onTestFinished(async () => shadow.close());
  return shadow;
}

function showTo(shadow: Shadow): NonNullable<IngestDeps["observeBatch"]> {
  return (stream, subject) => collectFor(shadow, stream, subject);
}

/** Passing, failing by schema and by rule, repeated, contradicting and broken, in several batches. */
const TEXTS = Array.from({ length: 60 }, (_, n) => {
  if (n % 10 === 3) return "{";
  if (n % 10 === 4) return shipment(`S-${n}`, -1);
  if (n % 10 === 5) return shipment(`S-${n}`, 5_000);
  if (n % 10 === 6) return shipment(`S-${n - 6}`, 600);
  if (n % 10 === 7) return shipment("S-0", 15.2);
  return shipment(`S-${n}`, n % 2 === 0 ? 15.2 : 600);
});

async function judged(shadow: Shadow, records: number): Promise<void> {
  await until(() => shadow.snapshot()[0]?.judged === records);
  expect(shadow.snapshot()[0]).toMatchObject({ seen: records, judged: records, dropped: 0, lost: 0 });
}

/** Every row of every table, as SQLite keeps it. */
function contents({ directory }: Embedded, storeFile: string): unknown {
  const db = new DatabaseSync(join(directory, storeFile), { readOnly: true });
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  const rows = tables.map(({ name }) => [name, db.prepare(`SELECT * FROM ${String(name)} ORDER BY 1, 2`).all()]);
  db.close();
  return rows;
}

/** Decides the log once more into an empty store. */
async function decideAnew(embedded: Embedded, file: string, shadow: Shadow | null): Promise<unknown> {
  const store = openSqliteStore({
    path: join(embedded.directory, file),
    collections: ["shipments"],
    busyTimeoutMs: PATIENCE_MS,
  });
  await embedded.settle({ store, ...(shadow === null ? {} : { observeBatch: showTo(shadow) }) });
  await store.close();
  return contents(embedded, file);
}

test("decisions, rows and ledger are the same byte for byte with a version looking on, and with one that cannot keep up", async () => {
  const embedded = await openEmbedded();
  await embedded.append(...TEXTS);
  const [looking, full] = [observeWithShadow(), observeWithShadow({ queueRecordsMax: 0 })];
  const alone = await decideAnew(embedded, "alone.db", null);
  expect(await decideAnew(embedded, "looking.db", looking)).toEqual(alone);
  expect(await decideAnew(embedded, "full.db", full)).toEqual(alone);
  await judged(looking, TEXTS.length);
  expect(looking.snapshot()[0]?.flips.counts.passToFail).toBeGreaterThan(0);
  expect(full.snapshot()[0]).toMatchObject({ seen: TEXTS.length, judged: 0, dropped: TEXTS.length });
});

test("a version that looks on gives the matrix a what-if gives of the same records afterwards", async () => {
  const embedded = await openEmbedded(temporaryDirectory());
  const shadow = observeWithShadow();
  await embedded.append(...TEXTS);
  await embedded.settle({ observeBatch: showTo(shadow) });
  await judged(shadow, TEXTS.length);
  if (CANDIDATE === null) throw new Error("there is no candidate");
  const candidate = { ...CANDIDATE, version: { ...CANDIDATE.version, version: 2 } };
  const question = { candidate, of: null, range: { from: null, to: null }, examplesMax: 3 };
  const report = await whatIf(embedded.store.reads, question, { signal: new AbortController().signal });
  expect(shadow.snapshot()[0]?.flips).toEqual(report.flips);
});

test("the interface shows who looks on, in whole and by name, and answers 404 for anybody else", async () => {
  const shadow = observeWithShadow();
  const service = await startService({ ingest: { observeBatch: showTo(shadow) }, http: { shadow: shadow.snapshot } });
  await service.append(shipment("a", 15), shipment("b", 600), "{");
  await judged(shadow, 3);
  const get = async (path: string): Promise<readonly [number, Record<string, unknown>]> => {
    const response = await fetch(`${service.url}${path}`);
    return [response.status, (await response.json()) as Record<string, unknown>];
  };
  const counts = { passToPass: 1, passToFail: 1, failToPass: 0, failToFailSame: 1, failToFailChanged: 0 };
  expect(await get("/v1/shadow")).toMatchObject([
    200,
    { shadows: [{ subject: "shipment", version: 2, state: "running", seen: 3, judged: 3, dropped: 0, counts }] },
  ]);
  expect(await get("/v1/shadow/shipment/2")).toMatchObject([
    200,
    { version: 2, judged: 3, flips: { counts, examples: { passToFail: [`${TOPIC}/0@1`] } } },
  ]);
  expect(await get("/v1/shadow/shipment/3")).toMatchObject([
    404,
    { code: "no-shadow", remedy: "use one of: shipment@2" },
  ]);
});

test("metrics count what those who look on saw, by contract and flip, and name nothing of a record", async () => {
  const shadow = observeWithShadow();
  const service = await startService({ ingest: { observeBatch: showTo(shadow) }, http: { shadow: shadow.snapshot } });
  await service.append(shipment("a", 15), shipment("b", 600), "{");
  await judged(shadow, 3);
  const response = await fetch(`${service.url}/metrics`);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = await response.text();
  expect(text.split("\n").filter((line) => line.startsWith("sigma_shadow_"))).toEqual([
    'sigma_shadow_records_total{contract="shipment@2",fate="judged"} 3',
    'sigma_shadow_records_total{contract="shipment@2",fate="dropped"} 0',
    'sigma_shadow_records_total{contract="shipment@2",fate="lost"} 0',
    'sigma_shadow_flips_total{contract="shipment@2",flip="passToPass"} 1',
    'sigma_shadow_flips_total{contract="shipment@2",flip="passToFail"} 1',
    'sigma_shadow_flips_total{contract="shipment@2",flip="failToPass"} 0',
    'sigma_shadow_flips_total{contract="shipment@2",flip="failToFailSame"} 1',
    'sigma_shadow_flips_total{contract="shipment@2",flip="failToFailChanged"} 0',
    'sigma_shadow_restarts_total{contract="shipment@2"} 0',
  ]);
});

test("without anybody looking on the interface says so", async () => {
  const service = await startService();
  expect(await (await fetch(`${service.url}/v1/shadow`)).json()).toEqual({ shadows: [] });
  expect((await fetch(`${service.url}/v1/shadow/shipment/2`)).status).toBe(404);
});
