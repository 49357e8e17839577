import { setTimeout as delay } from "node:timers/promises";
import { takeLock } from "../src/sqlite/lock.ts";

const LOOK_EVERY_MS = 100;

/**
 * Builds something unless it is built. Of several processes one builds and the others wait for it, however long it takes; the system
 * gives the lock of one that was killed to another at once. A lock has no age: whoever judges one as too old may remove another's.
 *
 * @param lockFile stays, and is empty.
 */
export async function builtOnce(lockFile: string, isBuilt: () => boolean, build: () => Promise<void>): Promise<void> {
  while (!isBuilt()) {
    const lock = takeLock(lockFile);
    if (lock === null) {
      await delay(LOOK_EVERY_MS);
      continue;
    }
    try {
      if (!isBuilt()) await build();
    } finally {
      lock.release();
    }
  }
}
