import { Int32, Long, type Db } from "mongodb";
import type { TrafficNote } from "../../traffic/note.ts";
import { WRITE_CONCERN } from "./connect.ts";

type TrafficDocument = { _id: string; subject: string; version: number; producer: string; first: number; last: number };

/** Merges traffic notes into the documents of their subject, version and producer. */
export async function noteTraffic(db: Db, notes: readonly TrafficNote[]): Promise<void> {
  await Promise.all(
    notes.map(async ({ subject, version, producer, firstMs, lastMs }) =>
      db.collection<{ _id: string }>("sigma_traffic").updateOne(
        { _id: `${subject}@${version}|${producer}` },
        {
          $setOnInsert: { subject, version: new Int32(version), producer },
          $min: { first: Long.fromNumber(firstMs) },
          $max: { last: Long.fromNumber(lastMs) },
        },
        { upsert: true, writeConcern: WRITE_CONCERN },
      ),
    ),
  );
}

export async function readTraffic(db: Db, subject: string): Promise<readonly TrafficNote[]> {
  const found = await db
    .collection<TrafficDocument>("sigma_traffic")
    .find({ subject: { $eq: subject } })
    .sort({ version: 1, producer: 1 })
    .toArray();
  return found.map(({ version, producer, first, last }) => ({
    subject,
    version,
    producer,
    firstMs: first,
    lastMs: last,
  }));
}
