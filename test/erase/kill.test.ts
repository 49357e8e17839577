import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { audit } from "../../src/audit/audit.ts";
import { completeErasures } from "../../src/erase/erase.ts";
import { openEmbeddedLog, type EmbeddedLog } from "../../src/source/embedded/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import type { Store } from "../../src/store/store.ts";
import { temporaryDirectory } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";
import { send, settle, TOPIC } from "../rejudge/what-if-laws.ts";

const CHILD = join(import.meta.dirname, "erase.child.ts");
const SECRET = "secret-parcel";

async function withData<T>(directory: string, work: (store: Store, log: EmbeddedLog) => Promise<T>): Promise<T> {
  const busyTimeoutMs = PATIENCE_MS;
  const topics = [{ name: TOPIC, partitions: 1 }];
  const log = openEmbeddedLog({
    path: join(directory, "log.db"),
    topics,
    now: () => 1_000,
    randomBytes,
    busyTimeoutMs,
  });
  const store = openSqliteStore({ path: join(directory, "store.db"), collections: ["parcels"], busyTimeoutMs });
  try {
    return await work(store, log);
  } finally {
    await store.close();
    await log.close();
  }
}

async function findings(store: Store, log: EmbeddedLog): Promise<readonly string[]> {
  const signal = new AbortController().signal;
  const report = await audit(store.reads, { source: log, tailMayBeIncomplete: false, findingsMax: 20, signal });
  return [...new Set(report.findings.map(({ code }) => code))];
}

function filesWith(directory: string, text: string): readonly string[] {
  return readdirSync(directory).filter((name) => readFileSync(join(directory, name)).includes(text));
}

test("killed behind any of its writes an erasure is named, completed, and leaves no byte in any file", async () => {
  const whole = temporaryDirectory();
  await withData(whole, async (store, log) => {
    for (let batch = 0; batch < 3; batch += 1) {
      const gone = { text: `{"id":"${SECRET}-${batch}","kg":42.42}` };
      const failed = { text: `{"id":"${SECRET}-f${batch}","kg":42.42,"more":1}` };
      await send(log, [{ text: `{"id":"stays-${batch}","kg":1}` }, gone, gone, failed]);
      await settle(log, store);
    }
  });
  expect(filesWith(whole, SECRET).length).toBeGreaterThan(0);
  for (let writes = 0, isOver = false; !isOver; writes += 1) {
    const directory = temporaryDirectory();
    cpSync(whole, directory, { recursive: true });
    const { signal, status, stderr } = spawnSync(process.execPath, [CHILD, directory, String(writes)], {
      encoding: "utf8",
    });
    isOver = status === 0;
    expect([signal, status, stderr]).toEqual(isOver ? [null, 0, ""] : ["SIGKILL", null, ""]);
    await withData(directory, async (store, log) => {
      const announced = (await store.reads.operatorLog(0, 100)).some(({ action }) => action === "erase");
      const done = (await store.reads.operatorLog(0, 100)).some(({ action }) => action === "erased");
      expect(await findings(store, log)).toEqual(announced && !done ? ["ERASURE_INCOMPLETE"] : []);
      const operator = { actor: "next", at: "2026-01-02T00:00:00.000Z", reason: "went on" };
      const options = { operator, signal: new AbortController().signal };
      expect(await completeErasures({ store, log }, options)).toMatchObject({ isComplete: true, faults: [] });
      expect(await findings(store, log)).toEqual([]);
    });
    // What was announced is gone; of what was not yet, it is all there.
    if (isOver) expect(filesWith(directory, SECRET)).toEqual([]);
  }
});
