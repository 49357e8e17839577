import { backup, DatabaseSync } from "node:sqlite";

/** More pages than a database can have: all of them in one step, which is one snapshot and holds up no writer. */
const ALL_PAGES = 2_147_483_647;

/**
 * Copies a database as it is at one moment, whoever writes it meanwhile. The copy is one file without a `-wal` beside it, which
 * can be read where nothing can be written.
 */
export async function copyDatabase(from: string, to: string): Promise<void> {
  const source = new DatabaseSync(from, { readOnly: true, timeout: LOCK_WAIT_MS });
  try {
    await backup(source, to, { rate: ALL_PAGES });
  } finally {
    source.close();
  }
  const copy = new DatabaseSync(to, { timeout: LOCK_WAIT_MS });
  try {
    copy.exec("PRAGMA journal_mode = DELETE");
  } finally {
    copy.close();
  }
}

const LOCK_WAIT_MS = 5_000;

/** Whether another process has the database open: leaving the write-ahead log needs it to be nobody's. */
export function isInUse(path: string): boolean {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec("PRAGMA journal_mode = DELETE");
    return false;
  } catch (error) {
    const code = (error as { errcode?: unknown }).errcode;
    if (typeof code === "number" && (code & 0xff) === SQLITE_BUSY) return true;
    // What cannot be opened is nobody's.
    return false;
  } finally {
    db.close();
  }
}

const SQLITE_BUSY = 5;
