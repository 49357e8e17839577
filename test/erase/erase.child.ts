import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { eraseRecords, type Erasing } from "../../src/erase/erase.ts";
import { selectRecords } from "../../src/erase/select.ts";
import { openEmbeddedLog } from "../../src/source/embedded/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";

// Erases every record of the topic of parcels whose weight is 42.42, and is killed behind so many writes: DIRECTORY WRITES

const [directory = "", writes = ""] = process.argv.slice(2);
let left = Number(writes);

/** What writes, and kills this process when it was the last that was to be. */
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

const busyTimeoutMs = 10_000;
const store = openSqliteStore({ path: join(directory, "store.db"), collections: ["parcels"], busyTimeoutMs });
const topics = [{ name: "parcels", partitions: 1 }];
const log = openEmbeddedLog({ path: join(directory, "log.db"), topics, now: () => 1_000, randomBytes, busyTimeoutMs });
const signal = new AbortController().signal;
const where = [{ pointer: "/kg", text: "42.42" }];
const filter = { kind: "filter", topic: "parcels", code: null, fromMs: null, toMs: null, where } as const;
const plan = await selectRecords(store.reads, filter, { signal });
if (plan === null) throw new Error("too many");
const erasing: Erasing = {
  store: killing(store, [
    "insertLedger",
    "appendAction",
    "replaceEvidence",
    "forgetReplaced",
    "replaceFacts",
    "replaceFailed",
    "scrub",
  ]),
  log: killing(log, ["erase", "scrub"]),
};
const operator = { actor: "child", at: "2026-01-01T00:00:00.000Z", reason: "asked for" };
await eraseRecords(erasing, plan.entries, { operator, signal });
await store.close();
await log.close();
