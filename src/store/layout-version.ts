import { Unavailable } from "../core/unavailable.ts";

/**
 * The layout versions of the stores that this build writes. A SQLite file holds its version as `user_version`, a MongoDB database
 * in one document of `sigma_layout`. Layout 1: documents hold the records' bytes. Layout 2: ledger entries hold them as evidence
 * (docs/evidence.md). Layout 3: failures are counted by group, and name their producer. Layout 4: SQLite keeps the index of machine
 * ids in tables of its own, into which ids are written late and in their order (sqlite/fact-places.ts); MongoDB keeps the receipts of 256
 * offsets in one document (mongodb/receipts.ts).
 */
export const MONGODB_LAYOUT = 4;
export const SQLITE_LAYOUT = 4;

/** The remedy for a store of an older layout. */
export const MIGRATE = "run `sigma store migrate`: it says what it will do before it does anything";

/** @param what names the store, such as `store "data/store.db"`. @param why how the layout is known when the store holds no version. */
export function olderLayout(what: string, found: number, writes: number, why = ""): Unavailable {
  const message = `Cannot open ${what}: it has an older layout of ours (${found}); this build writes ${writes}${why}`;
  return new Unavailable("STORE_OLDER", message, MIGRATE);
}

/** The error for a store that a newer build wrote. */
export function newerLayout(what: string, found: number, writes: number): Unavailable {
  const message = `Cannot open ${what}: it has a newer layout of ours (${found}); this build writes ${writes}`;
  return new Unavailable("STORE_NEWER", message, "use the newer build that wrote it; nothing was changed");
}

/** The error for a store with parts of two layouts. @param signs names the parts that were found. */
export function mixedLayouts(what: string, signs: string, remedy: string): Unavailable {
  const message = `Cannot open ${what}: it holds two layouts of ours, and an older build began on it: ${signs}`;
  return new Unavailable("STORE_MIXED", message, remedy);
}

export function foreignStore(what: string, why: string): Unavailable {
  return new Unavailable(
    "STORE_FOREIGN",
    `Cannot open ${what}: it is not a store of this gateway: ${why}`,
    "name another database in the URI; nothing was changed",
  );
}
