import { Int32, Long, type Db, type Document } from "mongodb";
import type { StreamNote } from "../stream-note.ts";
import { WRITE_CONCERN } from "./connect.ts";
import { GROUPS, HOURS, raise, type Update } from "./groups.ts";
import { failedCollections } from "./places.ts";
import { storedHours, storedTotals } from "./stored-groups.ts";

/** {@link GroupWrites.recountFailures}. Counters that count on meanwhile have counted a later entry, and stay as they are. */
export async function recountFailures(db: Db, stream: StreamNote, below: bigint, seq: number): Promise<void> {
  const { number } = stream;
  const collections = await failedCollections(db);
  const now = Long.fromNumber(seq);
  const again = (_id: string, fields: Document): Update => ({
    q: { _id, seq: { $lte: now } },
    u: { $set: { stream: new Int32(number), seq: now, ...fields } },
    upsert: true,
  });
  const totals = await storedTotals(db, collections, stream, below);
  const groups = [...totals].map(([fingerprint, total]) =>
    again(`${fingerprint}/${number}`, { fingerprint, ...total }),
  );
  const hours = (await storedHours(db, collections, stream, below)).map(({ fingerprint, hour, count }) =>
    again(`${fingerprint}/${hour}/${number}`, { fingerprint, hour: new Int32(hour), count }),
  );
  for (const [name, updates] of [
    [GROUPS, groups],
    [HOURS, hours],
  ] as const) {
    await raise(db, name, updates);
    const ids = updates.map(({ q }): unknown => q["_id"]);
    // Counters of groups that have no stored failure below the offset.
    const others = { stream: number, seq: { $lte: now }, _id: { $nin: ids } };
    await db.collection(name).deleteMany(others as object, { writeConcern: WRITE_CONCERN });
  }
}
