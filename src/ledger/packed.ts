import { hash } from "node:crypto";
import type { SourceRecord } from "../core/record.ts";
import { evidenceOf, isEvidence } from "./evidence.ts";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** Level 1: a third of the time of level 3, and as small on batches of records that resemble one another. */
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } } as const;

/** Less than this is kept as it is: a frame of its own costs more time than it saves room. */
const PLAIN_BYTES = 1_024;

/** Evidence as it is stored: one frame of zstd (RFC 8878), or the bytes themselves when they are few. */
export function packEvidence(evidence: Uint8Array): Uint8Array {
  return evidence.length < PLAIN_BYTES ? evidence : zstdCompressSync(evidence, LEVEL);
}

/** @param bytesMax what it may have unpacked. @returns null when it is neither, or has more. */
export function unpackEvidence(packed: Uint8Array, bytesMax: number): Buffer | null {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.length);
  if (isEvidence(bytes)) return bytes.length > bytesMax ? null : bytes;
  try {
    return zstdDecompressSync(packed, { maxOutputLength: bytesMax });
  } catch {
    return null;
  }
}

/** What an entry says of its evidence: SHA-256 of the unpacked bytes, hex. How they are packed is no part of it. */
export function evidenceDigest(evidence: Uint8Array): string {
  return hash("sha256", evidence);
}

/**
 * What a tombstone keeps of a record, so that another one can be compared with it: SHA-256 of the evidence of this record alone,
 * hex. Its topic, partition and offset are in it.
 */
export function recordDigest(record: SourceRecord): string {
  const { topic, partition, offset } = record.position;
  return evidenceDigest(evidenceOf({ topic, partition, from: offset }, [record]));
}

/** No batch is larger: it is cut at `batch.bytes`, but holds one record however large that is. */
export const EVIDENCE_BYTES_MAX = 1_073_741_824;
