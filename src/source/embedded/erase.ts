import type { DatabaseSync } from "node:sqlite";
import { atomically } from "../../sqlite/open.ts";
import type { NewRecord, OffsetRange, Stream } from "../source.ts";
import { checksumOf, decodeBatch, encodeBatch } from "./batch.ts";

const NOTHING = new Uint8Array();

/**
 * Erases records: their offsets become holes, as after compaction. A batch with erased records is rewritten as separate
 * batches around the holes; the other records keep their offsets and timestamps.
 */
export function eraseOffsets(db: DatabaseSync, { id }: Stream, ranges: readonly OffsetRange[]): void {
  const batches = db.prepare(`SELECT rowid, base_offset, next_offset, timestamp_ms, records FROM log_batches
    WHERE stream = ? AND next_offset > ? AND base_offset < ? ORDER BY next_offset`);
  batches.setReadBigInts(true);
  const remove = db.prepare("DELETE FROM log_batches WHERE rowid = ?");
  const insert = db.prepare(`INSERT INTO log_batches
    (stream, base_offset, next_offset, timestamp_ms, checksum, records) VALUES (?, ?, ?, ?, ?, ?)`);
  atomically(db, () => {
    for (const range of ranges) {
      for (const row of batches.all(id, range.from, range.to)) {
        const records = row["records"] as Uint8Array;
        if (records.length === 0) continue;
        const [base, next] = [row["base_offset"] as bigint, row["next_offset"] as bigint];
        const timestampMs = Number(row["timestamp_ms"]);
        remove.run(row["rowid"] ?? null);
        for (const piece of piecesOf({ base, next, records }, range)) {
          const span = { stream: id, base: piece.base, next: piece.next, timestampMs };
          const checksum = checksumOf(span, piece.records);
          insert.run(id, piece.base, piece.next, timestampMs, checksum, piece.records);
        }
      }
    }
  });
}

type Piece = { readonly base: bigint; readonly next: bigint; readonly records: Uint8Array };

/** The batch before the erased range, the hole, and the batch after it. */
function piecesOf({ base, next, records }: Piece, { from, to }: OffsetRange): readonly Piece[] {
  const first = from > base ? from : base;
  const end = to < next ? to : next;
  const all: readonly NewRecord[] = [...decodeBatch(records, Number(next - base), 0)].map(withoutPartition);
  const before = { base, next: first, records: encodeBatch(all.slice(0, Number(first - base))) };
  const behind = { base: end, next, records: encodeBatch(all.slice(Number(end - base))) };
  return [before, { base: first, next: end, records: NOTHING }, behind].filter((piece) => piece.base < piece.next);
}

function withoutPartition(record: Omit<NewRecord, "partition">): NewRecord {
  return { ...record, partition: null };
}
