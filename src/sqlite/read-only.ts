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
 *
 * A `-journal` is what a transaction left that was killed outside WAL mode, as a migration. SQLite undoes it only where it may write, so
 * a copy is read as well.
 */
export function openReadOnly(path: string, settings: Settings): DatabaseSync {
  const asItIs = openReadable(path, settings);
  if (asItIs !== null) return asItIs;
  for (const beside of ["-wal", "-journal"]) {
    const own = `${path}${beside}`;
    if (existsSync(own) && statSync(own).size > 0) return openCopy(path, beside, settings);
  }
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
function openCopy(path: string, beside: string, settings: Settings): DatabaseSync {
  const directory = mkdtempSync(join(tmpdir(), "sigma-look-"));
  try {
    const copy = join(directory, basename(path));
    copyFileSync(path, copy);
    copyFileSync(`${path}${beside}`, `${copy}${beside}`);
    if (beside === "-journal") undoIn(copy);
    const db = openReadable(copy, settings);
    if (db === null) throw new Error(`Cannot read a copy of "${path}" in "${directory}"`);
    return db;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Undoes what a transaction left that was not over: the first statement of a connection that may write does. */
function undoIn(path: string): void {
  const db = new DatabaseSync(path);
  try {
    db.prepare("PRAGMA schema_version").get();
  } finally {
    db.close();
  }
}
