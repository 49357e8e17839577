import { backup, DatabaseSync } from "node:sqlite";
import { Unavailable } from "../core/unavailable.ts";
import { guarded, type FileKind } from "./open.ts";
import { refuseWrongWal } from "./wal.ts";

/** More pages than a database can have. All pages are then copied in one step, which reads one snapshot and blocks no writer. */
const ALL_PAGES = 2_147_483_647;

/**
 * Copies a snapshot of a database, which others may write meanwhile. The copy is one file without a `-wal`, so it can be read from a
 * read-only medium.
 * @throws `Unavailable` with a code that begins with the kind's, and names the file that is in trouble.
 */
export async function copyDatabase(kind: FileKind, from: string, to: string): Promise<void> {
  refuseWrongWal(kind, from);
  const source = guarded(kind, from, () => {
    const db = new DatabaseSync(from, { readOnly: true, timeout: LOCK_WAIT_MS });
    try {
      // Opening reads nothing yet. This statement reads, and fails on a damaged file.
      db.exec("PRAGMA schema_version");
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
  try {
    await backup(source, to, { rate: ALL_PAGES });
  } catch (error) {
    guarded(kind, to, () => {
      throw error;
    });
  } finally {
    source.close();
  }
  guarded(kind, to, () => {
    const copy = new DatabaseSync(to, { timeout: LOCK_WAIT_MS });
    try {
      copy.exec("PRAGMA journal_mode = DELETE");
    } finally {
      copy.close();
    }
  });
}

const LOCK_WAIT_MS = 5_000;

/** Whether another process has the database open. It is tested by leaving WAL mode, which SQLite allows only to the sole connection. */
export function isInUse(kind: FileKind, path: string): boolean {
  let db: DatabaseSync | null = null;
  try {
    // A file with a wrong -wal is not touched: leaving WAL mode would write the -wal into the file.
    refuseWrongWal(kind, path);
    db = new DatabaseSync(path, { timeout: 0 });
    db.exec("PRAGMA journal_mode = DELETE");
    return false;
  } catch (error) {
    if (error instanceof Unavailable) return false;
    const code = (error as { errcode?: unknown }).errcode;
    // A file that cannot be opened at all is in use by nobody.
    return typeof code === "number" && (code & 0xff) === SQLITE_BUSY;
  } finally {
    db?.close();
  }
}

const SQLITE_BUSY = 5;
