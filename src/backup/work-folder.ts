import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { HOLD, holdFolder } from "../sqlite/hold.ts";

/** A folder of this run alone, in which something is made ready before it takes its place. */
export type WorkFolder = {
  readonly directory: string;
  /** Removes it, if it is still there. */
  readonly close: () => void;
};

/** Another process may take a folder for abandoned before it is held: then the next one is made. */
const ATTEMPTS_MAX = 5;

/** @param prefix path of the folder up to eight random characters. @throws the system's error when it cannot be made. */
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

/** The folders with this prefix that are there, whoever holds them. */
export function workFolders(prefix: string): readonly string[] {
  const [parent, name] = [dirname(prefix), basename(prefix)];
  if (!existsSync(parent)) return [];
  return readdirSync(parent, { withFileTypes: true })
    .filter((one) => one.isDirectory() && one.name.startsWith(name) && RANDOM.test(one.name.slice(name.length)))
    .map((one) => join(parent, one.name));
}

const RANDOM = /^[0-9a-f]{8}$/;

/** What runs left behind that were killed. A folder that a process holds stays, and so does one that is not of this kind. */
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

/** One that was killed before it held it. */
function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // It holds something, or is gone.
  }
}
