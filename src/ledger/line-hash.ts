import { createHash, hash as hashOnce, type Hash } from "node:crypto";

/** Size of the buffer that is hashed at once. A text that may not fit into it is hashed directly. */
const BYTES = 8_192;
/** The most bytes that one UTF-16 unit takes in UTF-8. */
const UNIT_BYTES = 3;
/** Longer texts are written by the runtime's encoder: a hash of 64 digits takes it a quarter of the loop's time (measured, Node 24). */
const SHORT_TEXT = 16;
const DIGITS_MAX = 16;
/** Numbers are written in halves below a billion, because 32-bit integers divide several times as fast. */
const BILLION = 1_000_000_000;

/**
 * SHA-256 of lines whose fields are written into one buffer. Built as strings, these lines were a third of all memory that the
 * gateway allocates (2,300 bytes a record without them, 3,300 with; measured, Node 24).
 */
export type LineHash = {
  /** Null until the lines no longer fit into the buffer: those of most batches do, and are hashed at once. */
  sum: Hash | null;
  bytes: Buffer;
  size: number;
};

/** The buffer of the hash that ended last: the next one takes it. */
let spare: Buffer | null = null;
/** In place of the buffer of a hash that ended. */
const ENDED = Buffer.alloc(0);

export function createLineHash(): LineHash {
  const bytes = spare ?? Buffer.allocUnsafeSlow(BYTES);
  spare = null;
  return { sum: null, bytes, size: 0 };
}

/** Adds a text field, followed by the character `end`. */
export function putText(hash: LineHash, text: string, end: number): void {
  const { length } = text;
  if (length * UNIT_BYTES + 1 > BYTES) return putLongText(hash, text, end);
  reserve(hash, length * UNIT_BYTES + 1);
  const { bytes, size } = hash;
  let at = size;
  let index = 0;
  for (; length <= SHORT_TEXT && index < length; index += 1, at += 1) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) break;
    bytes[at] = code;
  }
  if (index < length) at = size + bytes.write(text, size, "utf8");
  bytes[at] = end;
  hash.size = at + 1;
}

/** Adds bytes, followed by the character `end`: of a text that many lines have, encoded once. @param text at most 8,191 bytes. */
export function putBytes(hash: LineHash, text: Uint8Array, end: number): void {
  reserve(hash, text.length + 1);
  hash.bytes.set(text, hash.size);
  hash.size += text.length;
  hash.bytes[hash.size] = end;
  hash.size += 1;
}

/** Adds a number as String() writes it, followed by the character `end`. */
export function putNumber(hash: LineHash, value: bigint | number, end: number): void {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 0) return putText(hash, String(value), end);
  reserve(hash, DIGITS_MAX + 1);
  const high = Math.floor(number / BILLION);
  if (high > 0) {
    putDigits(hash, high, countDigits(high));
    putDigits(hash, number - high * BILLION, 9);
  } else putDigits(hash, number, countDigits(number));
  hash.bytes[hash.size] = end;
  hash.size += 1;
}

/** Ends the hash, which must not be used any more. @returns lower-case hex. */
export function digestLines(hash: LineHash): string {
  const { bytes, size } = hash;
  if (bytes === ENDED) throw new Error("Cannot end a hash of lines twice");
  if (hash.sum !== null) flush(hash);
  const digest = hash.sum?.digest("hex") ?? hashOnce("sha256", bytes.subarray(0, size));
  spare = bytes;
  hash.bytes = ENDED;
  return digest;
}

function putLongText(hash: LineHash, text: string, end: number): void {
  flush(hash);
  sumOf(hash).update(`${text}${String.fromCharCode(end)}`);
}

function countDigits(value: number): number {
  let count = 1;
  for (let limit = 10; value >= limit; limit *= 10) count += 1;
  return count;
}

function putDigits(hash: LineHash, value: number, count: number): void {
  let rest = value | 0;
  for (let at = hash.size + count - 1; at >= hash.size; at -= 1) {
    const tenth = (rest / 10) | 0;
    hash.bytes[at] = 0x30 + rest - tenth * 10;
    rest = tenth;
  }
  hash.size += count;
}

function reserve(hash: LineHash, more: number): void {
  if (hash.size + more > BYTES) flush(hash);
}

function flush(hash: LineHash): void {
  if (hash.size > 0) sumOf(hash).update(hash.bytes.subarray(0, hash.size));
  hash.size = 0;
}

function sumOf(hash: LineHash): Hash {
  return (hash.sum ??= createHash("sha256"));
}
