import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Db } from "mongodb";
import { restoreDump } from "../mongodb/dumped.ts";

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

// A database of layout 3 and its embedded log, made likewise: 260 records by "harbour", of which offsets 250, 251, 255, 256, 257 and 259 repeat a
// fact, one is a conflict and two are wrong; six more by "warehouse" with three repeats and a wrong one.

/** What the records of the database came to. */
export const LAYOUT_3_DATABASE_TALLY = { validated: 253, failed: 4, receipts: 9 } as const;

/** Makes the collections of layout 3 with everything in them. */
export async function makeLayout3Database(db: Db): Promise<void> {
  await restoreDump(db, new URL("mongodb.json.gz", import.meta.url));
}

/** Puts the log that the database was made from into a data directory. */
export function putLayout3LogOfDatabase(dataDir: string): void {
  writeFileSync(join(dataDir, "log.db"), gunzipSync(readFileSync(new URL("mongodb.log.db.gz", import.meta.url))));
}
