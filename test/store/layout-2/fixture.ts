import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Db } from "mongodb";

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

/** Puts the failures of a database back to what a gateway of layout 2 left of them. */
export async function putBackToLayout2(raw: Db): Promise<void> {
  const failed = raw.collection("failed_shipments");
  await raw.command({ collMod: "failed_shipments", validator: { code: { $type: "string" } } });
  await failed.updateMany({}, { $unset: { producer: "" } });
  for (const [name, key] of [
    ["time", { "source.at": -1 }],
    ["group", { fingerprint: 1, "source.at": -1 }],
    ["code", { code: 1, "source.at": -1 }],
  ] as const) {
    await failed.dropIndex(name);
    await failed.createIndex(key, { name });
  }
  for (const name of ["sigma_groups", "sigma_group_days"]) await raw.collection(name).drop();
  await raw.collection("sigma_layout").updateOne({}, { $set: { version: 2 } });
}
