import { crc32 } from "node:zlib";
import type { Header } from "../../core/record.ts";
import type { NewRecord } from "../source.ts";

/** A record as stored in the log. */
export type LoggedRecord = {
  readonly key: Uint8Array | null;
  readonly headers: readonly Header[];
  readonly value: Uint8Array | null;
};

/** Length of a null key or value: null differs from empty, as in Kafka's own encoding. */
const ABSENT = 0xffff_ffff;

/**
 * Encodes records into one blob. Each record is: value length, key length, header count (unsigned 32-bit, little
 * endian), then value, key, and for each header name length, value length, name, value. One blob for each batch makes
 * the log several times faster than one row for each record, as in Kafka.
 */
export function encodeBatch(records: readonly NewRecord[]): Buffer {
  let size = 0;
  for (const { key, value, headers } of records) {
    size += 12 + (key?.length ?? 0) + (value?.length ?? 0);
    for (const [name, content] of headers) size += 8 + Buffer.byteLength(name) + content.length;
  }
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { key, value, headers } of records) {
    at = bytes.writeUInt32LE(value === null ? ABSENT : value.length, at);
    at = bytes.writeUInt32LE(key === null ? ABSENT : key.length, at);
    at = bytes.writeUInt32LE(headers.length, at);
    if (value !== null) at = put(bytes, value, at);
    if (key !== null) at = put(bytes, key, at);
    for (const [name, content] of headers) {
      at = bytes.writeUInt32LE(Buffer.byteLength(name), at);
      at = bytes.writeUInt32LE(content.length, at);
      at += bytes.write(name, at, "utf8");
      at = put(bytes, content, at);
    }
  }
  return bytes;
}

/**
 * Decodes the records of a blob from index `skip` on. Values are views of the blob, not copies.
 * @throws when {@link encodeBatch} did not make the blob; the checksum finds damage before that.
 */
export function* decodeBatch(blob: Uint8Array, count: number, skip: number): Generator<LoggedRecord> {
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.length);
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const valueLength = bytes.readUInt32LE(at);
    const keyLength = bytes.readUInt32LE(at + 4);
    const headerCount = bytes.readUInt32LE(at + 8);
    at += 12;
    const value = valueLength === ABSENT ? null : bytes.subarray(at, at + valueLength);
    at += value?.length ?? 0;
    const key = keyLength === ABSENT ? null : bytes.subarray(at, at + keyLength);
    at += key?.length ?? 0;
    const headers: Header[] = [];
    for (let header = 0; header < headerCount; header += 1) {
      const nameEnd = at + 8 + bytes.readUInt32LE(at);
      const end = nameEnd + bytes.readUInt32LE(at + 4);
      headers.push([bytes.toString("utf8", at + 8, nameEnd), bytes.subarray(nameEnd, end)]);
      at = end;
    }
    if (index >= skip) yield { key, headers: headerCount === 0 ? NO_HEADERS : headers, value };
  }
}

const NO_HEADERS: readonly Header[] = [];

/** Size of a record as limits count it, in bytes: key, value, header names and values. */
export function sizeOf({ key, value, headers }: LoggedRecord): number {
  let size = (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, content] of headers) size += name.length + content.length;
  return size;
}

/** The position of a batch: its stream and offsets `[base, next)`, and its append time. */
export type BatchSpan = {
  readonly stream: string;
  readonly base: bigint;
  readonly next: bigint;
  readonly timestampMs: number;
};

/** CRC-32 of a batch and its position: damage to either is found before the records are decided. */
export function checksumOf({ stream, base, next, timestampMs }: BatchSpan, records: Uint8Array): number {
  return crc32(records, crc32(`${stream} ${base} ${next} ${timestampMs} `));
}

function put(into: Buffer, bytes: Uint8Array, at: number): number {
  into.set(bytes, at);
  return at + bytes.length;
}
