import { Int32, Long, type Db, type Document } from "mongodb";
import type { GoneFailures } from "../groups.ts";
import type { StreamNote } from "../stream-note.ts";
import { WRITE_CONCERN } from "./connect.ts";
import { DAYS, recountDays } from "./group-days.ts";
import { GROUPS } from "./groups.ts";
import { failedCollections } from "./places.ts";
import { raise, type Update } from "./raise.ts";
import { storedHours, storedTotals } from "./stored-groups.ts";

/** {@link GroupWrites.recountFailures}. Counters that count on meanwhile have counted a later entry, and stay as they are. */
export async function recountFailures(
  db: Db,
  stream: StreamNote,
  below: bigint,
  seq: number,
  { below: floors, removed }: GoneFailures = { below: new Map(), removed: new Map() },
): Promise<void> {
  const { number } = stream;
  const collections = await failedCollections(db);
  const now = Long.fromNumber(seq);
  const again = (_id: string, set: Document, u: Document = {}): Update => ({
    q: { _id, seq: { $lte: now } },
    u: { ...u, $set: { stream: new Int32(number), seq: now, ...set } },
    upsert: true,
  });
  const totals = await storedTotals(db, collections, stream, below, floors);
  const groups = [...totals].map(([fingerprint, { count, firstMs, lastMs, ...terms }]) => {
    const gone = Long.fromNumber(removed.get(fingerprint) ?? 0);
    const fields = { fingerprint, ...terms, count: count.add(gone) };
    return gone.isZero()
      ? again(`${fingerprint}/${number}`, { ...fields, firstMs, lastMs })
      : again(`${fingerprint}/${number}`, fields, { $min: { firstMs }, $max: { lastMs } });
  });
  // A counter whose failures are all gone cannot be made of documents: it keeps what it says besides their number.
  const rest = [...removed].filter(([fingerprint]) => !totals.has(fingerprint));
  const hours = Map.groupBy(await storedHours(db, collections, stream, below, floors), (one) => one.fingerprint);
  const days = [...hours].flatMap(([fingerprint, own]) =>
    recountDays(fingerprint, number, own, now, removed.has(fingerprint)),
  );
  for (const [name, updates] of [
    [GROUPS, groups],
    [DAYS, days],
  ] as const) {
    await raise(db, name, updates);
    const ids = updates.map(({ q }): unknown => q["_id"]);
    // Counters of groups that have no stored failure below the offset, and of which none is gone.
    const others = {
      stream: number,
      seq: { $lte: now },
      _id: { $nin: ids },
      fingerprint: { $nin: [...removed.keys()] },
    };
    await db.collection(name).deleteMany(others as object, { writeConcern: WRITE_CONCERN });
  }
  for (const [fingerprint, count] of rest) {
    const stale = { _id: `${fingerprint}/${number}`, seq: { $lte: now } };
    const change = { $set: { count: Long.fromNumber(count), seq: now } };
    await db.collection(GROUPS).updateOne(stale as object, change, { writeConcern: WRITE_CONCERN });
  }
}
