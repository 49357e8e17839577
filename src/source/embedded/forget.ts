import type { DatabaseSync } from "node:sqlite";
import type { Stream } from "../source.ts";

/** Most batches deleted in one transaction: appends wait for it. */
const BATCHES = 64;

/**
 * Deletes whole batches from the beginning of a stream, as long as each lies below the offset and is older than the
 * time. The last batch stays, because it records where the stream ends.
 * @returns whether it stopped at the limit of one transaction.
 */
export function forgetBatches(db: DatabaseSync, { id }: Stream, below: bigint, beforeMs: number): boolean {
  const oldest = db.prepare(`SELECT rowid, next_offset, timestamp_ms FROM log_batches WHERE stream = ?1
    AND next_offset < (SELECT max(next_offset) FROM log_batches WHERE stream = ?1) ORDER BY next_offset LIMIT ?2`);
  oldest.setReadBigInts(true);
  const rows = oldest.all(id, BATCHES);
  const isDue = (row: (typeof rows)[number]): boolean =>
    (row["next_offset"] as bigint) <= below && (row["timestamp_ms"] as bigint) < BigInt(beforeMs);
  const stays = rows.findIndex((row) => !isDue(row));
  const due = stays === -1 ? rows : rows.slice(0, stays);
  const last = due.at(-1);
  if (last === undefined) return false;
  db.prepare("DELETE FROM log_batches WHERE stream = ? AND next_offset <= ?").run(id, last["next_offset"] ?? 0n);
  return due.length === BATCHES;
}
