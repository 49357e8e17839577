import type { Access } from "../access/access.ts";
import type { openPeople, People } from "../access/people/people.ts";
import type { ApiKey } from "../access/api-key.ts";
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
  const people = oidc === null ? {} : { people: await peopleOf({ ...oidc, now }) };
  const access = openAccess({ ...deps, ...people });
  // The keys are known from the start, and not from the first request on: the store may be away by then.
  void access.authenticate(null).catch(() => undefined);
  return access;
}

async function peopleOf(options: Parameters<typeof openPeople>[0]): Promise<People> {
  const { openPeople: open } = await import("../access/people/people.ts");
  return open(options);
}

/**
 * Whether other machines could reach a gateway of this configuration, and nobody would need a key: it listens for them, no provider vouches
 * for people, no authority for clients, and no key was ever made. @throws `Unavailable` when the store cannot be read.
 */
export async function isOpenToAll(config: Config): Promise<boolean> {
  if (isLoopback(config.http.host) || hasClientCa(config)) return false;
  if (!hasStore(config)) return true;
  if (config.oidc !== null) return false;
  return (await keysOf(config)).length === 0;
}

/** The keys that were made, those that ended too. @throws `Unavailable` when the store cannot be read. */
export async function keysOf(config: Config): Promise<readonly ApiKey[]> {
  if (!hasStore(config) || !hasData(config)) return [];
  const { readApiKeys } = await import("../access/change-keys.ts");
  const store = await openStoreFor(config, "read");
  try {
    return await readApiKeys(store.reads);
  } finally {
    await store.close();
  }
}

/** Asks the provider of people where its pages are. @returns why it cannot be asked; null: it answers. */
export async function whyProviderAway(oidc: NonNullable<Config["oidc"]>, now: () => number): Promise<string | null> {
  const { createProvider } = await import("../access/people/provider.ts");
  const found = await createProvider({ ...oidc, now }).discovered();
  return "kind" in found ? found.why : null;
}
