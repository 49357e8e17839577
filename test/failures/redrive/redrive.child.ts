import { join } from "node:path";
import { startRedrive } from "../../../src/failures/redrive/act.ts";
import { runRedrive } from "../../../src/failures/redrive/run.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import type { StoreWrites } from "../../../src/store/store.ts";
import { parcelSet, parcelVersion } from "../../rejudge/history.ts";

// Starts a plan and runs it, and is killed behind so many writes: DIRECTORY PLAN WRITES

const [directory = "", plan = "", writes = ""] = process.argv.slice(2);
let left = Number(writes);

/** Kills this process when the write was the last that was to be. */
function killing<T extends object>(given: T, names: readonly (keyof T & string)[]): T {
  const killed = names.map((name) => {
    const write = given[name] as (...all: readonly unknown[]) => Promise<unknown>;
    const counted = async (...all: readonly unknown[]): Promise<unknown> => {
      const result = await write(...all);
      left -= 1;
      if (left < 0) process.kill(process.pid, "SIGKILL");
      return result;
    };
    return [name, counted] as const;
  });
  return { ...given, ...Object.fromEntries(killed) };
}

const opened = openSqliteStore({
  path: join(directory, "store.db"),
  collections: ["parcels"],
  busyTimeoutMs: 10_000,
});
const IN_UNIT = ["insertLedger", "insertFacts", "insertFailed", "insertReceipts"] as const;
const store = {
  ...killing(opened, ["insertLedger", "appendAction", "streamNote", "putContractSet", ...IN_UNIT]),
  unit: async <T>(work: (within: StoreWrites) => Promise<T>): Promise<T> => {
    const result = await opened.unit(async (within) => work(killing(within, IN_UNIT)));
    left -= 1;
    if (left < 0) process.kill(process.pid, "SIGKILL");
    return result;
  },
};
const versions = [1, 2].map((version) => parcelVersion(version, { status: "active", maximum: version * 10 }));
const set = parcelSet("parcels", 1, versions);
const operator = { actor: "child", at: "2026-01-01T00:00:00.000Z", reason: "asked for" };
await startRedrive(store, plan, operator, { by: "cli", rate: null });
const clock = { monotonicMs: () => performance.now(), nowMs: Date.now };
const deps = { store, contracts: () => set, observe: () => undefined, now: Date.now, clock, random: Math.random };
const end = await runRedrive({ ...deps, sleep: async () => undefined }, plan, {
  operator: () => operator,
  rate: 3,
  signal: new AbortController().signal,
});
await opened.close();
process.exitCode = end.kind === "done" ? 0 : 3;
