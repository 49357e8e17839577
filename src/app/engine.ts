import { existsSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { Erasing } from "../erase/erase.ts";
import type { Log, Source } from "../source/source.ts";
import type { Store } from "../store/store.ts";
import { dataFiles, refuseHalfRestored } from "./data-directory.ts";
import { openEmbedded, embeddedLog, openKafka } from "./logs.ts";
import type { Purpose } from "./purpose.ts";
import { openStore, openHistory, refuseWrongIndex } from "./stores.ts";

// Only src/app names adapters. They are imported on first use, so that commands which do not need them start fast.

/** A log and a store: embedded in the data directory, or Kafka and MongoDB when configured. */
export type Engine = {
  readonly log: Source & Log;
  readonly store: Store;
  readonly close: () => Promise<void>;
};

/** @throws `Unavailable` when the log or the store cannot be opened. */
export async function openEngine(config: Config, collections: readonly string[], purpose: Purpose): Promise<Engine> {
  const log = await (config.kafka === null ? openEmbedded(config, purpose) : openKafka(config, config.kafka, purpose));
  return withStore(log, config, collections, purpose);
}

/** Opens the store for an open log. Closes the log when the store cannot be opened. */
async function withStore<At extends Pick<Source, "close"> | null>(
  log: At,
  ...[config, collections, purpose]: Parameters<typeof openEngine>
): Promise<{ readonly log: At; readonly store: Store; readonly close: () => Promise<void> }> {
  try {
    const store = await openStore(config, collections, purpose);
    return { log, store, close: async () => void (await Promise.all([store.close(), log?.close()])) };
  } catch (error) {
    await log?.close();
    throw error;
  }
}

/** Opens a store to erase records from, and the log when it is the gateway's own. @throws `Unavailable`. */
export async function openErasing(config: Config, past: readonly string[]): Promise<Erasing & Pick<Store, "close">> {
  await refuseHalfRestored(config);
  const isOwn = config.kafka === null && existsSync(dataFiles(config).logFile);
  const opened = await withStore(isOwn ? await embeddedLog(config, { all: true }) : null, config, past, "operate");
  try {
    await refuseWrongIndex(opened.store);
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** A read-only store and log; `log` is null when the file of an embedded log, `logFile`, is missing. */
export type ReadOnlyEngine = Omit<Engine, "log"> & { readonly log: (Source & Log) | null; readonly logFile: string };

/** Opens the existing store and log read-only. @throws `Unavailable`. */
export async function openReadOnly(config: Config): Promise<ReadOnlyEngine> {
  const { logFile } = dataFiles(config);
  if (config.kafka !== null || existsSync(logFile)) return { ...(await openEngine(config, [], "read")), logFile };
  const store = await openHistory(config);
  return { log: null, logFile, store, close: store.close };
}
