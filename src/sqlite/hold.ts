import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Name of the lock file in a held folder. */
export const HOLD = ".held";

export type Hold = { readonly release: () => void };

/**
 * Locks a folder for this process, by SQLite's lock on a file in it. The system releases the lock when the process ends, in whatever
 * way. Processes in other containers see the lock too.
 * @returns null when another process holds the folder, or deleted it meanwhile.
 */
export function holdFolder(directory: string): Hold | null {
  const path = join(directory, HOLD);
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(path, { timeout: 0 });
    // The journal is in memory, so that no journal file appears; nothing is ever written.
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch {
    db?.close();
    return null;
  }
  const held = db;
  if (!existsSync(path)) {
    held.close();
    return null;
  }
  return { release: () => held.close() };
}
