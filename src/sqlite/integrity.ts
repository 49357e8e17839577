import { existsSync, statSync } from "node:fs";
import { Unavailable } from "../core/unavailable.ts";
import { beginThread, threadEntry } from "../thread-entry.ts";
import { checkWholeFile, type FileToCheck, type FoundFaults } from "./check-file.ts";
import type { FileKind } from "./open.ts";
import { refuseWrongWal } from "./wal.ts";

/** An integrity check that runs in the background. */
export type IntegrityCheck = {
  /** The damage that was found; null when the file is sound or missing. Never rejects. */
  readonly damage: Promise<Unavailable | null>;
  readonly stop: () => Promise<void>;
};

const NOTHING: FoundFaults = { faults: [], isOfKind: false };

/** A file of this size is checked in two milliseconds or so, and a thread takes fifty of CPU to begin. */
const SMALL_BYTES = 2 ** 20;

/**
 * Starts SQLite's check of the whole structure of a file and the check of its kind, in a thread where the file is not small. Damage is reported
 * with the code `<kind>_CORRUPT`.
 */
export function startIntegrityCheck(kind: FileKind, path: string): IntegrityCheck {
  if (!existsSync(path)) return { damage: Promise.resolve(null), stop: async () => undefined };
  try {
    // The -wal is checked before anything opens the file: SQLite silently uses only the intact part of a damaged -wal.
    refuseWrongWal(kind, path);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { damage: Promise.resolve(error), stop: async () => undefined };
  }
  const { applicationId, version, check } = kind;
  const file: FileToCheck = { path, applicationId, version, check: check?.module.href ?? null };
  const { found, stop } = bytesOf(path) <= SMALL_BYTES ? checkHere(file) : checkInThread(file);
  const damage = found.then(({ faults: [first], isOfKind }) =>
    first === undefined
      ? null
      : new Unavailable(
          `${kind.code}_CORRUPT`,
          `Cannot use ${kind.name} "${path}": the file is damaged: ${first.replaceAll(/\s+/g, " ").trim().slice(0, 200)}`,
          isOfKind ? (kind.check?.remedy ?? kind.recovery) : kind.recovery,
        ),
  );
  return { damage, stop };
}

type Running = { readonly found: Promise<FoundFaults>; readonly stop: () => Promise<void> };

// A file that cannot be opened or read at all is no finding of either: opening it elsewhere reports the error.

function checkHere(file: FileToCheck): Running {
  const found = checkWholeFile(file).catch(() => NOTHING);
  return { found, stop: async () => void (await found) };
}

function checkInThread(file: FileToCheck): Running {
  const { promise: found, resolve } = Promise.withResolvers<FoundFaults>();
  const worker = beginThread(threadEntry(import.meta.url, "./integrity-worker"), { workerData: file });
  worker.unref();
  worker.once("message", resolve);
  worker.once("error", () => resolve(NOTHING));
  worker.once("exit", () => resolve(NOTHING));
  return { found, stop: async () => void (await worker.terminate()) };
}

/** Of the file and of what is written beside it and not yet in it. */
function bytesOf(path: string): number {
  return [path, `${path}-wal`].reduce((sum, one) => sum + (statSync(one, { throwIfNoEntry: false })?.size ?? 0), 0);
}
