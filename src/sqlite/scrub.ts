import type { DatabaseSync } from "node:sqlite";
import { Unavailable } from "../core/unavailable.ts";
import type { FileKind } from "./open.ts";

/** How often each step is tried while another process holds a lock. Each try waits for the connection's busy timeout. */
const TRIES_MAX = 20;
const SQLITE_BUSY = 5;

/**
 * Removes the remains of deleted and overwritten data from a file and its `-wal`. They are in freed pages, behind rows that became
 * shorter, and in old copies of split pages. VACUUM rewrites the file without them; then only the `-wal` still has old data, and it
 * is emptied.
 * @throws `Unavailable` with the suffix `_LOCKED` while another process reads what was there before.
 */
export function scrub(db: DatabaseSync, kind: Pick<FileKind, "code" | "name">, path: string): void {
  // VACUUM makes a copy as large as the remaining file, too large for memory.
  db.exec("PRAGMA temp_store = FILE");
  try {
    if (!inTime(() => vacuum(db)) || !inTime(() => emptyWal(db))) throw locked(kind, path);
  } finally {
    db.exec("PRAGMA temp_store = MEMORY");
  }
}

function inTime(attempt: () => boolean): boolean {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) if (attempt()) return true;
  return false;
}

function vacuum(db: DatabaseSync): boolean {
  try {
    db.exec("VACUUM");
    return true;
  } catch (error) {
    const code = error instanceof Error ? (error as { readonly errcode?: unknown }).errcode : null;
    if (typeof code === "number" && (code & 0xff) === SQLITE_BUSY) return false;
    throw error;
  }
}

function emptyWal(db: DatabaseSync): boolean {
  return db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()?.["busy"] === 0;
}

function locked({ code, name }: Pick<FileKind, "code" | "name">, path: string): Unavailable {
  const message = `Cannot write ${name} "${path}" anew, without what was removed: another process has it locked`;
  return new Unavailable(`${code}_LOCKED`, message, "try again; where it stays so, end the other process first");
}
