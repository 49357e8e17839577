import type { Access } from "../access/access.ts";
import type { Config } from "../config/config.ts";
import { isLoopback } from "../config/http-config.ts";
import type { Logger } from "../observe/log/logger.ts";
import type { Store, StoreReads } from "../store/store.ts";
import { hasData } from "./data-directory.ts";
import { hasStore } from "./roles.ts";
import { openStoreFor } from "./stores.ts";

/** What keeps keys. */
export type KeyStore = Pick<Store, "noteTraffic"> & { readonly reads: Pick<StoreReads, "operatorLog"> };

/** Whether clients are known by certificates, so that nobody is let in without anything. */
export function hasClientCa({ http: { tls } }: Pick<Config, "http">): boolean {
  return tls !== null && tls.files.clientCaFile !== null;
}

/** Finds out who asks: by the keys of the store, by the provider of people, and by certificates of clients. */
export async function accessBy(config: Config, store: KeyStore, logger: Logger, now: () => number): Promise<Access> {
  const { openAccess } = await import("../access/access.ts");
  const { role } = config.process;
  const { createUseNotes } = await import("../access/key-use.ts");
  const notes = createUseNotes(store, (why) => logger.write("key.unnoted", { "sigma.why": why }));
  // Who only reads writes no notes either.
  const noteUse = role === "console" ? (): void => undefined : notes;
  const { oidc, http } = config;
  const certificates = hasClientCa(config) ? { certificates: http.tls?.clientRoles ?? [] } : {};
  const deps = { reads: store.reads, now, noteUse, ...certificates };
  if (oidc === null) return openAccess(deps);
  const { openPeople } = await import("../access/people/people.ts");
  return openAccess({ ...deps, people: openPeople({ ...oidc, now }) });
}

/**
 * Whether other machines could reach a gateway of this configuration without a key: it listens for them, nothing says that a proxy
 * authenticates, no provider vouches for people, no authority for clients, and no key was ever made. @throws `Unavailable` when the store cannot be read.
 */
export async function isOpenToAll(config: Config): Promise<boolean> {
  const { host, allowRemote } = config.http;
  if (isLoopback(host) || allowRemote || hasClientCa(config)) return false;
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
