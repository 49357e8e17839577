import { DatabaseSync } from "node:sqlite";

/**
 * Takes a lock on a file, which the system releases when this process ends, in whatever way. The file stays and is empty.
 * @returns null when another process holds the lock.
 * @throws SQLite's error when the file cannot be created, or its file system has no locks.
 */
export function takeLock(path: string): { readonly release: () => void } | null {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec("BEGIN EXCLUSIVE");
    return { release: () => db.close() };
  } catch (error) {
    db.close();
    const code = (error as { errcode?: unknown }).errcode;
    if (typeof code === "number" && (code & 0xff) === SQLITE_BUSY) return null;
    throw error;
  }
}

const SQLITE_BUSY = 5;
