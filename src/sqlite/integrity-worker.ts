import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

// Entry of a thread that has SQLite check one file: that reads all of it, which takes a second for about a gigabyte.
const { path, applicationId } = workerData as { readonly path: string; readonly applicationId: number };
// It may be the first to look after a crash: it only reads, so that a file that is damaged stays as it was found.
let db = new DatabaseSync(path, { timeout: 5_000, readOnly: true });
try {
  const ours = Number(db.prepare("PRAGMA application_id").get()?.["application_id"]) === applicationId;
  if (ours && db.prepare("PRAGMA journal_mode").get()?.["journal_mode"] !== "wal") {
    // A file out of a backup is in another mode: it cannot change to this one while it is read.
    db.close();
    db = new DatabaseSync(path, { timeout: 5_000 });
    db.exec("PRAGMA journal_mode = WAL");
  }
  const found = ours ? db.prepare("PRAGMA integrity_check(3)").all() : [];
  const faults = found.map((row) => String(row["integrity_check"])).filter((text) => text !== "ok");
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a rule for browser windows
  parentPort?.postMessage(faults);
} finally {
  db.close();
}
