import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fileKinds } from "../../src/app/data-directory.ts";
import { skipPositions } from "../../src/app/logs.ts";
import { audit } from "../../src/audit/audit.ts";
import { restoreBackup } from "../../src/backup/restore.ts";
import { openEmbeddedLog } from "../../src/source/embedded/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { PATIENCE_MS } from "../patience.ts";
import { post, startOn, stop } from "./embedded-gateway.ts";
import { project, shipmentLines, sigma } from "./run.ts";

const TURNS = 20;

/** Sends records for as long as something runs. */
function loadOn(url: string) {
  let acknowledged = 0;
  const send = async (count: number, headers: Readonly<Record<string, string>> = {}): Promise<void> => {
    const answer = await post(url, shipmentLines(acknowledged, acknowledged + count), headers);
    acknowledged += ((await answer.json()) as { count: number }).count;
  };
  return {
    acknowledged: () => acknowledged,
    during: async <T>(run: Promise<T>): Promise<T> => {
      let runs = true;
      const ended = run.finally(() => {
        runs = false;
      });
      do {
        // The log is ahead of the store, and then not: each audit reads all that came, so that it is no more than is decided meanwhile.
        await send(9);
        await send(1, { prefer: "wait=30" });
      } while (runs);
      return ended;
    },
  };
}

/** Restores a backup as the command does, without a process of its own. @returns what the audit finds. */
async function auditRestored(from: string, dataDir: string): Promise<readonly unknown[]> {
  const topics = [{ name: "sigma-aetl.shipments", partitions: 1 }];
  const sources = topics.map(({ name: topic, partitions }) => ({ topic, partitions }));
  const restored = await restoreBackup({
    from,
    dataDir,
    aside: null,
    kinds: await fileKinds(),
    prepare: async (directory, manifest) => skipPositions({ dataDir: directory, sources }, manifest),
  });
  expect(restored.kind).toBe("restored");
  const options = { busyTimeoutMs: PATIENCE_MS };
  const log = openEmbeddedLog({ ...options, path: join(dataDir, "log.db"), topics, now: Date.now, randomBytes });
  const store = openSqliteStore({ ...options, path: join(dataDir, "store.db"), collections: ["shipments"] });
  try {
    const signal = new AbortController().signal;
    const report = await audit(store.reads, { source: log, tailMayBeIncomplete: false, findingsMax: 9, signal });
    expect(report.comparedWithSource).toBe(report.records);
    return report.findings;
  } finally {
    await store.close();
    await log.close();
  }
}

type ManifestText = { readonly madeAt: string; readonly streams: readonly { readonly logEnd: string }[] };

test("a backup, made twenty times under load: each copy is consistent, and holds whatever was acknowledged before it was begun", async () => {
  const cwd = project();
  const { running, url } = await startOn(cwd, "data");
  const load = loadOn(url);
  for (let turn = 0; turn < TURNS; turn += 1) {
    const before = load.acknowledged();
    const made = await load.during(sigma(["backup", `b${turn}`, "--data", "data"], { cwd }));
    expect([made.code, made.stderr]).toEqual([0, ""]);
    expect(load.acknowledged()).toBeGreaterThan(before);
    const manifest = JSON.parse(readFileSync(join(cwd, `b${turn}`, "manifest.json"), "utf8")) as ManifestText;
    expect(manifest.streams.reduce((sum, { logEnd }) => sum + Number(logEnd), 0)).toBeGreaterThanOrEqual(before);
    expect(await auditRestored(join(cwd, `b${turn}`), join(cwd, `c${turn}`))).toEqual([]);
  }
  await stop(running);
  expect((await sigma(["restore", "b19", "--data", "r19"], { cwd })).code).toBe(0);
  const audited = await sigma(["audit", "--source", "-q", "--data", "r19"], { cwd });
  expect([audited.code, audited.stderr]).toEqual([0, ""]);

  const restored = await startOn(cwd, "r19");
  const answer = await post(restored.url, '{"shipment_id":""}\n', { prefer: "wait=30" });
  const { decisions } = (await answer.json()) as { decisions: readonly { status: string; offset: number }[] };
  // No position that may have been acknowledged after the backup is given again.
  expect(decisions).toMatchObject([{ status: "FAILED" }]);
  expect(decisions[0]?.offset).toBeGreaterThan(1_000_000);
  await stop(restored.running);
  expect((await sigma(["audit", "--source", "--data", "r19"], { cwd })).code).toBe(0);
});
