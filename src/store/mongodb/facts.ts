import type { Db } from "mongodb";
import type { StoredRow } from "../store.ts";
import { PAYLOAD_WITHOUT_BYTES, readRow, type Document } from "./documents.ts";
import { withLongBytes } from "./long-bytes.ts";

/** The facts under these machine ids, with as little of each as comparing its content needs. */
export async function readFacts(db: Db, collection: string, ids: readonly string[]): Promise<readonly StoredRow[]> {
  const found = await db
    .collection<Document>(`validated_${collection}`)
    .aggregate<Document>([{ $match: { _id: { $in: [...ids] } } }, { $set: { payload: PAYLOAD_WITHOUT_BYTES } }])
    .toArray();
  return (await withLongBytes(db, found)).map((document) => readRow("validated", document));
}
