import { DatabaseSync } from "node:sqlite";

/**
 * Takes a lock that the system gives back when this process ends, however it ends. The file stays, empty.
 * @returns null when another holds it.
 * @throws SQLite's error when the file cannot be made, or its file system has no locks.
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
