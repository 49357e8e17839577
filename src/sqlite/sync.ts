import { closeSync, fsyncSync, openSync } from "node:fs";

/** Calls fsync on a file or folder: everything written to it before is on the disk when this returns. */
export function sync(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
