import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Name of the file in a folder that somebody works on. */
export const HOLD = ".held";

export type Hold = { readonly release: () => void };

/**
 * Holds a folder for as long as this process lives: SQLite's lock on a file in it, which goes away with the process, however that
 * ends, and which processes of other containers see, too.
 * @returns null when another process holds it, or took it away meanwhile.
 */
export function holdFolder(directory: string): Hold | null {
  const path = join(directory, HOLD);
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(path, { timeout: 0 });
    // Without a journal beside it: nothing is ever written.
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
