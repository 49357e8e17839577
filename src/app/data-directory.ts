import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { FileName } from "../backup/manifest.ts";
import type { Config } from "../config/config.ts";
import type { IntegrityCheck } from "../sqlite/integrity.ts";
import type { FileKind } from "../sqlite/open.ts";

/** How long a statement waits for another process's lock. The wait blocks the event loop. */
export const BUSY_TIMEOUT_MS = 500;

/** The paths of the files in a data directory. */
export function dataFiles({ dataDir }: Pick<Config, "dataDir">): {
  readonly logFile: string;
  readonly storeFile: string;
} {
  return { logFile: join(dataDir, "log.db"), storeFile: join(dataDir, "store.db") };
}

/** Whether there is data to read. A store in MongoDB counts always, because only the server knows. */
export function hasData(config: Config): boolean {
  const { logFile, storeFile } = dataFiles(config);
  return config.mongodbUri !== null || existsSync(storeFile) || (config.kafka === null && existsSync(logFile));
}

/**
 * The layout version of the store's file in a directory; null when there is no file.
 * @throws `Unavailable` when the file is not ours.
 */
export async function layoutIn(directory: string): Promise<number | null> {
  const { readLayout } = await import("../sqlite/open.ts");
  const { STORE_FILE } = await import("../store/sqlite/layout.ts");
  return readLayout(STORE_FILE, dataFiles({ dataDir: directory }).storeFile, BUSY_TIMEOUT_MS);
}

/** Work folders of restores that were interrupted or are still running. */
export async function foldersOfRestores({ dataDir }: Pick<Config, "dataDir">): Promise<readonly string[]> {
  const { RESTORING } = await import("../backup/restore.ts");
  const { workFolders } = await import("../backup/work-folder.ts");
  return workFolders(join(dataDir, RESTORING));
}

/**
 * Refuses a data directory without a log when a restore was interrupted there, or is running.
 * @throws `Unavailable`.
 */
export async function refuseHalfRestored(config: Config): Promise<void> {
  const { logFile } = dataFiles(config);
  if (existsSync(logFile) || (await foldersOfRestores(config)).length === 0) return;
  const { Unavailable } = await import("../core/unavailable.ts");
  throw new Unavailable(
    "LOG_RESTORING",
    `Cannot use log "${logFile}": a restore into its directory was broken off before it was there, or goes on`,
    "run `sigma restore` again, with the same options; what was there before is in the folder that begins with before-",
  );
}

/** The kind of each file of a data directory. */
export async function fileKinds(): Promise<Readonly<Record<FileName, FileKind>>> {
  const { LOG_FILE } = await import("../source/embedded/layout.ts");
  const { STORE_FILE } = await import("../store/sqlite/layout.ts");
  return { "log.db": LOG_FILE, "store.db": STORE_FILE };
}

/** Checks that the files of the data directory can be written. @throws `Unavailable`. */
export async function requireWritable(config: Config): Promise<void> {
  const { refuseReadOnly } = await import("../sqlite/open.ts");
  const { "log.db": log, "store.db": store } = await fileKinds();
  const { logFile, storeFile } = dataFiles(config);
  if (config.kafka === null) refuseReadOnly(log, logFile);
  if (config.mongodbUri === null) refuseReadOnly(store, storeFile);
}

/** Checks the structure of both files in threads, while the gateway starts. */
export async function checkFiles(config: Config): Promise<IntegrityCheck> {
  const checks = await Promise.all([checkFile(config, "store.db"), checkFile(config, "log.db")]);
  const damage = Promise.race([
    // The first damage found wins; a check without damage never resolves here.
    ...checks.map(async (check) => (await check.damage) ?? new Promise<never>(() => undefined)),
    Promise.all(checks.map(async (check) => check.damage)).then((found) => found.find((one) => one !== null) ?? null),
  ]);
  return { damage, stop: async () => void (await Promise.all(checks.map(async (check) => check.stop()))) };
}

/** How long whoever is going to decide waits for the check, which reads all of log and store. Larger files are checked meanwhile. */
const CHECK_WAIT_MS = 10_000;

/**
 * Waits a limited time for a check.
 * @returns whether it goes on.
 * @throws `Unavailable` when it finds damage in that time.
 */
export async function refuseDamage({ damage }: Pick<IntegrityCheck, "damage">): Promise<boolean> {
  const waiting = new AbortController();
  const running = delay(CHECK_WAIT_MS, "running" as const, { signal: waiting.signal }).catch(() => null);
  const found = await Promise.race([damage, running]);
  waiting.abort();
  if (found === "running") return true;
  if (found !== null) throw found;
  return false;
}

/**
 * Lets SQLite check the structure of a file of the data directory; does nothing when its content is in Kafka or
 * MongoDB.
 */
export async function checkFile(config: Config, name: FileName): Promise<IntegrityCheck> {
  const elsewhere = name === "log.db" ? config.kafka !== null : config.mongodbUri !== null;
  if (elsewhere) return { damage: Promise.resolve(null), stop: async () => undefined };
  const { startIntegrityCheck } = await import("../sqlite/integrity.ts");
  return startIntegrityCheck((await fileKinds())[name], join(config.dataDir, name));
}
