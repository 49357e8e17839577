import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Unavailable } from "../../core/unavailable.ts";
import { migratedMeanwhile } from "./migration.ts";

/**
 * Opens a store file of a layout alone: leaves WAL mode, so that one file holds everything, and locks it.
 * @throws `Unavailable` when another process has the file open, or it has another layout by now.
 */
export function holdAlone(path: string, layout: number, busyTimeoutMs: number): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE");
    leaveWalOf(db);
    db.exec("BEGIN EXCLUSIVE");
    // Another process may have opened the file before this one got the lock.
    if (db.prepare("PRAGMA journal_mode").get()?.["journal_mode"] !== "delete") throw inUse(path);
    if (db.prepare("PRAGMA user_version").get()?.["user_version"] !== layout) throw migratedMeanwhile();
    // A -shm left by a process that only read is unused now, and would otherwise lie beside the new file.
    rmSync(`${path}-shm`, { force: true });
    return db;
  } catch (error) {
    db.close();
    const code = (error as { readonly errcode?: unknown }).errcode;
    throw typeof code === "number" && (code & 0xff) === SQLITE_BUSY ? inUse(path) : error;
  }
}

const SQLITE_BUSY = 5;

function inUse(path: string): Unavailable {
  const message = `Cannot migrate store "${path}": another process has it open`;
  return new Unavailable("STORE_LOCKED", message, "stop the gateway first; nothing was changed");
}

export function leaveWal(path: string): void {
  const db = new DatabaseSync(path);
  try {
    leaveWalOf(db);
  } finally {
    db.close();
  }
}

function leaveWalOf(db: DatabaseSync): void {
  db.exec("PRAGMA journal_mode = DELETE");
}
