import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system of four megabytes. */
export type SmallDisk = { readonly directory: string; readonly remove: () => void };

/** @throws where this user may not mount one. */
export function mountSmallDisk(): SmallDisk {
  const directory = mkdtempSync(join(tmpdir(), "sigma-disk-"));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", directory], { stdio: "pipe" });
  } catch (error) {
    remove();
    throw error;
  }
  return {
    directory,
    remove: () => {
      execFileSync("umount", ["-l", directory], { stdio: "pipe" });
      remove();
    },
  };
}
