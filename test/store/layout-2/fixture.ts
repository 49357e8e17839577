import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

// A store of layout 2 and its log, as the last program that wrote that layout made them: `sigma ingest` of seven records by the producer
// "harbour" (of which one is a duplicate, one a conflict and three are wrong), of three more by "warehouse" (one wrong, one a conflict),
// then `sigma erase` of the first wrong one.

/** What the records came to. */
export const LAYOUT_2_TALLY = { validated: 3, failed: 6, receipts: 1 } as const;

/** Puts `store.db` and `log.db` into a data directory. */
export function putLayout2Files(dataDir: string): void {
  for (const name of ["store.db", "log.db"])
    writeFileSync(join(dataDir, name), gunzipSync(readFileSync(new URL(`${name}.gz`, import.meta.url))));
}
