import type { DatabaseSync } from "node:sqlite";
import { sealAction, type OperatorAction } from "../../ledger/operator-log.ts";
import { guarded, rollback, type FileKind } from "../../sqlite/open.ts";
import { openReadOnly } from "../../sqlite/read-only.ts";
import { refuseWrongWal } from "../../sqlite/wal.ts";
import { holdAlone } from "./hold-alone.ts";
import type { Operator } from "./migration.ts";

/** A store file that is migrated in its place, and its operator log. */
export type SqliteInPlace = {
  readonly kind: FileKind;
  readonly path: string;
  readonly busyTimeoutMs: number;
  /** Appends to the operator log. */
  readonly append: (db: DatabaseSync, action: OperatorAction) => void;
  /** The last operator action. */
  readonly lastAction: (db: DatabaseSync) => OperatorAction | null;
};

/** Reads the file, and changes nothing. */
export function look<T>({ kind, path, busyTimeoutMs }: SqliteInPlace, read: (db: DatabaseSync) => T): T {
  return guarded(kind, path, () => {
    const db = openReadOnly(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: false });
    try {
      return read(db);
    } finally {
      db.close();
    }
  });
}

/** A step from one layout to the next. `why` is the reason in the operator log. */
type Step = { readonly from: number; readonly to: number; readonly why: string };

/** Runs a migration in one transaction, with the file locked. @throws `Unavailable` when another process has the file open. */
export async function inPlace(
  { kind, path, busyTimeoutMs, append, lastAction }: SqliteInPlace,
  { from, to, why }: Step,
  tell: (step: string) => void,
  operator: Operator,
  change: (db: DatabaseSync) => void,
): Promise<void> {
  tell("lock the file");
  refuseWrongWal(kind, path);
  // The lock is a transaction, in which everything below happens.
  const db = guarded(kind, path, () => holdAlone(path, from, busyTimeoutMs));
  try {
    guarded(kind, path, () => {
      change(db);
      const said = { action: "migrate", target: "store", reason: `another layout: ${why}` } as const;
      append(db, sealAction(lastAction(db), { ...operator, ...said, detail: `from layout ${from}, in place` }));
      db.exec(`PRAGMA user_version = ${to}`);
      tell("bring it to the disk");
      db.exec("COMMIT");
    });
  } catch (error) {
    rollback(db);
    throw error;
  } finally {
    db.close();
  }
  tell("done");
}

/** The tables of documents of a kind. */
export function tablesOf(db: DatabaseSync, kind: "validated" | "failed"): readonly string[] {
  const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  const ours = new RegExp(`^${kind}_[a-z][a-z0-9_]{0,62}$`);
  return names.map(({ name }) => String(name)).filter((name) => ours.test(name));
}

export function countOf(db: DatabaseSync, table: string): number {
  return Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"]);
}
