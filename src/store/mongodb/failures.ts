import type { Db, Document as BsonDocument } from "mongodb";
import { failureCode, type FailureReason } from "../../core/failure.ts";
import type { StoredFailure } from "../store.ts";
import type { StreamNote } from "../stream-note.ts";
import { valueOf } from "./bson-reader.ts";
import { jsonOf } from "./payload.ts";
import type { ObjectCollection } from "./places.ts";
import { pagesOf, RAW } from "./read-raw.ts";
import { onlyField, openStored, textOf, type StoredDocument } from "./stored-document.ts";
import { placeId } from "./failure-document.ts";

/** Reads the stored failure of a position; null when there is none or it is damaged. */
export async function failureAt(
  db: Db,
  collection: string,
  stream: StreamNote,
  offset: bigint,
): Promise<StoredFailure | null> {
  const found = db.collection<{ _id: string }>(`failed_${collection}`);
  const options = { ...RAW, projection: { code: 1, reason: 1, fingerprint: 1 } };
  for await (const [bytes] of pagesOf(found.find({ _id: placeId(stream, offset) }, options)))
    if (bytes !== undefined) return readFailure(openStored(bytes));
  return null;
}

function readFailure(stored: StoredDocument): StoredFailure | null {
  try {
    const field = onlyField(stored.fields, "reason");
    const fingerprint = textOf(stored, "fingerprint");
    if (field === null || fingerprint === null) return null;
    const reason = jsonOf(valueOf(stored.bytes, field)) as unknown as FailureReason;
    return failureCode(reason) === textOf(stored, "code") ? { reason, fingerprint } : null;
  } catch {
    return null;
  }
}

/** Counts failures by code, most frequent first. */
export async function failureCountsOf(
  db: Db,
  collections: readonly ObjectCollection[],
): Promise<readonly { code: string; count: number }[]> {
  const counts = new Map<string, number>();
  for (const { name, kind } of collections) {
    if (kind !== "failed") continue;
    const groups: BsonDocument[] = await db
      .collection(name)
      .aggregate([{ $group: { _id: "$code", count: { $sum: 1 } } }])
      .toArray();
    for (const group of groups) {
      const code = String(group["_id"]);
      counts.set(code, (counts.get(code) ?? 0) + Number(group["count"]));
    }
  }
  return [...counts]
    .map(([code, count]) => ({ code, count }))
    .toSorted((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
}
