import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Unavailable, type FileTrouble } from "../core/unavailable.ts";
import { openReadOnly } from "./read-only.ts";
import { refuseWrongWal } from "./wal.ts";

/** A kind of database file. Its id and layout version are written into the file header, and checked before anything else is read. */
export type FileKind = {
  /** First part of the error codes, e.g. `STORE` for `STORE_FULL`. */
  readonly code: "LOG" | "STORE";
  /** Name in messages, e.g. "store". */
  readonly name: string;
  /** SQLite application_id, a positive 31-bit integer. */
  readonly applicationId: number;
  /** Layout version, SQLite user_version, from 1. */
  readonly version: number;
  /** Remedy when the file is damaged. */
  readonly recovery: string;
  /** Remedy for a file of an older layout. */
  readonly older: string;
  /** Page cache of a writing connection, in KiB. */
  readonly cacheKib: number;
  /** Size in pages at which the -wal is written into the file (checkpoint). */
  readonly walPages: number;
  /**
   * A module whose `faultsIn(db)` finds what SQLite's own check of a file cannot know, a sentence each, and the remedy for that; null when
   * there is none. The module is named and not imported, since a thread loads it.
   */
  readonly check: { readonly module: URL; readonly remedy: string } | null;
  /** SQL that reads a text `id` that never changes in a file; no row while the file has none yet. */
  readonly identity: string;
};

export type OpenOptions = {
  readonly path: string;
  readonly readOnly?: boolean;
  /** How long a statement waits for another process's lock, in milliseconds. It blocks the event loop meanwhile: keep it short. */
  readonly busyTimeoutMs: number;
  /** Size limit of the file in pages of 4,096 bytes. Only tests of a full disk set it. */
  readonly pagesMax?: number;
};

export type Opened<T> = {
  readonly db: DatabaseSync;
  readonly made: T;
  /** @throws `Unavailable` with the suffix `_MOVED` when the path no longer leads to the open file. */
  readonly assertThere: () => void;
};

/**
 * Opens a database file in WAL mode with synchronous FULL: a commit is on the disk when it returns (SQLite documents WAL with FULL as
 * durable across power loss). A foreign file or a newer layout is refused before anything in the file is changed.
 * @param create creates the tables of a new file; it runs inside a transaction.
 * @param prepare runs last; when it throws, the file is closed again.
 * @throws `Unavailable` with a code that begins with the kind's.
 */
export function openDatabase<T>(
  kind: FileKind,
  options: OpenOptions,
  create: (db: DatabaseSync) => void,
  prepare: (db: DatabaseSync) => T,
): Opened<T> {
  const { path, readOnly = false, busyTimeoutMs, pagesMax } = options;
  return guarded(kind, path, () => {
    refuseWrongWal(kind, path);
    if (!readOnly) mkdirSync(dirname(path), { recursive: true });
    if (!readOnly) refuseReadOnly(kind, path);
    const settings = { timeout: busyTimeoutMs, enableForeignKeyConstraints: false };
    const db = readOnly ? openReadOnly(path, settings) : new DatabaseSync(path, settings);
    try {
      const isNew = isNewFile(kind, db, options);
      if (!readOnly) {
        switchToWal(db, busyTimeoutMs);
        db.exec(`PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${kind.walPages}`);
      }
      db.exec(`PRAGMA cache_size = -${readOnly ? READING_CACHE_KIB : kind.cacheKib}; PRAGMA temp_store = MEMORY`);
      if (pagesMax !== undefined) db.exec(`PRAGMA max_page_count = ${pagesMax}`);
      if (isNew) createFile(kind, db, options, create);
      const was = placeOf(path);
      const assertThere = (): void => {
        if (placeOf(path) !== was) throw moved(kind, path);
      };
      return { db, made: prepare(db), assertThere };
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Page cache of a reading connection. It is small, because reads are sequential or few. */
const READING_CACHE_KIB = 16_384;

/**
 * Refuses a file that cannot be written. SQLite would open it read-only and fail at the first write: a gateway would start and then
 * accept nothing.
 * @throws `Unavailable` with the suffix `_READONLY`.
 */
export function refuseReadOnly(kind: Pick<FileKind, "code" | "name">, path: string): void {
  for (const file of [path, `${path}-wal`]) {
    try {
      accessSync(file, constants.W_OK);
    } catch (error) {
      const code = (error as { readonly code?: unknown }).code;
      if (code === "ENOENT") continue;
      const message = `Cannot use ${kind.name} "${path}": "${file}" cannot be written (${String(code)})`;
      const remedy = "check the permissions of the file and its directory, and whether its medium is read-only";
      throw new Unavailable(`${kind.code}_READONLY`, message, remedy, error);
    }
  }
}

/** Identifies the file at a path by device and inode. Writes to an open file that was moved or deleted would be lost to this path. */
function placeOf(path: string): string {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    return "";
  }
}

function moved(kind: FileKind, path: string): Unavailable {
  return new Unavailable(
    `${kind.code}_MOVED`,
    `Cannot use ${kind.name} "${path}": it was moved, deleted or replaced while it is open`,
    "put it back; or end the gateway, which then goes on with what is there",
  );
}

/**
 * Switches the file to WAL mode, and waits for locks itself. Trap: for this one statement SQLite ignores the busy timeout, so of
 * several processes that create a file at the same moment all but one would fail at once.
 */
function switchToWal(db: DatabaseSync, busyTimeoutMs: number): void {
  for (let waitedMs = 0; ; waitedMs += WAL_RETRY_MS) {
    try {
      db.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (waitedMs >= busyTimeoutMs || primaryCode(error) !== SQLITE_BUSY) throw error;
      Atomics.wait(NEVER_WOKEN, 0, 0, WAL_RETRY_MS);
    }
  }
}

const SQLITE_BUSY = 5;
const WAL_RETRY_MS = 10;
const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4));

/** SQLite's result code, or null for an error that is not SQLite's. Extended codes carry it in their low byte. */
function primaryCode(error: unknown): number | null {
  const code = error instanceof Error ? (error as { errcode?: unknown }).errcode : null;
  return typeof code === "number" ? code & 0xff : null;
}

/** The result code of an error. For a header with an unknown format SQLite gives only its generic error code; it is damage. */
function errorCode(error: Error): number | null {
  return error.message === "unsupported file format" ? SQLITE_CORRUPT : primaryCode(error);
}

const SQLITE_CORRUPT = 11;

/**
 * Reads the layout version of a file of this kind; null when the file is missing or empty.
 * @throws `Unavailable` when the file is of another kind or cannot be read.
 */
export function readLayout(kind: FileKind, path: string, busyTimeoutMs: number): number | null {
  if (!existsSync(path)) return null;
  return guarded(kind, path, () => {
    const db = openReadOnly(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: false });
    try {
      const { id, version, schema } = headerOf(db);
      if (id === kind.applicationId) return layoutIn(kind, path, version);
      if (schema === 0 && id === 0) return null;
      throw foreign(kind, path);
    } finally {
      db.close();
    }
  });
}

/** A layout version that a file of ours says. @throws `Unavailable` for one below 1: no build writes it, so the header was changed. */
function layoutIn({ code, name, recovery }: FileKind, path: string, version: number): number {
  if (version > 0) return version;
  const message = `Cannot use ${name} "${path}": its header was changed: it names layout ${version}, which no build writes`;
  throw new Unavailable(`${code}_CORRUPT`, message, recovery);
}

function otherLayout({ code, name, version: writes, older }: FileKind, path: string, found: number): Unavailable {
  const message = (age: string): string =>
    `Cannot open ${name} "${path}": it has ${age} layout of ours (${found}); this build writes ${writes}`;
  if (found < writes) return new Unavailable(`${code}_OLDER`, message("an older"), older);
  return new Unavailable(`${code}_NEWER`, message("a newer"), "use the newer build that wrote it; nothing was changed");
}

function foreign({ code, name }: FileKind, path: string): Unavailable {
  const message = `Cannot open ${name} "${path}": the file is not a ${name} of this gateway`;
  return new Unavailable(`${code}_FOREIGN`, message, "name another file or data directory");
}

/** Whether the file is empty and can get its tables. @throws `Unavailable` when it is neither empty nor of this kind and version. */
function isNewFile(kind: FileKind, db: DatabaseSync, { path, readOnly = false }: OpenOptions): boolean {
  const { id, version, schema } = headerOf(db);
  if (id === kind.applicationId) {
    if (layoutIn(kind, path, version) === kind.version) return false;
    throw otherLayout(kind, path, version);
  }
  const empty = schema === 0 && id === 0;
  if (empty && !readOnly) return true;
  throw foreign(kind, path);
}

function createFile(kind: FileKind, db: DatabaseSync, options: OpenOptions, create: (db: DatabaseSync) => void): void {
  atomically(db, () => {
    // Another process may have created the tables before this one got the lock.
    if (!isNewFile(kind, db, options)) return;
    create(db);
    db.exec(`PRAGMA application_id = ${kind.applicationId}; PRAGMA user_version = ${kind.version}`);
  });
}

/** Runs a function inside a transaction, which takes the write lock at its beginning and is rolled back when the function throws. */
export function atomically<T>(db: DatabaseSync, run: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = run();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    rollback(db);
    throw error;
  }
}

/** Rolls back the open transaction, unless SQLite has already done so itself (as on a full disk). */
export function rollback(db: DatabaseSync): void {
  if (db.isTransaction) db.exec("ROLLBACK");
}

/** Runs a function on the database. SQLite's errors that mean an outage become `Unavailable`; other errors are bugs and pass unchanged. */
export function guarded<T>(kind: FileKind, path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw translate(kind, path, error);
  }
}

const FULL = ["FULL", "the disk is full", "free some space; the gateway goes on by itself"] as const;

/** SQLite primary result codes (sqlite.org/rescode.html) that mean an outage or a bad file. A null remedy is the kind's `recovery`. */
const TROUBLE: Readonly<Record<number, readonly [suffix: FileTrouble, state: string, remedy: string | null]>> = {
  5: ["LOCKED", "another process holds its lock", "end the other process, or wait; the gateway tries again by itself"],
  6: ["LOCKED", "another connection holds its lock", "wait; the gateway tries again by itself"],
  8: ["READONLY", "it cannot be written", "check the permissions of the file and its directory"],
  10: ["IO", "the disk reports an error", "check the disk; the gateway tries again by itself"],
  11: ["CORRUPT", "the file is damaged", null],
  13: FULL,
  14: ["CANTOPEN", "the file cannot be opened", "check the path and the permissions of its directory"],
  15: ["LOCKED", "other processes hold its locks", "wait; the gateway tries again by itself"],
  26: ["CORRUPT", "the file is not a database, or its header is damaged", null],
};

function translate(kind: FileKind, path: string, error: unknown): unknown {
  if (error instanceof Unavailable || !(error instanceof Error)) return error;
  const result = errorCode(error);
  if (result !== null) {
    const trouble = TROUBLE[result];
    if (trouble === undefined) return error;
    const [suffix, state, remedy] = trouble;
    return new Unavailable(
      `${kind.code}_${suffix}`,
      `Cannot use ${kind.name} "${path}": ${state}`,
      remedy ?? kind.recovery,
      error,
    );
  }
  const { code: system, syscall } = error as NodeJS.ErrnoException;
  // Whatever the system refuses on the way to a file is an outage or a wrong path.
  if (system === undefined || syscall === undefined) return error;
  if (system === "ENOSPC" || system === "EDQUOT") {
    const [suffix, state, remedy] = FULL;
    return new Unavailable(`${kind.code}_${suffix}`, `Cannot use ${kind.name} "${path}": ${state}`, remedy, error);
  }
  const message = `Cannot use ${kind.name} "${path}": its path cannot be used (${system})`;
  return new Unavailable(
    `${kind.code}_CANTOPEN`,
    message,
    "check the path and the permissions of its directory",
    error,
  );
}

type FileHeader = { readonly id: number; readonly version: number; readonly schema: number };

/** Reads the file header in one transaction: between two statements another process may create the tables. */
function headerOf(db: DatabaseSync): FileHeader {
  const alone = !db.isTransaction;
  if (alone) db.exec("BEGIN");
  try {
    const [id, version] = [pragma(db, "application_id"), pragma(db, "user_version")];
    return { id, version, schema: pragma(db, "schema_version") };
  } finally {
    if (alone) rollback(db);
  }
}

function pragma(db: DatabaseSync, name: string): number {
  const row = db.prepare(`PRAGMA ${name}`).get();
  return Number(row?.[name] ?? 0);
}
