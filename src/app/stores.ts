import type { Config } from "../config/config.ts";
import type { Store } from "../store/store.ts";
import { BUSY_TIMEOUT_MS, dataFiles } from "./data-directory.ts";
import type { Purpose } from "./purpose.ts";

/**
 * How long MongoDB's driver searches for a primary, and waits for an answer, before the gateway backs off and retries.
 */
export const MONGODB_TIMEOUTS = { selectionTimeoutMs: 5_000, socketTimeoutMs: 30_000 } as const;

/** The settings that locate the store. */
export type Where = Pick<Config, "dataDir" | "mongodbUri">;

/** Opens only the store, for commands that need no log. @throws `Unavailable` when it cannot be opened. */
export async function openStoreFor(
  config: Config,
  purpose: Exclude<Purpose, "gateway">,
  collections: readonly string[] = [],
): Promise<Store> {
  return openStore(config, collections, purpose);
}

export async function openStore(config: Where, collections: readonly string[], purpose: Purpose): Promise<Store> {
  const readOnly = purpose === "read";
  if (config.mongodbUri !== null) {
    const { openMongoStore } = await import("../store/mongodb/store.ts");
    return openMongoStore({ uri: config.mongodbUri, collections, readOnly, ...MONGODB_TIMEOUTS });
  }
  const { openSqliteStore, openSqliteStoreInThread } = await import("../store/sqlite/store.ts");
  const options = { path: dataFiles(config).storeFile, readOnly, collections, busyTimeoutMs: BUSY_TIMEOUT_MS };
  return purpose === "gateway" ? openSqliteStoreInThread(options) : openSqliteStore(options);
}

/**
 * Refuses a store whose facts are not all found by their ids, before facts are stored, erased or taken: one that is not found would be
 * stored once more, and keep what was to be erased.
 * @throws `Unavailable`.
 */
export async function refuseWrongIndex(store: Pick<Store, "mendIndex">): Promise<void> {
  const lost = await store.mendIndex(true);
  if (lost === 0) return;
  const { Unavailable } = await import("../core/unavailable.ts");
  const message = `Cannot use the store: the index of ids leads to another place, or to none, for ${lost} of its facts`;
  throw new Unavailable(
    "STORE_CORRUPT",
    message,
    "run `sigma store repair`, which makes the index anew from the facts",
  );
}

/** Opens only the store, read-only: decisions can be read while the log is not available. @throws `Unavailable`. */
export async function openHistory(config: Where): Promise<Store> {
  return openStore(config, [], "read");
}
