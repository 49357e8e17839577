import { Unavailable } from "../core/unavailable.ts";

/**
 * The layout of a store that this build writes, on every engine. A file says its own as `user_version`, a database in one document of
 * `sigma_layout`. 1: decisions with the bytes beside them. 2: entries of the ledger keep the records (docs/evidence.md).
 */
export const LAYOUT = 2;

/** What a person does about a store of an older layout of ours. */
export const MIGRATE = "run `sigma store migrate`: it says what it will do before it does anything";

/** @param what as in `store "data/store.db"`. @param why how that is known, when nothing in the store says it. */
export function olderLayout(what: string, found: number, why = ""): Unavailable {
  const message = `Cannot open ${what}: it has an older layout of ours (${found}); this build writes ${LAYOUT}${why}`;
  return new Unavailable("STORE_OLDER", message, MIGRATE);
}

/** A newer build wrote it. */
export function newerLayout(what: string, found: number): Unavailable {
  const message = `Cannot open ${what}: it has a newer layout of ours (${found}); this build writes ${LAYOUT}`;
  return new Unavailable("STORE_NEWER", message, "use the newer build that wrote it; nothing was changed");
}

/** @param signs what of each layout is there. */
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
