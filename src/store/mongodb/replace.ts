import { BSON, type Db } from "mongodb";
import { WRITE_CONCERN } from "./connect.ts";
import type { StagedDocuments } from "./staged-documents.ts";

/** Documents in one command. Replacing is rare, so this need not be fast. */
const PAGE = 1_000;

/** Replaces the documents under the ids of the staged ones. `promoteValues: false` keeps the types of numbers in the driver. */
export async function replaceStaged<Row>(
  db: Db,
  collection: string,
  { size, bytesAt }: StagedDocuments<Row>,
): Promise<void> {
  for (let from = 0; from < size(); from += PAGE) {
    const places = Array.from({ length: Math.min(PAGE, size() - from) }, (_, index) => from + index);
    const changes = places.map((place) => {
      const replacement: Record<string, unknown> = BSON.deserialize(bytesAt(place), { promoteValues: false });
      return { replaceOne: { filter: { _id: replacement["_id"] as never }, replacement, upsert: true } };
    });
    await db.collection(collection).bulkWrite(changes, { ordered: false, writeConcern: WRITE_CONCERN });
  }
}
