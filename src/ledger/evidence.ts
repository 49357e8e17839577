import type { Header, SourceRecord } from "../core/record.ts";
import { exactInteger, type ExactInteger } from "../json/exact-integer.ts";

// Evidence: the records of a ledger entry, exactly as they were fetched. docs/evidence.md describes the bytes.

const MAGIC = 0x4547_4953; // "SIGE"
const FORMAT = 1;
const HEADER_BYTES = 5;
/** Largest varint: 64 bits in groups of seven. */
const VARINT_BYTES = 10;
const FIRST_BYTES = 65_536;
/** Numbers up to here are written without big integers. */
const SMALL = 2 ** 49;

/** Where the records of an entry come from, and the first offset that it covers. */
export type EvidenceRange = {
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
};

/** What evidence keeps of a record. */
export type EvidenceRecord = Pick<SourceRecord, "timestampMs" | "key" | "headers" | "value"> & {
  readonly position: Pick<SourceRecord["position"], "offset">;
};

export type EvidenceWriter = {
  /** In offset order, from the first offset of the range on. */
  readonly add: (record: EvidenceRecord) => void;
  /** The bytes, uncompressed. Nothing may be added afterwards. */
  readonly end: () => Buffer;
};

/** Writes the evidence of one entry, record by record. */
export function createEvidence({ topic, partition, from }: Omit<EvidenceRange, "stream">): EvidenceWriter {
  const out = createBytes();
  reserve(out, HEADER_BYTES);
  out.size = out.bytes.writeUInt8(FORMAT, out.bytes.writeUInt32LE(MAGIC, 0));
  putText(out, topic);
  putNumber(out, partition);
  putBig(out, from);
  let next = from;
  let lastMs: ExactInteger = 0;
  return {
    add: ({ position: { offset }, timestampMs, key, headers, value }) => {
      if (offset < next) throw new Error(`Cannot keep evidence of offset ${offset} behind ${next - 1n}`);
      putBig(out, offset - next);
      next = offset + 1n;
      putTime(out, timestampMs, lastMs);
      lastMs = timestampMs;
      putNumber(out, value === null ? 0 : value.length + 1);
      putNumber(out, key === null ? 0 : key.length + 1);
      putNumber(out, headers.length);
      for (const [name, content] of headers) {
        putText(out, name);
        putNumber(out, content.length);
        putBytes(out, content);
      }
      if (value !== null) putBytes(out, value);
      if (key !== null) putBytes(out, key);
    },
    end: () => out.bytes.subarray(0, out.size),
  };
}

/** The evidence of records that are there together. */
export function evidenceOf(range: Omit<EvidenceRange, "stream">, records: readonly EvidenceRecord[]): Buffer {
  const writer = createEvidence(range);
  for (const record of records) writer.add(record);
  return writer.end();
}

export type Evidence = {
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  readonly records: readonly SourceRecord[];
};

/**
 * Reads evidence back. Keys, headers and values are views of the bytes, not copies.
 * @returns a sentence when the bytes are none that {@link createEvidence} wrote.
 */
export function readEvidence(bytes: Buffer, stream: string): Evidence | string {
  try {
    return read(bytes, stream);
  } catch (error) {
    if (error instanceof RangeError) return "the evidence is cut short, or has a number that is too large";
    throw error;
  }
}

function read(bytes: Buffer, stream: string): Evidence | string {
  if (!isEvidence(bytes)) return "the bytes are no evidence";
  if (bytes[4] !== FORMAT) return `the evidence has format ${bytes[4]}, this program knows ${FORMAT}`;
  const at: Cursor = { bytes, position: HEADER_BYTES };
  const topic = takeText(at);
  const partition = takeNumber(at);
  const from = takeBig(at);
  const records: SourceRecord[] = [];
  let next = from;
  let lastMs: ExactInteger = 0;
  const names: KnownName[] = [];
  while (at.position < bytes.length) {
    const gap = takeSmallOrBig(at);
    const offset = gap === 0 ? next : next + BigInt(gap);
    next = offset + 1n;
    const timestampMs = takeTime(at, lastMs);
    lastMs = timestampMs;
    const valueLength = takeNumber(at) - 1;
    const keyLength = takeNumber(at) - 1;
    const headerCount = takeNumber(at);
    const headers: Header[] = [];
    for (let index = 0; index < headerCount; index += 1)
      headers.push([takeName(at, names, index), takeBytes(at, takeNumber(at))]);
    const value = valueLength < 0 ? null : takeBytes(at, valueLength);
    const key = keyLength < 0 ? null : takeBytes(at, keyLength);
    records.push({ position: { stream, topic, partition, offset }, timestampMs, key, headers, value });
  }
  return { topic, partition, from, records };
}

/** Whether bytes begin as evidence does, in whatever format. */
export function isEvidence(bytes: Buffer): boolean {
  return bytes.length >= HEADER_BYTES && bytes.readUInt32LE(0) === MAGIC;
}

type Bytes = { bytes: Buffer; size: number };

function createBytes(): Bytes {
  return { bytes: Buffer.allocUnsafe(FIRST_BYTES), size: 0 };
}

function reserve(out: Bytes, more: number): void {
  if (out.size + more <= out.bytes.length) return;
  const grown = Buffer.allocUnsafe(Math.max(2 * out.bytes.length, out.size + more));
  out.bytes.copy(grown, 0, 0, out.size);
  out.bytes = grown;
}

function putBytes(out: Bytes, part: Uint8Array): void {
  reserve(out, part.length);
  out.bytes.set(part, out.size);
  out.size += part.length;
}

function putText(out: Bytes, text: string): void {
  const length = Buffer.byteLength(text, "utf8");
  putNumber(out, length);
  reserve(out, length);
  out.size += out.bytes.write(text, out.size, "utf8");
}

/** LEB128, unsigned. @param value 0 to 2^53-1. */
function putNumber(out: Bytes, value: number): void {
  reserve(out, VARINT_BYTES);
  let rest = value;
  while (rest >= 0x80) {
    out.bytes[out.size] = (rest % 0x80) | 0x80;
    out.size += 1;
    rest = Math.floor(rest / 0x80);
  }
  out.bytes[out.size] = rest;
  out.size += 1;
}

/** The same of up to 64 bits. */
function putBig(out: Bytes, value: bigint): void {
  if (value <= SMALL) return putNumber(out, Number(value));
  reserve(out, VARINT_BYTES);
  let rest = value;
  while (rest >= 0x80n) {
    out.bytes[out.size] = Number(rest & 0x7fn) | 0x80;
    out.size += 1;
    rest >>= 7n;
  }
  out.bytes[out.size] = Number(rest);
  out.size += 1;
}

/** The difference to the time before, as 64 bits whose sign is the lowest (zigzag): times of a batch lie close together. */
function putTime(out: Bytes, timeMs: ExactInteger, lastMs: ExactInteger): void {
  if (typeof timeMs === "number" && typeof lastMs === "number") {
    const difference = timeMs - lastMs;
    if (Math.abs(difference) < SMALL) return putNumber(out, difference < 0 ? -2 * difference - 1 : 2 * difference);
  }
  const difference = BigInt.asIntN(64, BigInt(timeMs) - BigInt(lastMs));
  putBig(out, difference < 0n ? -2n * difference - 1n : 2n * difference);
}

type Cursor = { readonly bytes: Buffer; position: number };

function takeByte(at: Cursor): number {
  const byte = at.bytes[at.position];
  if (byte === undefined) throw new RangeError("cut short");
  at.position += 1;
  return byte;
}

function takeNumber(at: Cursor): number {
  let value = 0;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = takeByte(at);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
  }
  if (!Number.isSafeInteger(value)) throw new RangeError("too large");
  return value;
}

/** A `number` where seven groups suffice, as nearly always: big integers cost several times as much. */
function takeSmallOrBig(at: Cursor): number | bigint {
  const from = at.position;
  let value = 0;
  for (let scale = 1; scale < SMALL; scale *= 0x80) {
    const byte = takeByte(at);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
  at.position = from;
  return takeBig(at);
}

function takeBig(at: Cursor): bigint {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    if (shift > 63n) throw new RangeError("too large");
    const byte = takeByte(at);
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  if (value >> 64n !== 0n) throw new RangeError("too large");
  return value;
}

function takeTime(at: Cursor, lastMs: ExactInteger): ExactInteger {
  const zigzag = takeSmallOrBig(at);
  if (typeof zigzag === "number" && typeof lastMs === "number") {
    const timeMs = lastMs + (zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2);
    if (Number.isSafeInteger(timeMs)) return timeMs;
  }
  const exact = BigInt(zigzag);
  const difference = exact & 1n ? -(exact >> 1n) - 1n : exact >> 1n;
  return exactInteger(BigInt.asIntN(64, BigInt(lastMs) + difference));
}

function takeBytes(at: Cursor, length: number): Buffer {
  const end = at.position + length;
  if (end > at.bytes.length) throw new RangeError("cut short");
  const part = at.bytes.subarray(at.position, end);
  at.position = end;
  return part;
}

function takeText(at: Cursor): string {
  return takeBytes(at, takeNumber(at)).toString("utf8");
}

/** The name of a header as it was met last at its place, and its bytes. */
type KnownName = { readonly bytes: Buffer; readonly text: string };

/** Names of headers repeat from record to record: one text for all of them costs a fifth of making it anew. */
function takeName(at: Cursor, names: KnownName[], place: number): string {
  const length = takeNumber(at);
  const known = names[place];
  if (known !== undefined && known.bytes.length === length && isNext(at, known.bytes)) {
    at.position += length;
    return known.text;
  }
  const bytes = takeBytes(at, length);
  const text = bytes.toString("utf8");
  if (place < NAMES_KNOWN_MAX) names[place] = { bytes, text };
  return text;
}

const NAMES_KNOWN_MAX = 32;

function isNext({ bytes, position }: Cursor, expected: Buffer): boolean {
  for (let index = 0; index < expected.length; index += 1)
    if (bytes[position + index] !== expected[index]) return false;
  return true;
}
