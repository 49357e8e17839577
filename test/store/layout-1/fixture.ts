import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { BSON, type Db, type Document } from "mongodb";
import { restoreDump } from "../mongodb/dumped.ts";

// Stores of layout 1, as the last program that wrote that layout made them: `sigma ingest` of seven records (of which one is a
// duplicate, one a conflict and two are wrong) and of two more, then `sigma streams resume`. Each has the embedded log beside it.

/** What the records of both came to. */
export const OLD_TALLY = { validated: 5, failed: 3, receipts: 1 } as const;
/** What the operator said. */
export const OLD_REASON = "looked at the disk";

/** Puts `store.db` and `log.db` into a data directory. */
export function putOldFiles(dataDir: string): void {
  for (const name of ["store.db", "log.db"]) writeFileSync(join(dataDir, name), unpacked(name));
}

/** Puts the log that the database was made from into a data directory. */
export function putOldLogOfDatabase(dataDir: string): void {
  writeFileSync(join(dataDir, "log.db"), unpacked("mongodb.log.db"));
}

/** Makes the collections of layout 1 with everything in them. */
export async function makeOldDatabase(db: Db): Promise<void> {
  await restoreDump(db, new URL("mongodb.json.gz", import.meta.url));
}

/** The last entry of its ledger with another number, as a gateway of that program would append it. */
export async function nextOldEntry(db: Db, ledger: string): Promise<Document> {
  const [last] = await db
    .collection(ledger)
    .find({}, { promoteValues: false, useBigInt64: false })
    .sort({ seq: -1 })
    .limit(1)
    .toArray();
  if (last === undefined) throw new Error("there is no entry");
  return { ...last, _id: `${String(last["stream"])}|3`, seq: BSON.Long.fromNumber(3) };
}

function unpacked(name: string): Buffer {
  return gunzipSync(readFileSync(new URL(`${name}.gz`, import.meta.url)));
}
