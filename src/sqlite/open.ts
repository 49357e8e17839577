import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Unavailable } from "../core/unavailable.ts";

/** What a file of ours is: written into the header of the database, and checked before anything else is read. */
export type FileKind = {
  /** First part of the error codes, e.g. `STORE` for `STORE_FULL`. */
  readonly code: string;
  /** For people, e.g. "store". */
  readonly name: string;
  /** SQLite application_id, a positive 31-bit integer. */
  readonly applicationId: number;
  /** Layout version, SQLite user_version, from 1. */
  readonly version: number;
};

export type OpenOptions = {
  readonly path: string;
  readonly readOnly?: boolean;
  /** How long a statement waits for another process's lock, in milliseconds. The event loop waits with it: keep it short. */
  readonly busyTimeoutMs: number;
  /** Size limit in pages of 4,096 bytes; only tests of a full disk set it. */
  readonly pagesMax?: number;
};

/**
 * Opens a database file: WAL, synchronous FULL (a commit is on the disk when it returns; SQLite documents WAL with FULL as
 * durable across power loss), foreign files and newer layouts refused.
 * @param create runs on a new file, inside a transaction.
 * @throws `Unavailable` with a code that begins with the kind's.
 */
export function openDatabase(kind: FileKind, options: OpenOptions, create: (db: DatabaseSync) => void): DatabaseSync {
  const { path, readOnly = false, busyTimeoutMs, pagesMax } = options;
  return guarded(kind, path, () => {
    if (!readOnly) mkdirSync(dirname(path), { recursive: true });
    const db = new DatabaseSync(path, { readOnly, timeout: busyTimeoutMs, enableForeignKeyConstraints: false });
    try {
      if (!readOnly) db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000");
      db.exec("PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY");
      if (pagesMax !== undefined) db.exec(`PRAGMA max_page_count = ${pagesMax}`);
      checkHeader(kind, db, options, create);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

function checkHeader(kind: FileKind, db: DatabaseSync, { path, readOnly = false }: OpenOptions, create: (db: DatabaseSync) => void): void {
  const header = (): { id: number; version: number } => ({
    id: pragma(db, "application_id"),
    version: pragma(db, "user_version"),
  });
  const { id, version } = header();
  const empty = pragma(db, "schema_version") === 0;
  if (id === kind.applicationId && version === kind.version) return;
  if (id === kind.applicationId && version > kind.version) {
    const message = `Cannot open ${kind.name} "${path}": it has layout ${version}, this program knows ${kind.version}`;
    throw new Unavailable(`${kind.code}_NEWER`, message, "use the newer program that wrote it");
  }
  if (!empty || readOnly) {
    const message = `Cannot open ${kind.name} "${path}": the file is not a ${kind.name} of this gateway`;
    throw new Unavailable(`${kind.code}_FOREIGN`, message, "name another file or data directory");
  }
  db.exec("BEGIN IMMEDIATE");
  try {
    // Another process may have created it between the look and the lock.
    if (header().id !== kind.applicationId) {
      create(db);
      db.exec(`PRAGMA application_id = ${kind.applicationId}; PRAGMA user_version = ${kind.version}`);
    }
    db.exec("COMMIT");
  } catch (error) {
    rollback(db);
    throw error;
  }
}

/** Undoes an open transaction, if SQLite has not already done so itself (it does on a full disk). */
export function rollback(db: DatabaseSync): void {
  if (db.isTransaction) db.exec("ROLLBACK");
}

/** Runs something that touches the database; SQLite's trouble leaves as `Unavailable`, bugs as they are. */
export function guarded<T>(kind: FileKind, path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw translate(kind, path, error);
  }
}

/** SQLite primary result codes (sqlite.org/rescode.html) that mean "not now" or "not this file". */
const TROUBLE: Readonly<Record<number, readonly [suffix: string, state: string, remedy: string]>> = {
  5: ["LOCKED", "another process holds its lock", "end the other process, or wait; the gateway tries again by itself"],
  6: ["LOCKED", "another connection holds its lock", "wait; the gateway tries again by itself"],
  8: ["READONLY", "it cannot be written", "check the permissions of the file and its directory"],
  10: ["IO", "the disk reports an error", "check the disk; the gateway tries again by itself"],
  11: ["CORRUPT", "the file is damaged", "restore it from a backup; the log can be read again into a new store"],
  13: ["FULL", "the disk is full", "free some space; the gateway goes on by itself"],
  14: ["CANTOPEN", "the file cannot be opened", "check the path and the permissions of its directory"],
  26: ["CORRUPT", "the file is not a database, or its header is damaged", "restore it from a backup, or name another file"],
};

function translate(kind: FileKind, path: string, error: unknown): unknown {
  if (error instanceof Unavailable || !(error instanceof Error)) return error;
  const result = (error as { errcode?: unknown }).errcode;
  if (typeof result === "number") {
    // Extended codes carry the primary one in their low byte.
    const trouble = TROUBLE[result & 0xff];
    if (trouble === undefined) return error;
    const [suffix, state, remedy] = trouble;
    return new Unavailable(`${kind.code}_${suffix}`, `Cannot use ${kind.name} "${path}": ${state}`, remedy, error);
  }
  const system = (error as { code?: unknown }).code;
  if (system === "EACCES" || system === "ENOTDIR" || system === "EROFS" || system === "ENOSPC" || system === "EEXIST") {
    const message = `Cannot use ${kind.name} "${path}": its directory cannot be made (${system})`;
    return new Unavailable(`${kind.code}_CANTOPEN`, message, "check the path and the permissions of its directory", error);
  }
  return error;
}

function pragma(db: DatabaseSync, name: string): number {
  const row = db.prepare(`PRAGMA ${name}`).get();
  return Number(row?.[name] ?? 0);
}
