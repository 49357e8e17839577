import type { Config } from "../config/config.ts";
import { openContractSet } from "../core/contract-set.ts";
import { openStoreFor } from "./stores.ts";

/** Every collection that a contract set of the history names: one whose table is gone is made anew. */
export async function pastCollections(config: Config): Promise<readonly string[]> {
  const store = await openStoreFor(config, "look");
  try {
    const sets = (await store.reads.contractSets()).map(({ digest, text }) => openContractSet(digest, text));
    return [...new Set(sets.flatMap((sealed) => sealed?.set.contracts.map(({ collection }) => collection) ?? []))];
  } finally {
    await store.close();
  }
}
