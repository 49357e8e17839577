import { Int32, Long, type Db } from "mongodb";
import type { LogEndNote } from "../log-end.ts";
import { bigintOf } from "./entry-document.ts";
import { WRITE_CONCERN } from "./connect.ts";
import { documentsOf, RAW } from "./read-raw.ts";

/** Raises the ends in the documents of their streams. */
export async function noteLogEnds(db: Db, notes: readonly LogEndNote[]): Promise<void> {
  await Promise.all(
    notes.map(async ({ stream, topic, partition, end }) =>
      db.collection<{ _id: string }>("sigma_log_ends").updateOne(
        { _id: stream },
        {
          $setOnInsert: { topic, partition: new Int32(partition) },
          $max: { end: Long.fromBigInt(end) },
        },
        { upsert: true, writeConcern: WRITE_CONCERN },
      ),
    ),
  );
}

export async function readLogEnds(db: Db): Promise<readonly LogEndNote[]> {
  const found = await documentsOf(db.collection("sigma_log_ends").find({}, RAW).sort({ _id: 1 }));
  return found.map((one) => ({
    stream: String(one._id as unknown),
    topic: String(one["topic"]),
    partition: Number(one["partition"]),
    end: bigintOf(one["end"]),
  }));
}
