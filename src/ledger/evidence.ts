import type { Header, SourceRecord } from "../core/record.ts";
import type { ExactInteger } from "../json/exact-integer.ts";
import {
  createBytes,
  putBig,
  putBytes,
  putNumber,
  putText,
  putTime,
  reserve,
  takeBig,
  takeBytes,
  takeName,
  takeNumber,
  takeSmallOrBig,
  takeText,
  takeTime,
  type Bytes,
  type Cursor,
  type KnownName,
} from "./evidence-bytes.ts";
import { putTombstone, takeTombstone, tombstoneKind, type KeptRecord, type Tombstone } from "./tombstone.ts";

// Evidence is the records of a ledger entry, exactly as they were fetched. docs/evidence.md describes the bytes.

const MAGIC = 0x4547_4953; // "SIGE"
/** Format 1: no record is erased. */
const WHOLE = 1;
/** Format 2: some records are erased, and tombstones are in their places. */
const WITH_TOMBSTONES = 2;
const HEADER_BYTES = 5;

/** The source of an entry's records, and the first offset that the entry covers. */
export type EvidenceRange = {
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
};

/** The fields of a record that evidence keeps. */
export type EvidenceRecord = Pick<SourceRecord, "timestampMs" | "key" | "headers" | "value"> & At;

type At = { readonly position: Pick<SourceRecord["position"], "offset"> };

type Erased = Pick<SourceRecord, "timestampMs"> & At & { readonly erased: Tombstone };

export type EvidenceWriter = {
  /** Adds a record. Offsets must ascend, from the first offset of the range. */
  readonly add: (record: EvidenceRecord | Erased) => void;
  /** Returns the bytes, uncompressed. Nothing may be added afterwards. */
  readonly end: () => Buffer;
};

/**
 * Writes the evidence of one entry, record by record.
 * @param erasing whether tombstones will be added; the evidence then has format 2.
 * @param room how many bytes the evidence will probably have.
 */
export function createEvidence(
  { topic, partition, from }: Omit<EvidenceRange, "stream">,
  erasing = false,
  room?: number,
): EvidenceWriter {
  const out = createBytes(room);
  reserve(out, HEADER_BYTES);
  out.size = out.bytes.writeUInt8(erasing ? WITH_TOMBSTONES : WHOLE, out.bytes.writeUInt32LE(MAGIC, 0));
  putText(out, topic);
  putNumber(out, partition);
  putBig(out, from);
  let next = from;
  let lastMs: ExactInteger = 0;
  return {
    add: (record) => {
      const { position, timestampMs } = record;
      const { offset } = position;
      if (offset < next) throw new Error(`Cannot keep evidence of offset ${offset} behind ${next - 1n}`);
      putBig(out, offset - next);
      next = offset + 1n;
      putTime(out, timestampMs, lastMs);
      lastMs = timestampMs;
      if (erasing) putNumber(out, "erased" in record ? tombstoneKind(record.erased) : 0);
      if (!("erased" in record)) putRecord(out, record);
      else if (erasing) putTombstone(out, record.erased);
      else throw new Error("Cannot keep a tombstone in evidence of format 1");
    },
    end: () => out.bytes.subarray(0, out.size),
  };
}

/** A size that the evidence of records is unlikely to exceed, in bytes: headers are not looked at. */
export function roomFor(records: readonly Pick<EvidenceRecord, "key" | "value">[]): number {
  let room = AROUND_ALL;
  for (const { key, value } of records) room += AROUND_ONE + (key?.length ?? 0) + (value?.length ?? 0);
  return room;
}

/** More than the bytes before the first record usually are: a name of Kafka has at most 249. */
const AROUND_ALL = 512;
/** More than a record's own numbers usually take. */
const AROUND_ONE = 16;

function putRecord(out: Bytes, { value, key, headers }: EvidenceRecord): void {
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
}

/** Writes the evidence of a list of records, in format 2 when one of them is erased. */
export function evidenceOf(
  range: Omit<EvidenceRange, "stream">,
  records: readonly (EvidenceRecord | Erased)[],
): Buffer {
  const writer = createEvidence(
    range,
    records.some((record) => "erased" in record),
  );
  for (const record of records) writer.add(record);
  return writer.end();
}

export type Evidence = {
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  readonly records: readonly KeptRecord[];
};

/**
 * Decodes evidence. Keys, headers and values are views of `bytes`, not copies.
 * @returns the evidence, or a sentence that says why the bytes are none.
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
  const format = bytes[4];
  if (format !== WHOLE && format !== WITH_TOMBSTONES)
    return `the evidence has format ${format}, this program knows ${WHOLE} and ${WITH_TOMBSTONES}`;
  const at: Cursor = { bytes, position: HEADER_BYTES };
  const topic = takeText(at);
  const partition = takeNumber(at);
  const from = takeBig(at);
  const records: KeptRecord[] = [];
  let next = from;
  let lastMs: ExactInteger = 0;
  const names: KnownName[] = [];
  while (at.position < bytes.length) {
    const gap = takeSmallOrBig(at);
    const offset = gap === 0 ? next : next + BigInt(gap);
    next = offset + 1n;
    const timestampMs = takeTime(at, lastMs);
    lastMs = timestampMs;
    const position = { stream, topic, partition, offset };
    const kind = format === WHOLE ? 0 : takeNumber(at);
    if (kind !== 0) {
      records.push({ position, timestampMs, erased: takeTombstone(at, kind) });
      continue;
    }
    const valueLength = takeNumber(at) - 1;
    const keyLength = takeNumber(at) - 1;
    const headerCount = takeNumber(at);
    const headers: Header[] = [];
    for (let index = 0; index < headerCount; index += 1)
      headers.push([takeName(at, names, index), takeBytes(at, takeNumber(at))]);
    const value = valueLength < 0 ? null : takeBytes(at, valueLength);
    const key = keyLength < 0 ? null : takeBytes(at, keyLength);
    records.push({ position, timestampMs, key, headers, value });
  }
  return { topic, partition, from, records };
}

/** Whether bytes begin as evidence of any format does. */
export function isEvidence(bytes: Buffer): boolean {
  return bytes.length >= HEADER_BYTES && bytes.readUInt32LE(0) === MAGIC;
}
