import { exactInteger, type ExactInteger } from "../json/exact-integer.ts";

// The elementary encodings of evidence: varints, times, texts and bytes. docs/evidence.md describes them.

/** Size of the longest varint: 64 bits in groups of seven. */
const VARINT_BYTES = 10;
const FIRST_BYTES = 65_536;
/** Numbers up to this are read and written without bigint arithmetic. */
const SMALL = 2 ** 49;

/** A buffer that grows as it is written. The first `size` bytes are used. */
export type Bytes = { bytes: Buffer; size: number };

/** Creates an empty buffer. @param room how many bytes will probably be written: a buffer that grows copies what it holds. */
export function createBytes(room: number = FIRST_BYTES): Bytes {
  return { bytes: Buffer.allocUnsafe(room), size: 0 };
}

/** Makes room for `more` further bytes. */
export function reserve(out: Bytes, more: number): void {
  if (out.size + more <= out.bytes.length) return;
  const grown = Buffer.allocUnsafe(Math.max(2 * out.bytes.length, out.size + more));
  out.bytes.copy(grown, 0, 0, out.size);
  out.bytes = grown;
}

/** Writes bytes without their length. */
export function putBytes(out: Bytes, part: Uint8Array): void {
  reserve(out, part.length);
  out.bytes.set(part, out.size);
  out.size += part.length;
}

/** Writes a text: its length in bytes as a varint, then UTF-8. */
export function putText(out: Bytes, text: string): void {
  const length = Buffer.byteLength(text, "utf8");
  putNumber(out, length);
  reserve(out, length);
  out.size += out.bytes.write(text, out.size, "utf8");
}

/** Writes an unsigned LEB128 varint. @param value 0 to 2^53-1. */
export function putNumber(out: Bytes, value: number): void {
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

/** Writes an unsigned LEB128 varint of up to 64 bits. */
export function putBig(out: Bytes, value: bigint): void {
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

/** Writes a time as its zigzag-encoded difference to the time before (64 bits, sign in the lowest): times of a batch lie close together. */
export function putTime(out: Bytes, timeMs: ExactInteger, lastMs: ExactInteger): void {
  if (typeof timeMs === "number" && typeof lastMs === "number") {
    const difference = timeMs - lastMs;
    if (Math.abs(difference) < SMALL) return putNumber(out, difference < 0 ? -2 * difference - 1 : 2 * difference);
  }
  const difference = BigInt.asIntN(64, BigInt(timeMs) - BigInt(lastMs));
  putBig(out, difference < 0n ? -2n * difference - 1n : 2n * difference);
}

/** A read position in a buffer. */
export type Cursor = { readonly bytes: Buffer; position: number };

function takeByte(at: Cursor): number {
  const byte = at.bytes[at.position];
  if (byte === undefined) throw new RangeError("cut short");
  at.position += 1;
  return byte;
}

/** Reads a number that {@link putNumber} wrote. @throws RangeError when it is cut short or too large. */
export function takeNumber(at: Cursor): number {
  let value = 0;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = takeByte(at);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
  }
  if (!Number.isSafeInteger(value)) throw new RangeError("too large");
  return value;
}

/**
 * Reads a varint as a `number` where it has at most seven groups, as nearly always, because a bigint costs several times as much.
 * @throws RangeError when it is cut short or too large.
 */
export function takeSmallOrBig(at: Cursor): number | bigint {
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

/** Reads a number that {@link putBig} wrote. @throws RangeError when it is cut short or too large. */
export function takeBig(at: Cursor): bigint {
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

/** Reads a time that {@link putTime} wrote. @throws RangeError when it is cut short or too large. */
export function takeTime(at: Cursor, lastMs: ExactInteger): ExactInteger {
  const zigzag = takeSmallOrBig(at);
  if (typeof zigzag === "number" && typeof lastMs === "number") {
    const timeMs = lastMs + (zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2);
    if (Number.isSafeInteger(timeMs)) return timeMs;
  }
  const exact = BigInt(zigzag);
  const difference = exact & 1n ? -(exact >> 1n) - 1n : exact >> 1n;
  return exactInteger(BigInt.asIntN(64, BigInt(lastMs) + difference));
}

/** Reads `length` bytes as a view of the buffer. @throws RangeError when they are cut short. */
export function takeBytes(at: Cursor, length: number): Buffer {
  const end = at.position + length;
  if (end > at.bytes.length) throw new RangeError("cut short");
  const part = at.bytes.subarray(at.position, end);
  at.position = end;
  return part;
}

/** Reads a text that {@link putText} wrote. @throws RangeError when it is cut short or too large. */
export function takeText(at: Cursor): string {
  return takeBytes(at, takeNumber(at)).toString("utf8");
}

/** A header name of an earlier record, with its bytes. */
export type KnownName = { readonly bytes: Buffer; readonly text: string };

/**
 * Reads a header name, and reuses the string of an earlier record where the bytes are equal: most records repeat the names,
 * and comparing costs a fifth of decoding.
 * @param names the last name at each place; updated.
 * @param place index of the header in its record.
 */
export function takeName(at: Cursor, names: KnownName[], place: number): string {
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

/** How many headers of a record are remembered. */
const NAMES_KNOWN_MAX = 32;

function isNext({ bytes, position }: Cursor, expected: Buffer): boolean {
  for (let index = 0; index < expected.length; index += 1)
    if (bytes[position + index] !== expected[index]) return false;
  return true;
}
