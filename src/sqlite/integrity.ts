import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { Unavailable } from "../core/unavailable.ts";
import { threadEntry } from "../thread-entry.ts";
import type { FileKind } from "./open.ts";
import { refuseWrongWal } from "./wal.ts";

/** An integrity check that runs in the background. */
export type IntegrityCheck = {
  /** The damage that was found; null when the file is sound or missing. Never rejects. */
  readonly damage: Promise<Unavailable | null>;
  readonly stop: () => Promise<void>;
};

/** What the thread is given. `check` is the address of a module ({@link FileKind}). */
export type FileToCheck = {
  readonly path: string;
  readonly applicationId: number;
  readonly version: number;
  readonly check: string | null;
};

/** What the thread found. `isOfKind`: SQLite found nothing, the check of the kind did. */
export type FoundFaults = { readonly faults: readonly string[]; readonly isOfKind: boolean };

const NOTHING: FoundFaults = { faults: [], isOfKind: false };

/** Starts SQLite's check of the whole structure of a file and the check of its kind, in a thread. Damage is reported with the code `<kind>_CORRUPT`. */
export function startIntegrityCheck(kind: FileKind, path: string): IntegrityCheck {
  if (!existsSync(path)) return { damage: Promise.resolve(null), stop: async () => undefined };
  try {
    // The -wal is checked before the thread opens the file: SQLite silently uses only the intact part of a damaged -wal.
    refuseWrongWal(kind, path);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { damage: Promise.resolve(error), stop: async () => undefined };
  }
  const { promise, resolve } = Promise.withResolvers<FoundFaults>();
  const worker = new Worker(threadEntry(import.meta.url, "./integrity-worker"), {
    workerData: {
      path,
      applicationId: kind.applicationId,
      version: kind.version,
      check: kind.check?.module.href ?? null,
    } satisfies FileToCheck,
  });
  worker.unref();
  worker.once("message", resolve);
  // A file that cannot be opened or read at all is no finding here: opening it elsewhere reports the error.
  worker.once("error", () => resolve(NOTHING));
  worker.once("exit", () => resolve(NOTHING));
  const damage = promise.then(({ faults: [first], isOfKind }) =>
    first === undefined
      ? null
      : new Unavailable(
          `${kind.code}_CORRUPT`,
          `Cannot use ${kind.name} "${path}": the file is damaged: ${first.replaceAll(/\s+/g, " ").trim().slice(0, 200)}`,
          isOfKind ? (kind.check?.remedy ?? kind.recovery) : kind.recovery,
        ),
  );
  return { damage, stop: async () => void (await worker.terminate()) };
}
