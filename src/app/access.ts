import type { Access } from "../access/access.ts";
import type { Config } from "../config/config.ts";
import { isLoopback } from "../config/http-config.ts";
import type { Logger } from "../observe/log/logger.ts";
import type { Store } from "../store/store.ts";
import { hasData } from "./data-directory.ts";
import { hasStore } from "./roles.ts";
import { openStoreFor } from "./stores.ts";

/** Finds out who asks: by the keys of the store, and by the provider of people. */
export async function accessBy(config: Config, store: Store, logger: Logger, now: () => number): Promise<Access> {
  const { openAccess } = await import("../access/access.ts");
  const { role } = config.process;
  const { createUseNotes } = await import("../access/key-use.ts");
  const notes = createUseNotes(store, (why) => logger.write("key.unnoted", { "sigma.why": why }));
  // Who only reads writes no notes either.
  const noteUse = role === "console" ? (): void => undefined : notes;
  const { oidc } = config;
  if (oidc === null) return openAccess({ reads: store.reads, now, noteUse });
  const { openPeople } = await import("../access/people/people.ts");
  return openAccess({ reads: store.reads, now, noteUse, people: openPeople({ ...oidc, now }) });
}

/**
 * Whether other machines could reach a gateway of this configuration without a key: it listens for them, nothing says that a proxy
 * authenticates, no provider vouches for people, and no key was ever made. @throws `Unavailable` when the store cannot be read.
 */
export async function isOpenToAll(config: Config): Promise<boolean> {
  const { host, allowRemote } = config.http;
  if (isLoopback(host) || allowRemote) return false;
  if (!hasStore(config)) return true;
  if (config.oidc !== null) return false;
  if (!hasData(config)) return true;
  const { readApiKeys } = await import("../access/change-keys.ts");
  const store = await openStoreFor(config, "read");
  try {
    return (await readApiKeys(store.reads)).length === 0;
  } finally {
    await store.close();
  }
}
