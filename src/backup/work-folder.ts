import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, type Dirent } from "node:fs";
import { basename, dirname, join } from "node:path";
import { HOLD, holdFolder } from "../sqlite/hold.ts";

/** A folder that belongs to this process alone, in which files are prepared before they are moved to their place. */
export type WorkFolder = {
  readonly directory: string;
  /** Removes the folder if it still exists. */
  readonly close: () => void;
};

/** Attempts to create a folder: another process may remove a new folder as abandoned before this process holds it. */
const ATTEMPTS_MAX = 5;

/**
 * Opens a folder.
 * @param prefix its path without the eight random characters at the end.
 * @throws the system's error when it cannot be created.
 */
export function openWorkFolder(prefix: string): WorkFolder {
  clearAbandoned(prefix);
  for (let attempt = 1; ; attempt += 1) {
    const directory = prefix + randomBytes(4).toString("hex");
    mkdirSync(directory, { recursive: true });
    const hold = holdFolder(directory);
    if (hold !== null) {
      const close = (): void => {
        rmSync(directory, { recursive: true, force: true });
        hold.release();
      };
      return { directory, close };
    }
    rmSync(directory, { recursive: true, force: true });
    if (attempt >= ATTEMPTS_MAX) throw new Error(`Cannot hold a folder beside "${prefix}"`);
  }
}

/** Every folder with this prefix, held by a process or not. */
export function workFolders(prefix: string): readonly string[] {
  const [parent, name] = [dirname(prefix), basename(prefix)];
  return entriesOf(parent)
    .filter((one) => one.isDirectory() && one.name.startsWith(name) && RANDOM.test(one.name.slice(name.length)))
    .map((one) => join(parent, one.name));
}

/** None where the path leads to no folder, or to one that this user may not read: whoever makes something there is told so. */
function entriesOf(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

const RANDOM = /^[0-9a-f]{8}$/;

/**
 * Removes the folders of processes that were killed. A folder that a process holds stays, and so does a folder with another
 * kind of name.
 */
function clearAbandoned(prefix: string): void {
  for (const directory of workFolders(prefix)) {
    if (!existsSync(join(directory, HOLD))) {
      removeIfEmpty(directory);
      continue;
    }
    const hold = holdFolder(directory);
    if (hold === null) continue;
    rmSync(directory, { recursive: true, force: true });
    hold.release();
  }
}

/** Removes the folder of a process that was killed before it held the folder. */
function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // The folder is not empty, or was removed already.
  }
}
