import type { DatabaseSync, StatementSync } from "node:sqlite";
import { atomically } from "../../sqlite/open.ts";
import type { Appended, NewRecord, Stream } from "../source.ts";
import { checksumOf, encodeBatch, sizeOf } from "./batch.ts";
import type { Topic } from "./layout.ts";
import { partitionOf } from "../partitioner.ts";

/** One row of the file holds at most this many records, and no more once it has this many bytes: small reads stay small. */
const BATCH = { recordsMax: 5_000, bytesMax: 1_048_576 } as const;

/** What one call of append wants written. */
export type Append = { readonly topic: Topic; readonly records: readonly NewRecord[] };

export type AppendStatements = {
  /** The offset after the last of a stream: `?1` stream; null when it has none. */
  readonly end: StatementSync;
  readonly insert: StatementSync;
};

export function prepareAppend(db: DatabaseSync): AppendStatements {
  const end = db.prepare("SELECT max(next_offset) AS end FROM log_batches WHERE stream = ?");
  // Offsets are 64-bit: read as a JavaScript number, one beyond 2^53 would throw.
  end.setReadBigInts(true);
  const insert = db.prepare(`INSERT INTO log_batches
    (stream, base_offset, next_offset, timestamp_ms, checksum, records) VALUES (?, ?, ?, ?, ?, ?)`);
  return { end, insert };
}

/** What goes to one stream: `next` moves on as records join. */
type Share = { readonly stream: Stream; readonly base: bigint; next: bigint; readonly records: NewRecord[] };

/**
 * One transaction, and one fsync, for every append that is waiting.
 * @returns the positions of each append, in the order given.
 */
export function appendGroup(
  db: DatabaseSync,
  statements: AppendStatements,
  group: readonly Append[],
  timestampMs: number,
): readonly (readonly Appended[])[] {
  return atomically(db, () => {
    const shares = new Map<Stream, Share>();
    const shareOf = (stream: Stream): Share => {
      const known = shares.get(stream);
      if (known !== undefined) return known;
      const base = (statements.end.get(stream.id)?.["end"] as bigint | null | undefined) ?? 0n;
      const made = { stream, base, next: base, records: [] };
      shares.set(stream, made);
      return made;
    };
    const appended = group.map((append) => place(append, shareOf));
    for (const share of shares.values()) writeShare(statements, share, timestampMs);
    return appended;
  });
}

function place({ topic, records }: Append, shareOf: (stream: Stream) => Share): readonly Appended[] {
  const { streams } = topic;
  // Records without a key stay together: one partition for each append, in turn.
  const sticky = topic.turn % streams.length;
  topic.turn += 1;
  return records.map((record) => {
    const { partition, key } = record;
    const stream = streams[partition ?? (key === null ? sticky : partitionOf(key, streams.length))];
    if (stream === undefined)
      throw new Error(`Cannot append to ${topic.name}/${partition}: there is no such partition`);
    const share = shareOf(stream);
    const offset = share.next;
    share.next += 1n;
    share.records.push(record);
    return { partition: stream.partition, offset };
  });
}

function writeShare({ insert }: AppendStatements, { stream, base, records }: Share, timestampMs: number): void {
  let first = base;
  for (let start = 0; start < records.length;) {
    const end = batchEnd(records, start);
    const next = first + BigInt(end - start);
    const blob = encodeBatch(start === 0 && end === records.length ? records : records.slice(start, end));
    const span = { stream: stream.id, base: first, next, timestampMs };
    insert.run(stream.id, first, next, timestampMs, checksumOf(span, blob), blob);
    first = next;
    start = end;
  }
}

/** At least one record, however large it is; more while the row stays small. */
function batchEnd(records: readonly NewRecord[], start: number): number {
  let bytes = 0;
  let end = start;
  for (const record of records.slice(start, start + BATCH.recordsMax)) {
    bytes += sizeOf(record);
    if (end > start && bytes > BATCH.bytesMax) break;
    end += 1;
  }
  return end;
}
