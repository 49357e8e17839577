/** The partition of a key as Kafka's default partitioner has it: murmur2, sign bit dropped, modulo the partitions. */
export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fff_ffff) % partitions;
}

/** MurmurHash2, 32 bits, with Kafka's seed; a signed integer, as Java has it. */
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
