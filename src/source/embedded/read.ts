import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SourceRecord } from "../../core/record.ts";
import { Unavailable } from "../../core/unavailable.ts";
import type { Fetched, FetchLimits, OffsetRange, Stream } from "../source.ts";
import { checksumOf, decodeBatch, sizeOf } from "./batch.ts";

export type ReadStatements = {
  readonly bounds: StatementSync;
  /** Selects the batch that holds an offset, or the first batch after it. */
  readonly batch: StatementSync;
  /** Selects the rows after an offset, without their records. */
  readonly skipped: StatementSync;
};

export function prepareRead(db: DatabaseSync): ReadStatements {
  const bounds = db.prepare(`SELECT
    (SELECT base_offset FROM log_batches WHERE stream = ?1 ORDER BY next_offset LIMIT 1) AS start,
    (SELECT max(next_offset) FROM log_batches WHERE stream = ?1) AS end`);
  const batch = db.prepare(`SELECT base_offset, next_offset, timestamp_ms, checksum, records
    FROM log_batches WHERE stream = ? AND next_offset > ? ORDER BY next_offset LIMIT 1`);
  // Offsets are 64-bit: node:sqlite throws when it reads one beyond 2^53 as a number.
  bounds.setReadBigInts(true);
  batch.setReadBigInts(true);
  const skipped = db.prepare(`SELECT base_offset, next_offset, length(records) AS bytes
    FROM log_batches WHERE stream = ? AND next_offset > ? ORDER BY next_offset`);
  skipped.setReadBigInts(true);
  return { bounds, batch, skipped };
}

export type Bounds = { readonly start: bigint; readonly end: bigint };

export function readBounds({ bounds }: ReadStatements, stream: Stream): Bounds {
  const row = bounds.get(stream.id);
  return {
    start: (row?.["start"] as bigint | null | undefined) ?? 0n,
    end: (row?.["end"] as bigint | null | undefined) ?? 0n,
  };
}

/** The ranges of skipped or erased offsets within the given range. */
export function readSkipped(
  { skipped }: ReadStatements,
  { id }: Stream,
  { from, to }: OffsetRange,
): readonly OffsetRange[] {
  const ranges: OffsetRange[] = [];
  for (const row of skipped.iterate(id, from)) {
    const [base, next] = [row["base_offset"] as bigint, row["next_offset"] as bigint];
    if (base >= to) break;
    if (row["bytes"] === 0n) ranges.push({ from: base > from ? base : from, to: next < to ? next : to });
  }
  return ranges;
}

export type Read = {
  readonly stream: Stream;
  readonly from: bigint;
  readonly limits: FetchLimits;
  readonly until: bigint | undefined;
};

/** Greater than every possible offset. */
const BEYOND = 2n ** 63n;

/**
 * Reads the records in the file, without waiting. A damaged batch ends the result early; a read that begins at a
 * damaged batch throws.
 */
export function readRecords(statements: ReadStatements, path: string, read: Read): Fetched {
  const { stream, from, limits, until = BEYOND } = read;
  const records: SourceRecord[] = [];
  let bytes = 0;
  let next = from;
  let full = false;
  while (!full && next < until) {
    const row = statements.batch.get(stream.id, next);
    if (row === undefined) break;
    const batch = batchOf(row, stream);
    if (batch.base > next || !batch.sound) {
      // The records before the damaged batch are good: return those.
      if (records.length > 0) break;
      return batch.base > next ? gapBefore(statements, path, stream, batch.base) : unsound(path, stream, batch.base);
    }
    if (batch.bytes.length === 0) {
      // A row without bytes holds skipped offsets: every row with records has bytes.
      next = batch.next < until ? batch.next : until;
      continue;
    }
    for (const record of recordsOf(batch, stream, next)) {
      const size = sizeOf(record);
      full = records.length > 0 && bytes + size > limits.bytesMax;
      if (full || next >= until) break;
      records.push(record);
      bytes += size;
      next += 1n;
      full = records.length >= limits.recordsMax;
      if (full) break;
    }
  }
  if (next > from) return { kind: "records", from, to: next, count: records.length, bytes, read: () => records };
  const { end } = readBounds(statements, stream);
  return from > end ? { kind: "beyond-end", logEnd: end } : { kind: "empty" };
}

type Batch = {
  readonly base: bigint;
  readonly next: bigint;
  readonly timestampMs: number;
  readonly bytes: Uint8Array;
  /** Whether the checksum matches the bytes and their position. */
  readonly sound: boolean;
};

function batchOf(row: Record<string, unknown>, { id }: Stream): Batch {
  const base = row["base_offset"] as bigint;
  const next = row["next_offset"] as bigint;
  const bytes = row["records"] as Uint8Array;
  const timestampMs = Number(row["timestamp_ms"]);
  const sound = BigInt(checksumOf({ stream: id, base, next, timestampMs }, bytes)) === row["checksum"];
  return { base, next, timestampMs, bytes, sound };
}

function* recordsOf({ base, next, timestampMs, bytes }: Batch, stream: Stream, from: bigint): Generator<SourceRecord> {
  const { id, topic, partition } = stream;
  let offset = from;
  for (const { key, headers, value } of decodeBatch(bytes, Number(next - base), Number(from - base))) {
    yield { position: { stream: id, topic, partition, offset }, timestampMs, key, headers, value };
    offset += 1n;
  }
}

/**
 * The result for a missing batch: retention removes batches only from the beginning, so a gap in the middle is damage.
 */
function gapBefore(statements: ReadStatements, path: string, stream: Stream, base: bigint): Fetched {
  const { start } = readBounds(statements, stream);
  if (base === start) return { kind: "below-start", logStart: start };
  throw damaged(path, stream, `the batch before offset ${base} is missing`);
}

function unsound(path: string, stream: Stream, base: bigint): never {
  throw damaged(path, stream, `the batch at offset ${base} does not match its checksum`);
}

function damaged(path: string, { topic, partition }: Stream, state: string): Unavailable {
  const message = `Cannot read ${topic}/${partition} from log "${path}": ${state}`;
  return new Unavailable("LOG_CORRUPT", message, "restore the file from a backup");
}
