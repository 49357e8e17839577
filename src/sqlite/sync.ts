import { closeSync, fsyncSync, openSync } from "node:fs";

/** Whatever is written to a file or a folder is on the disk when this returns. */
export function sync(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
