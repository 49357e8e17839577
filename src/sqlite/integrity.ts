import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { Unavailable } from "../core/unavailable.ts";
import { threadEntry } from "../thread-entry.ts";
import type { FileKind } from "./open.ts";
import { refuseWrongWal } from "./wal.ts";

/** A check that goes on beside everything else. */
export type IntegrityCheck = {
  /** What is wrong with the file; null when nothing is, or when it is not there. Never rejects. */
  readonly damage: Promise<Unavailable | null>;
  readonly stop: () => Promise<void>;
};

/** Has SQLite check the whole structure of a file, in a thread of its own. What it finds has the code of the kind. */
export function startIntegrityCheck(kind: FileKind, path: string): IntegrityCheck {
  if (!existsSync(path)) return { damage: Promise.resolve(null), stop: async () => undefined };
  try {
    // The thread would be the first to read the -wal, which takes a part of it for the whole.
    refuseWrongWal(kind, path);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { damage: Promise.resolve(error), stop: async () => undefined };
  }
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const worker = new Worker(threadEntry(import.meta.url, "./integrity-worker"), {
    workerData: { path, applicationId: kind.applicationId },
  });
  worker.unref();
  worker.once("message", resolve);
  // A file that cannot be opened or read at all says so itself when it is opened.
  worker.once("error", () => resolve([]));
  worker.once("exit", () => resolve([]));
  const damage = promise.then(([first]) =>
    first === undefined
      ? null
      : new Unavailable(
          `${kind.code}_CORRUPT`,
          `Cannot use ${kind.name} "${path}": the file is damaged: ${first.replaceAll(/\s+/g, " ").trim().slice(0, 200)}`,
          kind.recovery,
        ),
  );
  return { damage, stop: async () => void (await worker.terminate()) };
}
