import type { FileName } from "../backup/manifest.ts";
import type { Config } from "../config/config.ts";
import type { IntegrityCheck } from "../sqlite/integrity.ts";
import type { FileKind } from "../sqlite/open.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** How long a statement waits for another process's lock; the event loop waits with it. */
export const BUSY_TIMEOUT_MS = 500;

/** Where a data directory keeps its files. */
export function dataFiles({ dataDir }: Pick<Config, "dataDir">): {
  readonly logFile: string;
  readonly storeFile: string;
} {
  return { logFile: join(dataDir, "log.db"), storeFile: join(dataDir, "store.db") };
}

/** Whether there is anything to look at; a store in MongoDB has to be asked. */
export function hasData(config: Config): boolean {
  const { logFile, storeFile } = dataFiles(config);
  return config.mongodbUri !== null || existsSync(storeFile) || (config.kafka === null && existsSync(logFile));
}

/** The layout of the store's file in a directory; null when there is none. @throws `Unavailable` when it is not ours. */
export async function layoutIn(directory: string): Promise<number | null> {
  const { readLayout } = await import("../sqlite/open.ts");
  const { STORE_FILE } = await import("../store/sqlite/layout.ts");
  return readLayout(STORE_FILE, dataFiles({ dataDir: directory }).storeFile, BUSY_TIMEOUT_MS);
}

/** Folders of restores in the data directory that were broken off or go on. */
export async function foldersOfRestores({ dataDir }: Pick<Config, "dataDir">): Promise<readonly string[]> {
  const { RESTORING } = await import("../backup/restore.ts");
  const { workFolders } = await import("../backup/work-folder.ts");
  return workFolders(join(dataDir, RESTORING));
}

/** What a restore made ready and did not put in its place; none where the log is there. */
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

/** What the files of a data directory are. */
export async function fileKinds(): Promise<Readonly<Record<FileName, FileKind>>> {
  const { LOG_FILE } = await import("../source/embedded/layout.ts");
  const { STORE_FILE } = await import("../store/sqlite/layout.ts");
  return { "log.db": LOG_FILE, "store.db": STORE_FILE };
}

/** @throws `Unavailable` when a file of the data directory that is to be written may not be. */
export async function requireWritable(config: Config): Promise<void> {
  const { refuseReadOnly } = await import("../sqlite/open.ts");
  const { "log.db": log, "store.db": store } = await fileKinds();
  const { logFile, storeFile } = dataFiles(config);
  if (config.kafka === null) refuseReadOnly(log, logFile);
  if (config.mongodbUri === null) refuseReadOnly(store, storeFile);
}

/** Has the files of the data directory checked, each in a thread of its own, while the gateway starts. */
export async function checkFiles(config: Config): Promise<IntegrityCheck> {
  const checks = await Promise.all([checkFile(config, "store.db"), checkFile(config, "log.db")]);
  const damage = Promise.race([
    // The first that finds something; nothing once all are over.
    ...checks.map(async (check) => (await check.damage) ?? new Promise<never>(() => undefined)),
    Promise.all(checks.map(async (check) => check.damage)).then((found) => found.find((one) => one !== null) ?? null),
  ]);
  return { damage, stop: async () => void (await Promise.all(checks.map(async (check) => check.stop()))) };
}

/** Has SQLite check the structure of a file of the data directory; nothing where what it holds is in Kafka or MongoDB. */
export async function checkFile(config: Config, name: FileName): Promise<IntegrityCheck> {
  const elsewhere = name === "log.db" ? config.kafka !== null : config.mongodbUri !== null;
  if (elsewhere) return { damage: Promise.resolve(null), stop: async () => undefined };
  const { startIntegrityCheck } = await import("../sqlite/integrity.ts");
  return startIntegrityCheck((await fileKinds())[name], join(config.dataDir, name));
}
