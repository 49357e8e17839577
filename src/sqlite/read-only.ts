import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";

type Settings = { readonly timeout: number; readonly enableForeignKeyConstraints: boolean };

/** What SQLite says where it cannot make a `-shm`: on a medium that is read-only, and where leave to write is missing. */
const NOT_MADE: ReadonlySet<number> = new Set([14, 8]);

/**
 * Opens a database only to look at it, also where nothing can be written beside it, as in a backup that is mounted read-only.
 *
 * In WAL mode SQLite reads with the help of a file `-shm`, which it makes (sqlite.org/wal.html, "Read-Only Databases"). Where it
 * cannot, one of two things is so. Without a `-wal` the database was closed in order and is all in one file, which is then read as
 * one that nobody changes. With a `-wal` it was not: commits may be in there alone, so both are copied to where a `-shm` can
 * be made, which takes their size in the folder for temporary files. A `-wal` is never left out.
 */
export function openToLook(path: string, settings: Settings): DatabaseSync {
  const asItIs = openReadable(path, settings);
  if (asItIs !== null) return asItIs;
  const wal = `${path}-wal`;
  if (existsSync(wal) && statSync(wal).size > 0) return openCopy(path, wal, settings);
  const url = pathToFileURL(path);
  url.searchParams.set("immutable", "1");
  return new DatabaseSync(url, { ...settings, readOnly: true });
}

/** Null where the file is there and SQLite cannot make what it needs to read it: opening alone does not tell. */
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

/** The copy has no name any more once it is open: however the process ends, nothing of it stays. */
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
