import type { DatabaseSync, StatementSync } from "node:sqlite";
import { atomically } from "../../sqlite/open.ts";
import type { Appended, NewRecord, Stream } from "../source.ts";
import { checksumOf, encodeBatch, sizeOf } from "./batch.ts";

/** Limits of one row. A row gets no further record once it has this many bytes, so that small reads stay small. */
const BATCH = { recordsMax: 5_000, bytesMax: 1_048_576 } as const;

/** The records of one append call, and for each record its stream. */
export type Append = { readonly streams: readonly Stream[]; readonly records: readonly NewRecord[] };

export type AppendStatements = {
  /** Selects the offset after the last record of stream `?1`; null when the stream is empty. */
  readonly end: StatementSync;
  readonly insert: StatementSync;
};

export function prepareAppend(db: DatabaseSync): AppendStatements {
  const end = db.prepare("SELECT max(next_offset) AS end FROM log_batches WHERE stream = ?");
  // Offsets are 64-bit: node:sqlite throws when it reads one beyond 2^53 as a number.
  end.setReadBigInts(true);
  const insert = db.prepare(`INSERT INTO log_batches
    (stream, base_offset, next_offset, timestamp_ms, checksum, records) VALUES (?, ?, ?, ?, ?, ?)`);
  return { end, insert };
}

/** The records that a group of appends adds to one stream; `next` is the offset of the next record. */
type Share = { readonly stream: Stream; readonly base: bigint; next: bigint; readonly records: NewRecord[] };

/**
 * Writes all waiting appends in one transaction with one fsync.
 * @returns the positions of each append, in the given order.
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

function place({ streams, records }: Append, shareOf: (stream: Stream) => Share): readonly Appended[] {
  return records.map((record, index) => {
    const stream = streams[index];
    if (stream === undefined) throw new Error(`Cannot append record ${index}: it has no stream`);
    const share = shareOf(stream);
    const offset = share.next;
    share.next += 1n;
    share.records.push(record);
    return { stream: stream.id, partition: stream.partition, offset };
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

/** The end of the next row: at least one record, and more while the row stays within its limits. */
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

/** Inserts a row without records: its offsets become holes. */
export function skipOffsets(
  db: DatabaseSync,
  { end, insert }: AppendStatements,
  { id }: Stream,
  to: bigint,
  timestampMs: number,
): void {
  atomically(db, () => {
    const base = (end.get(id)?.["end"] as bigint | null | undefined) ?? 0n;
    if (base >= to) return;
    const nothing = new Uint8Array();
    const span = { stream: id, base, next: to, timestampMs };
    insert.run(id, base, to, timestampMs, checksumOf(span, nothing), nothing);
  });
}
