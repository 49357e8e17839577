import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dataFiles } from "./data-directory.ts";
import type { Where } from "./stores.ts";

/** A file smaller than this is judged before a thread has begun. */
const FILE_BYTES_MIN = 67_108_864;

/** Beyond this, the command itself, which reads the ledger and adds up, has all its time taken. */
const THREADS_MAX = 8;

/** How many threads help to judge what a store holds by default: one for each core, where it is not a small file. */
export function judgingThreads(where: Where): number {
  if (where.mongodbUri !== null) return threadsMost();
  const { size } = statSync(dataFiles(where).storeFile, { throwIfNoEntry: false }) ?? { size: 0 };
  return size < FILE_BYTES_MIN ? 1 : threadsMost();
}

function threadsMost(): number {
  return Math.min(availableParallelism(), THREADS_MAX);
}
