import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory under another path, where nothing of it can be changed, as a backup that is mounted. */
export type ReadOnlyMount = { readonly directory: string; readonly remove: () => void };

/** @throws where this user may not mount one. */
export function mountReadOnly(of: string): ReadOnlyMount {
  const directory = mkdtempSync(join(tmpdir(), "sigma-read-only-"));
  try {
    execFileSync("mount", ["--bind", of, directory], { stdio: "pipe" });
    // A bind mount takes options only once it is there.
    execFileSync("mount", ["-o", "remount,bind,ro", directory], { stdio: "pipe" });
  } catch (error) {
    rmdirSync(directory);
    throw error;
  }
  return {
    directory,
    remove: () => {
      execFileSync("umount", ["-l", directory], { stdio: "pipe" });
      rmdirSync(directory);
    },
  };
}

/** Makes one file read-only where it is, beside others that can be written. @returns what undoes it. */
export function mountFileReadOnly(path: string): () => void {
  execFileSync("mount", ["--bind", path, path], { stdio: "pipe" });
  execFileSync("mount", ["-o", "remount,bind,ro", path], { stdio: "pipe" });
  return () => void execFileSync("umount", ["-l", path], { stdio: "pipe" });
}
