import { chmodSync, chownSync, existsSync, linkSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { Unavailable } from "../../core/unavailable.ts";
import { guarded, type FileKind } from "../../sqlite/open.ts";
import { openReadOnly } from "../../sqlite/read-only.ts";
import { sync } from "../../sqlite/sync.ts";
import { refuseWrongWal } from "../../sqlite/wal.ts";
import { SQLITE_LAYOUT } from "../layout-version.ts";
import type { OperatorAction } from "../../ledger/operator-log.ts";
import type { Store } from "../store.ts";
import { carryOver, describeCarried, type Carried } from "./carry.ts";
import { holdAlone, leaveWal } from "./hold-alone.ts";
import type { Bounds, Decided, Migration, Operator } from "./migration.ts";

const FROM = 1;

/** The store file to migrate. */
export type SqliteTarget = {
  readonly kind: FileKind;
  readonly path: string;
  readonly busyTimeoutMs: number;
  /** Creates a store of the present layout. */
  readonly make: (path: string, collections: readonly string[]) => Store;
};

/**
 * The migration from layout 1. It keeps the file under another name and puts a new file in its place, into which the log is decided
 * again.
 *
 * The new file is completed beside the old one. The old file then gets a second name by a hard link, and an atomic rename gives its
 * first name to the new file, so there is a store at every moment. Meanwhile the old file is locked and not in WAL mode. A process
 * that waited for the lock still has the old file open under a name that is now the new file's; it would have to switch the old file
 * back to WAL mode, which SQLite refuses (SQLITE_READONLY_DBMOVED).
 */
export function fromLayout1(target: SqliteTarget): Migration {
  const { kind, path, busyTimeoutMs } = target;
  const reading = <T>(look: (db: DatabaseSync) => T): T =>
    guarded(kind, path, () => {
      const db = openReadOnly(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: false });
      try {
        return look(db);
      } finally {
        db.close();
      }
    });
  return {
    from: FROM,
    to: SQLITE_LAYOUT,
    plan: async () => ({
      steps: [
        `keep ${basename(path)} as ${basename(asideOf(path))}, as it is: nothing of it is deleted`,
        `make a new ${basename(path)} in layout ${SQLITE_LAYOUT}`,
        describeCarried(reading(readCarried)),
        "decide the log again into it, from its first record and by the contracts of now, when the gateway is started",
      ],
      decided: reading(readDecided),
      heldOutside: async (stream, bounds) => reading((db) => countOutside(db, stream, bounds)),
    }),
    up: async (tell, operator) => up(target, tell, operator),
  };
}

async function up({ kind, path, busyTimeoutMs, make }: SqliteTarget, tell: (step: string) => void, operator: Operator) {
  tell("lock the old file");
  refuseWrongWal(kind, path);
  const old = guarded(kind, path, () => holdAlone(path, FROM, busyTimeoutMs));
  try {
    const [aside, fresh] = [asideOf(path), join(dirname(path), "store.migrating.db")];
    tell("make the new file");
    for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(fresh + suffix, { force: true });
    const store = make(fresh, collectionsIn(old));
    try {
      await carryOver(readCarried(old), store, FROM, operator, basename(aside));
    } finally {
      await store.close();
    }
    tell("bring it to the disk");
    guarded(kind, fresh, () => leaveWal(fresh));
    copyOwner(fresh, path);
    sync(fresh);
    tell("keep the old file under its new name");
    keep(path, aside);
    sync(dirname(path));
    tell("put the new file in its place");
    renameSync(fresh, path);
    sync(dirname(path));
  } finally {
    old.close();
  }
  tell("done");
}

/** The name under which the old file is kept: the first free one, or one that an interrupted migration already linked. */
function asideOf(path: string): string {
  const begin = path.replace(/\.db$/, "");
  for (let number = 1; ; number += 1) {
    const name = `${begin}.layout-1${number === 1 ? "" : `-${number}`}.db`;
    if (!existsSync(name) || isSameFile(name, path)) return name;
  }
}

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [statSync(one, { bigint: true }), statSync(other, { bigint: true })];
  return a.ino === b.ino && a.dev === b.dev;
}

function keep(path: string, aside: string): void {
  if (existsSync(aside)) return;
  try {
    linkSync(path, aside);
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    throw new Unavailable(
      "STORE_IO",
      `Cannot keep store "${path}" as "${aside}": the file system answers ${code} to a second name`,
      "copy the data directory to a file system that has hard links, and migrate it there; nothing was changed",
      error,
    );
  }
}

/** Gives the new file the mode of the old one and, where this user is allowed to, its owner. */
function copyOwner(fresh: string, path: string): void {
  const { mode, uid, gid } = statSync(path);
  chmodSync(fresh, mode);
  try {
    chownSync(fresh, uid, gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
  }
}

// Reads of layout 1.

function readDecided(db: DatabaseSync): readonly Decided[] {
  const rows = readAll(
    db,
    `SELECT stream, min(from_offset) AS first, max(to_offset) AS last, sum(count) AS records
      FROM sigma_ledger GROUP BY stream ORDER BY stream`,
  );
  return rows.map((row) => ({
    stream: String(row["stream"]),
    from: row["first"] as bigint,
    to: row["last"] as bigint,
    records: Number(row["records"]),
  }));
}

function countOutside(db: DatabaseSync, stream: string, bounds: Bounds | null): number {
  const outside = bounds === null ? "" : "AND (offset < ? OR offset >= ?)";
  const values = bounds === null ? [] : [bounds.start, bounds.end];
  let records = 0;
  for (const table of objectTables(db)) {
    const row = db.prepare(`SELECT count(*) AS n FROM ${table} WHERE stream = ? ${outside}`).get(stream, ...values);
    records += Number(row?.["n"]);
  }
  return records;
}

function objectTables(db: DatabaseSync): readonly string[] {
  return readAll(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .map(({ name }) => String(name))
    .filter((name) => /^(?:sigma_receipts|(?:validated|failed)_[a-z][a-z0-9_]{0,62})$/.test(name));
}

function collectionsIn(db: DatabaseSync): readonly string[] {
  return objectTables(db).flatMap((name) => /^validated_(.*)$/.exec(name)?.[1] ?? []);
}

function readCarried(db: DatabaseSync): Carried {
  return {
    actions: readAll(db, "SELECT * FROM sigma_operator_log ORDER BY seq").map((row) => ({
      seq: Number(row["seq"]),
      prevHash: String(row["prev_hash"]),
      at: String(row["at"]),
      actor: String(row["actor"]),
      action: String(row["action"]) as OperatorAction["action"],
      target: String(row["target"]),
      reason: String(row["reason"]),
      detail: String(row["detail"]),
      hash: String(row["hash"]),
    })),
    traffic: readAll(db, "SELECT * FROM sigma_traffic").map((row) => ({
      subject: String(row["subject"]),
      version: Number(row["version"]),
      producer: String(row["producer"]),
      firstMs: Number(row["first_ms"]),
      lastMs: Number(row["last_ms"]),
    })),
    // The first files of layout 1 lack this table.
    logEnds:
      readAll(db, "SELECT 1 FROM sqlite_schema WHERE name = 'sigma_log_ends'").length === 0
        ? []
        : readAll(db, "SELECT * FROM sigma_log_ends").map((row) => ({
            stream: String(row["stream"]),
            topic: String(row["topic"]),
            partition: Number(row["partition"]),
            end: row["end_offset"] as bigint,
          })),
  };
}

function readAll(db: DatabaseSync, sql: string): readonly Readonly<Record<string, SQLOutputValue>>[] {
  const statement = db.prepare(sql);
  statement.setReadBigInts(true);
  return statement.all();
}
