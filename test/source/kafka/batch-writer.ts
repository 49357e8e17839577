import { compressionsAlgorithms, crc32c } from "@platformatic/kafka";

/** A record as a producer gives it. */
export type Written = {
  readonly key: Buffer | undefined;
  readonly value: Buffer | undefined;
  readonly timestamp: bigint;
  readonly headers: Map<Buffer, Buffer>;
};

export const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
export type Codec = (typeof CODECS)[number];

/** What the head of a batch says; what is absent is as it should be. */
export type Head = {
  readonly firstOffset?: bigint;
  readonly codec?: Codec;
  readonly count?: number;
  readonly lastOffsetDelta?: number;
  /** Besides the codec's. */
  readonly attributes?: number;
  readonly producerId?: bigint;
};

/**
 * One batch, written after the specification (kafka/common/record/DefaultRecordBatch.java): the driver's own writer loses the upper
 * half of a timestamp that is more than 2^31 ms from the first of its batch.
 */
export function batchOf(messages: readonly Written[], firstOffset = 0n, codec: Codec = "none"): Buffer {
  return sealBatch(recordsOf(messages), messages.length, messages[0]?.timestamp ?? 0n, { firstOffset, codec });
}

/** The records of a batch, as they stand in it before they are packed. */
export function recordsOf(messages: readonly Written[]): Buffer {
  const first = messages[0]?.timestamp ?? 0n;
  return Buffer.concat(messages.map((one, index) => recordOf(one, BigInt.asIntN(64, one.timestamp - first), index)));
}

/** Puts a head before records, whatever they are, with the right length and checksum. */
export function sealBatch(records: Buffer, messages: number, first: bigint, head: Head = {}): Buffer {
  const { firstOffset = 0n, codec = "none", count = messages, lastOffsetDelta = messages - 1 } = head;
  return sealPacked(compressionsAlgorithms[codec].compressSync(records), first, {
    ...head,
    firstOffset,
    codec,
    count,
    lastOffsetDelta,
  });
}

/** The same around bytes that are packed already, or are to look so. */
export function sealPacked(
  body: Buffer,
  first: bigint,
  {
    firstOffset,
    codec,
    count,
    lastOffsetDelta,
    attributes = 0,
    producerId = -1n,
  }: Head & Required<Pick<Head, "firstOffset" | "codec" | "count" | "lastOffsetDelta">>,
): Buffer {
  const head = Buffer.alloc(61);
  head.writeBigInt64BE(firstOffset, 0);
  head.writeInt32BE(head.length - 12 + body.length, 8);
  head.writeInt8(2, 16);
  head.writeInt16BE(compressionsAlgorithms[codec].bitmask | attributes, 21);
  head.writeInt32BE(lastOffsetDelta, 23);
  head.writeBigInt64BE(first, 27);
  head.writeBigInt64BE(first, 35);
  head.writeBigInt64BE(producerId, 43);
  head.writeInt32BE(count, 57);
  const batch = Buffer.concat([head, body]);
  batch.writeUInt32BE(crc32c(batch.subarray(21)) >>> 0, 17);
  return batch;
}

function recordOf({ key, value, headers }: Written, timestampDelta: bigint, offsetDelta: number): Buffer {
  const withLength = (one: Buffer | undefined): Buffer =>
    one === undefined ? varint(-1n) : Buffer.concat([varint(BigInt(one.length)), one]);
  const pairs = [...headers].flatMap(([name, of]) => [withLength(name), withLength(of)]);
  const fields = [varint(timestampDelta), varint(BigInt(offsetDelta)), withLength(key), withLength(value)];
  const rest = Buffer.concat([Buffer.alloc(1), ...fields, varint(BigInt(headers.size)), ...pairs]);
  return withLength(rest);
}

/** Zigzag, seven bits a byte. */
export function varint(value: bigint): Buffer {
  const parts: number[] = [];
  let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; left >= 0x80n; left >>= 7n) parts.push(Number(left & 0x7fn) | 0x80);
  return Buffer.from([...parts, Number(left)]);
}
