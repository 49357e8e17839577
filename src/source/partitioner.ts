import type { ClosedFor, NewRecord, Stream } from "./source.ts";

/**
 * Chooses the stream that each record is appended to: by the record's partition, else by its key. Records without
 * either all go to one open stream, chosen round-robin by `turn`, the number of appends so far.
 * @param streams of one topic, by partition; at least one.
 * @throws `Unavailable` with the reason when the only possible stream is closed.
 */
export function placeRecords(
  streams: readonly Stream[],
  records: readonly NewRecord[],
  turn: number,
  closedFor: ClosedFor,
): readonly Stream[] {
  const open = new Map<Stream, boolean>();
  const assertOpen = (stream: Stream): Stream => {
    if (open.has(stream)) return stream;
    const why = closedFor(stream);
    if (why !== null) throw why;
    open.set(stream, true);
    return stream;
  };
  let keyless: Stream | null = null;
  return records.map(({ key, partition }) => {
    if (partition !== null || key !== null) {
      const stream = streams[partition ?? partitionOf(key ?? NO_KEY, streams.length)];
      if (stream === undefined) throw noPartition(streams, partition);
      return assertOpen(stream);
    }
    keyless ??= assertOpen(nextOpen(streams, turn, closedFor));
    return keyless;
  });
}

function noPartition(streams: readonly Stream[], partition: number | null): Error {
  const topic = streams[0]?.topic ?? "";
  return new Error(`Cannot append to ${topic}/${partition}: the topic has partitions 0 to ${streams.length - 1}`);
}

const NO_KEY = new Uint8Array();

/** The first open stream from the round-robin position on; the one at that position when all are closed. */
function nextOpen(streams: readonly Stream[], turn: number, closedFor: ClosedFor): Stream {
  const first = streams[turn % streams.length];
  if (first === undefined) throw new Error("Cannot append to a topic without partitions");
  for (let step = 0; step < streams.length; step += 1) {
    const stream = streams[(turn + step) % streams.length];
    if (stream !== undefined && closedFor(stream) === null) return stream;
  }
  return first;
}

/** Whether an append has a record that is placed round-robin. */
export function takesTurn(records: readonly NewRecord[]): boolean {
  return records.some(({ key, partition }) => key === null && partition === null);
}

/** For streams that are always open. */
export const NEVER_CLOSED: ClosedFor = () => null;

/**
 * The partition of a key by the rule of Kafka's default partitioner: murmur2 without its sign bit, modulo the number of
 * partitions.
 */
export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fff_ffff) % partitions;
}

/** 32-bit MurmurHash2 with Kafka's seed; a signed integer, as in Java. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  const multiplier = 0x5bd1_e995;
  let hash = 0x9747_b28c ^ length;
  const whole = length & ~3;
  for (let at = 0; at < whole; at += 4) {
    let word =
      byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24);
    word = Math.imul(word, multiplier);
    word ^= word >>> 24;
    word = Math.imul(word, multiplier);
    hash = Math.imul(hash, multiplier) ^ word;
  }
  const left = length - whole;
  if (left >= 3) hash ^= byteAt(bytes, whole + 2) << 16;
  if (left >= 2) hash ^= byteAt(bytes, whole + 1) << 8;
  if (left >= 1) hash = Math.imul(hash ^ byteAt(bytes, whole), multiplier);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return hash ^ (hash >>> 15);
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
