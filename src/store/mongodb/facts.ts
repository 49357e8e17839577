import type { Db } from "mongodb";
import type { StoredRow } from "../store.ts";
import { PAYLOAD_WITHOUT_BYTES, readRow } from "./documents.ts";
import { withLongBytes } from "./long-bytes.ts";
import { documentsOf, RAW } from "./read-raw.ts";

/** The facts under these machine ids, with as little of each as comparing its content needs. */
export async function readFacts(db: Db, collection: string, ids: readonly string[]): Promise<readonly StoredRow[]> {
  const stages = [{ $match: { _id: { $in: [...ids] } } }, { $set: { payload: PAYLOAD_WITHOUT_BYTES } }];
  const found = await documentsOf(db.collection(`validated_${collection}`).aggregate(stages, RAW));
  return (await withLongBytes(db, found)).map((document) => readRow("validated", document));
}
