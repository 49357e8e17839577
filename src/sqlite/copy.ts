import { backup, DatabaseSync } from "node:sqlite";
import { Unavailable } from "../core/unavailable.ts";
import { guarded, type FileKind } from "./open.ts";
import { refuseWrongWal } from "./wal.ts";

/** More pages than a database can have: all of them in one step, which is one snapshot and holds up no writer. */
const ALL_PAGES = 2_147_483_647;

/**
 * Copies a database as it is at one moment, whoever writes it meanwhile. The copy is one file without a `-wal` beside it, which
 * can be read where nothing can be written.
 * @throws `Unavailable` with a code that begins with the kind's, and names the file that is in trouble.
 */
export async function copyDatabase(kind: FileKind, from: string, to: string): Promise<void> {
  refuseWrongWal(kind, from);
  const source = guarded(kind, from, () => {
    const db = new DatabaseSync(from, { readOnly: true, timeout: LOCK_WAIT_MS });
    try {
      // Opening reads nothing: what is wrong with the file itself comes out here.
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

/** Whether another process has the database open: leaving the write-ahead log needs it to be nobody's. */
export function isInUse(kind: FileKind, path: string): boolean {
  let db: DatabaseSync | null = null;
  try {
    // One that nobody could open is not touched: leaving the log writes it into the file.
    refuseWrongWal(kind, path);
    db = new DatabaseSync(path, { timeout: 0 });
    db.exec("PRAGMA journal_mode = DELETE");
    return false;
  } catch (error) {
    if (error instanceof Unavailable) return false;
    const code = (error as { errcode?: unknown }).errcode;
    // What cannot be opened is nobody's.
    return typeof code === "number" && (code & 0xff) === SQLITE_BUSY;
  } finally {
    db?.close();
  }
}

const SQLITE_BUSY = 5;
