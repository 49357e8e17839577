import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { compressionsAlgorithmsByBitmask, crc32c } from "@platformatic/kafka";
import type { Header } from "../../core/record.ts";
import { Unavailable } from "../../core/unavailable.ts";

/** A record batch in the broker's format (message format 2, KIP-98; kafka/common/record/DefaultRecordBatch.java). */
export type RecordBatch = {
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
  readonly attributes: number;
  readonly firstTimestamp: bigint;
  readonly maxTimestamp: bigint;
  readonly producerId: bigint;
  readonly count: number;
  /** The records, still compressed; a view. */
  readonly body: Buffer;
};

// Byte offsets of the fields of a batch.
const LENGTH = 8;
const MAGIC = 16;
const CHECKSUM = 17;
const ATTRIBUTES = 21;
const LAST_OFFSET_DELTA = 23;
const FIRST_TIMESTAMP = 27;
const MAX_TIMESTAMP = 35;
const PRODUCER_ID = 43;
const COUNT = 57;
const RECORDS = 61;
/** The length field counts the bytes from here on: a batch ends at COUNTED_FROM + length. */
const COUNTED_FROM = 12;

const OFFSET_MAX = 2n ** 63n - 1n;
const FORMAT = 2;
/** Bits of the attributes that name the codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
const CODEC = 0x07;
const GZIP = 1;
const ZSTD = 4;
/**
 * Limit of a decompressed batch. Brokers limit only its compressed size (`max.message.bytes`), and gzip can expand a
 * thousandfold.
 */
const INFLATED_BYTES_MAX = 512 * 1_048_576;

/**
 * Splits a fetch response into its batches and checks each checksum. A batch that is cut off at the end of the response
 * is omitted; the next fetch returns it whole. The driver reads the checksum but does not check it (client-facts C6).
 * @throws `Unavailable` with code LOG_DAMAGED or LOG_FORMAT: no decision yet.
 */
export function splitBatches(bytes: Buffer): readonly RecordBatch[] {
  const batches: RecordBatch[] = [];
  let next: bigint | null = null;
  for (let at = 0; bytes.length - at >= RECORDS;) {
    const end = at + COUNTED_FROM + bytes.readInt32BE(at + LENGTH);
    const firstOffset = bytes.readBigInt64BE(at);
    if (bytes[at + MAGIC] !== FORMAT) throw oldFormat(firstOffset);
    if (end < at + RECORDS) throw damaged(firstOffset, "its length is wrong");
    if (end > bytes.length) break;
    if (crc32c(bytes.subarray(at + ATTRIBUTES, end)) >>> 0 !== bytes.readUInt32BE(at + CHECKSUM))
      throw damaged(firstOffset, "its checksum is wrong");
    const lastOffset = firstOffset + BigInt(bytes.readInt32BE(at + LAST_OFFSET_DELTA));
    const count = bytes.readInt32BE(at + COUNT);
    // The broker sets the first offset, and no checksum covers it.
    if ((next !== null && firstOffset < next) || firstOffset < 0n || lastOffset > OFFSET_MAX)
      throw damaged(firstOffset, "its offset is wrong");
    if (lastOffset < firstOffset || count < 0) throw damaged(firstOffset, "its number of records is wrong");
    next = lastOffset + 1n;
    batches.push({
      firstOffset,
      lastOffset,
      attributes: bytes.readInt16BE(at + ATTRIBUTES),
      firstTimestamp: bytes.readBigInt64BE(at + FIRST_TIMESTAMP),
      maxTimestamp: bytes.readBigInt64BE(at + MAX_TIMESTAMP),
      producerId: bytes.readBigInt64BE(at + PRODUCER_ID),
      count,
      body: bytes.subarray(at + RECORDS, end),
    });
    at = end;
  }
  return batches;
}

/**
 * Decompresses the records of a batch. Snappy and lz4 compress too little to need a limit.
 * @throws `Unavailable` with code LOG_DAMAGED when decompression fails, LOG_TOO_LARGE when the result exceeds the
 * limit.
 */
export function inflate({ attributes, body, firstOffset }: RecordBatch, bytesMax: number = INFLATED_BYTES_MAX): Buffer {
  const codec = attributes & CODEC;
  if (codec === 0) return body;
  try {
    if (codec === GZIP) return gunzipSync(body, { maxOutputLength: bytesMax });
    if (codec === ZSTD) return zstdDecompressSync(body, { maxOutputLength: bytesMax });
    const algorithms: Readonly<Record<number, { decompressSync: (data: Buffer) => Buffer } | undefined>> =
      compressionsAlgorithmsByBitmask;
    const inflated = algorithms[codec]?.decompressSync(body);
    if (inflated !== undefined) return inflated;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(firstOffset, bytesMax);
    throw damaged(firstOffset, `its records cannot be decompressed (${(error as Error).message})`);
  }
  throw damaged(firstOffset, `its codec ${codec} is none there is`);
}

/** A cursor over the records of a batch that makes no objects: its fields describe the record that was read last. */
export type RecordCursor = {
  readonly bytes: Buffer;
  readonly firstOffset: bigint;
  /** Offset delta of the batch's last offset. Deltas of records must increase and not exceed it. */
  readonly lastDelta: number;
  /** Byte at which the next record begins. */
  at: number;
  offsetDelta: number;
  timestampDelta: number | bigint;
  keyAt: number;
  /** -1: there is none. */
  keyLength: number;
  valueAt: number;
  /** -1: there is none, a tombstone. */
  valueLength: number;
  headersAt: number;
};

/** @param before offset delta of the record before the next one; -1 when there is none. */
export function cursorAt(
  bytes: Buffer,
  at: number,
  before: number,
  { firstOffset, lastOffset }: RecordBatch,
): RecordCursor {
  const lastDelta = Number(lastOffset - firstOffset);
  const fields = { offsetDelta: before, timestampDelta: 0, keyAt: 0, keyLength: -1, valueAt: 0, valueLength: -1 };
  return { bytes, firstOffset, lastDelta, at, ...fields, headersAt: 0 };
}

/**
 * Reads the next record (DefaultRecord.java).
 * @throws `Unavailable` with code LOG_DAMAGED when the bytes are not a record.
 */
export function nextRecord(cursor: RecordCursor): void {
  const length = readVarint(cursor);
  const end = cursor.at + length;
  // The attributes of a record are one unused byte.
  cursor.at += 1;
  cursor.timestampDelta = readVarlong(cursor);
  const before = cursor.offsetDelta;
  cursor.offsetDelta = readVarint(cursor);
  if (cursor.offsetDelta <= before || cursor.offsetDelta > cursor.lastDelta) throw notARecord(cursor);
  cursor.keyLength = readVarint(cursor);
  cursor.keyAt = cursor.at;
  cursor.at += Math.max(0, cursor.keyLength);
  cursor.valueLength = readVarint(cursor);
  cursor.valueAt = cursor.at;
  cursor.headersAt = cursor.at + Math.max(0, cursor.valueLength);
  if (cursor.headersAt >= end || end > cursor.bytes.length) throw notARecord(cursor);
  cursor.at = end;
}

/**
 * Checks that the batch ends after its last record: further records would be lost silently.
 * @throws `Unavailable` with code LOG_DAMAGED.
 */
export function endBatch(cursor: RecordCursor): void {
  if (cursor.at !== cursor.bytes.length) throw notARecord(cursor);
}

/**
 * Type of a control record, after its two version bytes.
 * @throws `Unavailable` with code LOG_DAMAGED when it has none.
 */
export function controlTypeOf(batch: RecordBatch): number {
  const cursor = cursorAt(inflate(batch), 0, -1, batch);
  nextRecord(cursor);
  const key = keyOf(cursor);
  if (key === null || key.length < 4) throw notARecord(cursor);
  return key.readInt16BE(2);
}

/** The key of the current record; a view. */
export function keyOf({ bytes, keyAt, keyLength }: RecordCursor): Buffer | null {
  return keyLength < 0 ? null : bytes.subarray(keyAt, keyAt + keyLength);
}

/** The value of the current record; a view. */
export function valueOf({ bytes, valueAt, valueLength }: RecordCursor): Buffer | null {
  return valueLength < 0 ? null : bytes.subarray(valueAt, valueAt + valueLength);
}

const NO_HEADERS: readonly Header[] = [];

/** The headers of the current record, in order; a name may repeat. A null value becomes an empty value. */
export function headersOf(cursor: RecordCursor): readonly Header[] {
  const { bytes, headersAt, at: end } = cursor;
  // A single zero byte means no headers.
  if (bytes[headersAt] === 0 && headersAt + 1 === end) return NO_HEADERS;
  const own: RecordCursor = { ...cursor, at: headersAt };
  const take = (length: number): Buffer => {
    const from = own.at;
    own.at += Math.max(0, length);
    if (own.at > end) throw notARecord(cursor);
    return bytes.subarray(from, own.at);
  };
  const count = readVarint(own);
  if (count < 0) throw notARecord(cursor);
  const headers: Header[] = [];
  for (let index = 0; index < count; index += 1) {
    const nameLength = readVarint(own);
    if (nameLength < 0) throw notARecord(cursor);
    const name = take(nameLength).toString("utf8");
    headers.push([name, take(readVarint(own))]);
  }
  if (own.at !== end) throw notARecord(cursor);
  return headers;
}

/** Reads a 32-bit zigzag varint (Protocol Buffers, "Signed Integers"; kafka/common/utils/ByteUtils.java). */
function readVarint(cursor: RecordCursor): number {
  const { bytes } = cursor;
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[cursor.at];
    if (byte === undefined) break;
    cursor.at += 1;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
  }
  throw notARecord(cursor);
}

/** Reads a 64-bit zigzag varint; returns a `number` when the varint has at most 28 bits. */
function readVarlong(cursor: RecordCursor): number | bigint {
  const { bytes, at } = cursor;
  for (let end = at; end < at + 4; end += 1) if ((bytes[end] ?? 0) < 0x80) return readVarint(cursor);
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = bytes[cursor.at];
    if (byte === undefined) break;
    cursor.at += 1;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) {
      // The tenth byte has room for one bit: Kafka's reader drops the others before it decodes the sign.
      const held = BigInt.asUintN(64, value);
      return (held >> 1n) ^ -(held & 1n);
    }
  }
  throw notARecord(cursor);
}

function notARecord({ firstOffset }: RecordCursor): Unavailable {
  return damaged(firstOffset, "it does not hold the records it speaks of");
}

function damaged(firstOffset: bigint, how: string): Unavailable {
  const message = `Cannot read the record batch at offset ${firstOffset}: ${how}`;
  const remedy = "check the broker's disk and the network; the gateway reads it again and decides nothing before";
  return new Unavailable("LOG_DAMAGED", message, remedy);
}

function tooLarge(firstOffset: bigint, bytesMax: number): Unavailable {
  const message = `Cannot read the record batch at offset ${firstOffset}: decompressed it has more than ${bytesMax} bytes`;
  const remedy =
    "delete the records up to its end (kafka-delete-records), then `sigma streams accept-gap` records the loss";
  return new Unavailable("LOG_TOO_LARGE", message, remedy);
}

function oldFormat(firstOffset: bigint): Unavailable {
  const message = `Cannot read the record batch at offset ${firstOffset}: its message format is older than 2`;
  return new Unavailable(
    "LOG_FORMAT",
    message,
    "copy the topic with a producer of Kafka 0.11 or newer into a new topic",
  );
}
