import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

// A store of layout 3 and its log, as the last program that wrote that layout in SQLite made them: `sigma ingest` of nine records by the
// producer "harbour" (one is a duplicate, one a conflict, two are wrong), of three more by "warehouse" (one wrong, one a duplicate),
// then `sigma erase` of the fact SHIP-4.

/** What the records came to. */
export const LAYOUT_3_TALLY = { validated: 6, failed: 4, receipts: 2 } as const;

/** Puts `store.db` and `log.db` into a data directory. */
export function putLayout3Files(dataDir: string): void {
  for (const name of ["store.db", "log.db"])
    writeFileSync(join(dataDir, name), gunzipSync(readFileSync(new URL(`${name}.gz`, import.meta.url))));
}
