import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { crc32c } from "@platformatic/kafka";

/** What of a record is compared. */
export type ReferenceRecord = {
  readonly offset: bigint;
  /** Milliseconds since the epoch. */
  readonly at: bigint;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string])[];
};

export class NotABatch extends Error {}

/**
 * Reads batches with no thought of speed, after Kafka's own reader (DefaultRecordBatch.java, DefaultRecord.java), which takes
 * nothing that is not to the byte what it says: sizes, counts, nothing behind. Batches that a response cuts off are left out.
 * Of control batches and codecs other than gzip and zstd nothing is read.
 * @throws NotABatch
 */
export function readReference(bytes: Buffer): readonly ReferenceRecord[] {
  const records: ReferenceRecord[] = [];
  let next: bigint | null = null;
  for (let at = 0; bytes.length - at >= 61;) {
    const end = at + 12 + bytes.readInt32BE(at + 8);
    if (bytes[at + 16] !== 2 || end < at + 61) throw new NotABatch("head");
    if (end > bytes.length) break;
    if (crc32c(bytes.subarray(at + 21, end)) >>> 0 !== bytes.readUInt32BE(at + 17)) throw new NotABatch("checksum");
    const firstOffset = bytes.readBigInt64BE(at);
    if (next !== null && firstOffset < next) throw new NotABatch("order");
    const lastDelta = bytes.readInt32BE(at + 23);
    if (lastDelta < 0 || firstOffset < 0n || firstOffset + BigInt(lastDelta) >= 2n ** 63n)
      throw new NotABatch("offset");
    next = firstOffset + BigInt(lastDelta) + 1n;
    // Bit 3 of the attributes: every record has the time at which the broker appended the batch.
    const isAppendTime = ((bytes[at + 22] ?? 0) & 8) !== 0;
    const [first, last] = [bytes.readBigInt64BE(at + 27), bytes.readBigInt64BE(at + 35)];
    const timeOf = (delta: bigint): bigint => (isAppendTime ? last : BigInt.asIntN(64, first + delta));
    records.push(...readRecords(unpacked(bytes, at, end), bytes.readInt32BE(at + 57), firstOffset, lastDelta, timeOf));
    at = end;
  }
  return records;
}

function unpacked(bytes: Buffer, at: number, end: number): Buffer {
  const body = bytes.subarray(at + 61, end);
  const codec = bytes.readInt16BE(at + 21) & 7;
  try {
    if (codec === 1) return gunzipSync(body, { maxOutputLength: 1_000_000 });
    if (codec === 4) return zstdDecompressSync(body, { maxOutputLength: 1_000_000 });
  } catch {
    throw new NotABatch("packed");
  }
  return body;
}

function readRecords(
  body: Buffer,
  count: number,
  firstOffset: bigint,
  lastDelta: number,
  timeOf: (delta: bigint) => bigint,
): readonly ReferenceRecord[] {
  if (count < 0) throw new NotABatch("count");
  const cursor = { at: 0 };
  const records: ReferenceRecord[] = [];
  let before = -1;
  for (let index = 0; index < count; index += 1) {
    const length = Number(varint(body, cursor, 5));
    const end = cursor.at + length;
    if (length < 0 || end > body.length) throw new NotABatch("length");
    const own = body.subarray(0, end);
    cursor.at += 1;
    const at = timeOf(varint(own, cursor, 10));
    const delta = Number(varint(own, cursor, 5));
    if (delta <= before || delta > lastDelta) throw new NotABatch("offset");
    before = delta;
    const key = text(own, cursor);
    const value = text(own, cursor);
    const headers = Array.from({ length: countOf(own, cursor) }, () => {
      const name = text(own, cursor);
      if (name === null) throw new NotABatch("header");
      return [Buffer.from(name, "latin1").toString("utf8"), text(own, cursor) ?? ""] as const;
    });
    if (cursor.at !== end) throw new NotABatch("size");
    records.push({ offset: firstOffset + BigInt(delta), at, key, value, headers });
  }
  if (cursor.at !== body.length) throw new NotABatch("behind");
  return records;
}

type Cursor = { at: number };

function countOf(bytes: Buffer, cursor: Cursor): number {
  const count = Number(varint(bytes, cursor, 5));
  if (count < 0 || count > bytes.length) throw new NotABatch("count");
  return count;
}

function text(bytes: Buffer, cursor: Cursor): string | null {
  const length = Number(varint(bytes, cursor, 5));
  if (length < 0) return null;
  const from = cursor.at;
  cursor.at += length;
  if (cursor.at > bytes.length) throw new NotABatch("text");
  return bytes.toString("latin1", from, cursor.at);
}

function varint(bytes: Buffer, cursor: Cursor, bytesMax: number): bigint {
  let value = 0n;
  for (let index = 0; index < bytesMax; index += 1) {
    const byte = bytes[cursor.at];
    if (byte === undefined) throw new NotABatch("number");
    cursor.at += 1;
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) {
      // Kafka shifts within an int or a long: what the last byte holds beyond it is lost before the sign is taken (ByteUtils.java).
      const held = BigInt.asUintN(bytesMax === 5 ? 32 : 64, value);
      return (held >> 1n) ^ -(held & 1n);
    }
  }
  throw new NotABatch("number");
}
