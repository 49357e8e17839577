import { DatabaseSync } from "node:sqlite";

/** What is checked. `check` is the address of a module (`FileKind`). */
export type FileToCheck = {
  readonly path: string;
  readonly applicationId: number;
  readonly version: number;
  readonly check: string | null;
};

/** What was found. `isOfKind`: SQLite found nothing, the check of the kind did. */
export type FoundFaults = { readonly faults: readonly string[]; readonly isOfKind: boolean };

/** Runs SQLite's integrity check on one file, and then the check of its kind. It reads the whole file, about a gigabyte a second. */
export async function checkWholeFile({ path, applicationId, version, check }: FileToCheck): Promise<FoundFaults> {
  // The file is opened read-only, because this may be the first open after a crash, and a damaged file must stay as it was found.
  let db = new DatabaseSync(path, { timeout: 5_000, readOnly: true });
  try {
    const ours = Number(db.prepare("PRAGMA application_id").get()?.["application_id"]) === applicationId;
    if (ours && db.prepare("PRAGMA journal_mode").get()?.["journal_mode"] !== "wal") {
      // A file restored from a backup is not in WAL mode, and the gateway could not switch it while this check reads it. So the check
      // switches it first.
      db.close();
      db = new DatabaseSync(path, { timeout: 5_000 });
      db.exec("PRAGMA journal_mode = WAL");
    }
    const found = ours ? db.prepare("PRAGMA integrity_check(3)").all() : [];
    const faults = found.map((row) => String(row["integrity_check"])).filter((text) => text !== "ok");
    const isPresent = ours && Number(db.prepare("PRAGMA user_version").get()?.["user_version"]) === version;
    const isSound = faults.length === 0 && isPresent && check !== null;
    const of = isSound
      ? ((await import(check)) as { readonly faultsIn: (db: DatabaseSync) => readonly string[] })
      : null;
    const more = of?.faultsIn(db) ?? [];
    return { faults: [...faults, ...more], isOfKind: more.length > 0 };
  } finally {
    db.close();
  }
}
