import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import { keepTerms, type ScheduledRun } from "../../src/retain/schedule.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import type { Store } from "../../src/store/store.ts";
import { temporaryDirectory } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";
import { openLog, parcel, PARCEL_COLLECTIONS, send, settle } from "../rejudge/what-if-laws.ts";

const DAY_MS = 86_400_000;
const SENT_MS = 1_700_000_000_000;

/** A store with a failure of each of three days. */
async function filled(): Promise<Store> {
  const path = join(temporaryDirectory(), "store.db");
  const store = openSqliteStore({ path, collections: PARCEL_COLLECTIONS, busyTimeoutMs: PATIENCE_MS });
  onTestFinished(store.close);
  const at = { ms: SENT_MS };
  const log = openLog(at);
  for (const day of [0, 1, 2]) {
    at.ms = SENT_MS + day * DAY_MS;
    await send(log, [parcel(`p${day}`, 1), { text: `{broken ${day}` }]);
    await settle(log, store);
  }
  return store;
}

/** A gateway that takes away once a day what is a day old, and looks twice an hour, for so many hours. */
async function gateway(store: Store, fromMs: number, hours: number): Promise<readonly ScheduledRun[]> {
  const stop = new AbortController();
  const runs: ScheduledRun[] = [];
  let nowMs = fromMs;
  await keepTerms(
    {
      store,
      policy: (kind) => (kind === "failed" ? { ms: DAY_MS, says: "retention.failed 1d" } : null),
      everyMs: DAY_MS,
      now: () => nowMs,
      sleep: async (ms) => {
        if (ms < 1_000) return;
        nowMs += 1_800_000;
        if (nowMs > fromMs + hours * 3_600_000) stop.abort();
      },
      report: (run) => void runs.push(run),
    },
    stop.signal,
  );
  return runs;
}

describe("retention by schedule", () => {
  test("takes once a day what is too old, in the name of the schedule", async () => {
    const store = await filled();
    const from = SENT_MS + 1.5 * DAY_MS;
    const runs = await gateway(store, from, 30);
    expect(runs).toEqual([
      { atMs: from, announced: 1, faults: [] },
      { atMs: from + DAY_MS, announced: 1, faults: [] },
    ]);
    expect(await store.reads.tally()).toMatchObject({ validated: 3, failed: 1 });
    const actions = await store.reads.operatorLog(0, 10);
    expect(actions.map(({ actor, action }) => `${actor} ${action}`)).toEqual([
      "schedule retain",
      "schedule retained",
      "schedule retain",
      "schedule retained",
    ]);
  });

  test("of two gateways one takes: the other waits until a run is due", async () => {
    const store = await filled();
    const from = SENT_MS + 1.5 * DAY_MS;
    expect(await gateway(store, from, 1)).toHaveLength(1);
    expect(await gateway(store, from + 3_600_000, 20)).toEqual([]);
    expect(await gateway(store, from + 3_600_000, 24)).toHaveLength(1);
  });

  test("goes on when the store was away", async () => {
    const store = await filled();
    let asked = 0;
    const operatorLog: Store["reads"]["operatorLog"] = async (...given) => {
      asked += 1;
      if (asked === 1) throw new Unavailable("STORE_UNREACHABLE", "the store is gone", "wait");
      return store.reads.operatorLog(...given);
    };
    const from = SENT_MS + 1.5 * DAY_MS;
    const runs = await gateway({ ...store, reads: { ...store.reads, operatorLog } }, from, 1);
    expect(runs.map(({ atMs, announced }) => [atMs - from, announced])).toEqual([[1_800_000, 1]]);
  });
});
