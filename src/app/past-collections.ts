import type { Config } from "../config/config.ts";
import { openContractSet } from "../core/contract-set.ts";
import { openStoreFor } from "./stores.ts";

/**
 * Every collection that a stored contract set names, so that a missing table of one can be created again.
 * @param purpose whoever is going to write says so: an index of ids that was dropped is made anew, where a reader would refuse the store.
 */
export async function pastCollections(config: Config, purpose: "read" | "operate"): Promise<readonly string[]> {
  const store = await openStoreFor(config, purpose);
  try {
    const sets = (await store.reads.contractSets()).map(({ digest, text }) => openContractSet(digest, text));
    return [...new Set(sets.flatMap((sealed) => sealed?.set.contracts.map(({ collection }) => collection) ?? []))];
  } finally {
    await store.close();
  }
}
