import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { audit } from "../../../src/audit/audit.ts";
import { reportOf } from "../../../src/failures/redrive/report.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import type { Store } from "../../../src/store/store.ts";
import { temporaryDirectory } from "../../embedded.ts";
import { PATIENCE_MS } from "../../patience.ts";
import { parcelSet, parcelVersion } from "../../rejudge/history.ts";
import { openLog, parcel, send, settle, TOPIC } from "../../rejudge/what-if-laws.ts";
import { made, NEVER, planOf, run } from "./redriving.ts";

const CHILD = join(import.meta.dirname, "redrive.child.ts");
const SET = parcelSet(
  TOPIC,
  1,
  [1, 2].map((version) => parcelVersion(version, { status: "active", maximum: version * 10 })),
);

async function withStore<T>(directory: string, work: (store: Store) => Promise<T>): Promise<T> {
  const path = join(directory, "store.db");
  const store = openSqliteStore({ path, collections: ["parcels"], busyTimeoutMs: PATIENCE_MS });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

test("killed behind any of its writes a run goes on where it was, and decides each record once", async () => {
  const whole = temporaryDirectory();
  const log = openLog();
  const plan = await withStore(whole, async (store) => {
    // Five that would pass, one that a fact has already, one in conflict with it, one that fails again.
    await send(log, [parcel("there", 15), parcel("other", 15), { text: "{" }]);
    for (let index = 0; index < 5; index += 1) await send(log, [parcel(`heavy-${index}`, 15)]);
    const declared = [["sigma-contract", Buffer.from("parcel@2")]] as const;
    await send(log, [
      { ...parcel("there", 15), headers: declared },
      { ...parcel("other", 16), headers: declared },
    ]);
    await settle(log, store, SET);
    return made(await planOf(store, SET, {}, 2));
  });
  expect(plan.dryRun).toMatchObject({ passed: 5, failed: 1, duplicates: 1, conflicts: 1 });
  for (let writes = 0, isOver = false; !isOver; writes += 1) {
    const directory = temporaryDirectory();
    cpSync(whole, directory, { recursive: true });
    const { signal, status, stderr } = spawnSync(process.execPath, [CHILD, directory, plan.id, String(writes)], {
      encoding: "utf8",
    });
    isOver = status === 0;
    expect([signal, status, stderr]).toEqual(isOver ? [null, 0, ""] : ["SIGKILL", null, ""]);
    await withStore(directory, async (store) => {
      if (!isOver) {
        const end = await run(store, SET, plan);
        // Of the last write all there was to tell is that it was over.
        expect("code" in end ? end.code : end.kind).toMatch(/^(?:done|plan-over)$/);
      }
      expect(await reportOf(store.reads, plan)).toMatchObject({
        handled: 8,
        stored: 5,
        duplicates: 1,
        conflicts: 1,
        failed: 1,
        pending: 0,
      });
      const options = { source: log, tailMayBeIncomplete: false, findingsMax: 20, signal: NEVER };
      expect((await audit(store.reads, options)).findings).toEqual([]);
    });
  }
});
