/** When the server writes what changed in its cache: as it comes, or once half of the cache has changed (docs/mongodb.md#the-servers-cache). */
export type Eviction = "default" | "late";

/** Arguments of mongod. */
export function evictionFlags(eviction: Eviction): readonly string[] {
  return eviction === "default" ? [] : ["--wiredTigerEngineConfigString", LATE];
}

const LATE =
  "eviction_dirty_target=50,eviction_dirty_trigger=70,eviction_updates_target=40,eviction_updates_trigger=60";
