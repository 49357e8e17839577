import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import type { FileToCheck, FoundFaults } from "./integrity.ts";

// Entry of a thread that runs SQLite's integrity check on one file. It reads the whole file, about a gigabyte a second.
const { path, applicationId, version, check } = workerData as FileToCheck;
// The file is opened read-only, because this may be the first open after a crash, and a damaged file must stay as it was found.
let db = new DatabaseSync(path, { timeout: 5_000, readOnly: true });
try {
  const ours = Number(db.prepare("PRAGMA application_id").get()?.["application_id"]) === applicationId;
  if (ours && db.prepare("PRAGMA journal_mode").get()?.["journal_mode"] !== "wal") {
    // A file restored from a backup is not in WAL mode, and the gateway could not switch it while this check reads it. So the check
    // switches it first.
    db.close();
    db = new DatabaseSync(path, { timeout: 5_000 });
    db.exec("PRAGMA journal_mode = WAL");
  }
  const found = ours ? db.prepare("PRAGMA integrity_check(3)").all() : [];
  const faults = found.map((row) => String(row["integrity_check"])).filter((text) => text !== "ok");
  const isPresent = ours && Number(db.prepare("PRAGMA user_version").get()?.["user_version"]) === version;
  const isSound = faults.length === 0 && isPresent && check !== null;
  const of = isSound ? ((await import(check)) as { readonly faultsIn: (db: DatabaseSync) => readonly string[] }) : null;
  const more = of?.faultsIn(db) ?? [];
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a rule for browser windows
  parentPort?.postMessage({ faults: [...faults, ...more], isOfKind: more.length > 0 } satisfies FoundFaults);
} finally {
  db.close();
}
