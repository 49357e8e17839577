import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";

type Settings = { readonly timeout: number; readonly enableForeignKeyConstraints: boolean };

/** SQLite's codes CANTOPEN and READONLY: it cannot create a `-shm` on a read-only medium or without write permission. */
const NOT_MADE: ReadonlySet<number> = new Set([14, 8]);

/**
 * Opens a database for reading, also where no file can be created beside it, as in a backup that is mounted read-only.
 *
 * In WAL mode SQLite needs a `-shm` file to read, which it creates (sqlite.org/wal.html, "Read-Only Databases"). Where it cannot,
 * there are two cases. Without a `-wal` the database was closed in order, so the one file is complete and is opened as immutable.
 * With a `-wal`, commits may be in it alone, so both files are copied into the folder for temporary files, where a `-shm` can be
 * created; that takes their size on disk. A `-wal` is never ignored.
 */
export function openReadOnly(path: string, settings: Settings): DatabaseSync {
  const asItIs = openReadable(path, settings);
  if (asItIs !== null) return asItIs;
  const wal = `${path}-wal`;
  if (existsSync(wal) && statSync(wal).size > 0) return openCopy(path, wal, settings);
  const url = pathToFileURL(path);
  url.searchParams.set("immutable", "1");
  return new DatabaseSync(url, { ...settings, readOnly: true });
}

/** Opens a file and reads from it; null when the file exists and SQLite cannot create the `-shm`. Opening alone does not show that. */
function openReadable(path: string, settings: Settings): DatabaseSync | null {
  const db = new DatabaseSync(path, { ...settings, readOnly: true });
  try {
    db.prepare("PRAGMA schema_version").get();
    return db;
  } catch (error) {
    db.close();
    const code = (error as { readonly errcode?: unknown }).errcode;
    if (typeof code === "number" && NOT_MADE.has(code & 0xff) && existsSync(path)) return null;
    throw error;
  }
}

/** Opens a copy, whose files are unlinked as soon as it is open: nothing of them remains, in whatever way the process ends. */
function openCopy(path: string, wal: string, settings: Settings): DatabaseSync {
  const directory = mkdtempSync(join(tmpdir(), "sigma-look-"));
  try {
    const copy = join(directory, basename(path));
    copyFileSync(path, copy);
    copyFileSync(wal, `${copy}-wal`);
    const db = openReadable(copy, settings);
    if (db === null) throw new Error(`Cannot read a copy of "${path}" in "${directory}"`);
    return db;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
