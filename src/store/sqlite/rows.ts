import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { failureCode, type FailureReason } from "../../core/failure.ts";
import type { Header, Position } from "../../core/record.ts";
import { DECLARATIONS, type Declaration } from "../../core/resolve.ts";
import { exactInteger } from "../../json/exact-integer.ts";
import type { LedgerEntry } from "../ledger.ts";
import type { FailedRow, Occurrence, ReceiptRow, StoredRow, UnreadableRow, ValidatedRow } from "../store.ts";

type Row = Readonly<Record<string, SQLOutputValue>>;

/** Values in the order of the columns `_id`, occurrence, contract. */
export function bindValidated(row: ValidatedRow): SQLInputValue[] {
  const { id, position, timestampMs, key, headers, raw, rawHash, contract, declaredBy } = row;
  const { stream, topic, partition, offset } = position;
  return [
    id,
    stream,
    topic,
    partition,
    offset,
    timestampMs,
    key,
    encodeHeaders(headers),
    raw,
    rawHash,
    contract.subject,
    contract.version,
    contract.digest,
    declaredBy,
  ];
}

/** As {@link bindValidated}, then code, reason, fingerprint, machine id. */
export function bindFailed(row: FailedRow): SQLInputValue[] {
  const { contract, declaredBy, reason, fingerprint, machineId } = row;
  const { subject, version, digest } = contract ?? { subject: null, version: null, digest: null };
  return [
    row.id,
    ...bindOccurrence(row),
    subject,
    version,
    digest,
    declaredBy,
    failureCode(reason),
    JSON.stringify(reason),
    fingerprint,
    machineId,
  ];
}

/** As {@link bindValidated}, then collection, duplicate of, stored at. */
export function bindReceipt(row: ReceiptRow): SQLInputValue[] {
  const { contract, declaredBy, collection, duplicateOf, storedAt } = row;
  return [
    row.id,
    ...bindOccurrence(row),
    contract.subject,
    contract.version,
    contract.digest,
    declaredBy,
    collection,
    duplicateOf,
    storedAt,
  ];
}

function bindOccurrence({ position, timestampMs, key, headers, raw, rawHash }: Occurrence): SQLInputValue[] {
  const { stream, topic, partition, offset } = position;
  return [stream, topic, partition, offset, timestampMs, key, encodeHeaders(headers), raw, rawHash];
}

/** A row that no longer says anything the gateway writes becomes `unreadable`: the audit has to name it, not die of it. */
export function readRow(kind: "validated" | "failed" | "receipt", row: Row): StoredRow {
  try {
    switch (kind) {
      case "validated":
        return readValidated(row);
      case "failed":
        return readFailed(row);
      case "receipt":
        return readReceipt(row);
    }
  } catch (error) {
    return unreadable(kind, row, error instanceof Error ? error.message : "it cannot be read");
  }
}

function readValidated(row: Row): ValidatedRow {
  return {
    kind: "validated",
    id: text(row, "_id"),
    ...readOccurrence(row),
    contract: contractOf(row),
    declaredBy: declaration(row),
  };
}

function readFailed(row: Row): FailedRow {
  const bound = row["subject"] !== null;
  const reason = JSON.parse(text(row, "reason")) as FailureReason;
  if (failureCode(reason) !== text(row, "code")) throw new Error("its code is not that of its reason");
  return {
    kind: "failed",
    id: text(row, "_id"),
    ...readOccurrence(row),
    contract: bound ? contractOf(row) : null,
    declaredBy: bound ? declaration(row) : null,
    reason,
    fingerprint: text(row, "fingerprint"),
    machineId: row["machine_id"] === null ? null : text(row, "machine_id"),
  };
}

function readReceipt(row: Row): ReceiptRow {
  return {
    kind: "receipt",
    id: text(row, "_id"),
    ...readOccurrence(row),
    contract: contractOf(row),
    declaredBy: declaration(row),
    collection: text(row, "collection"),
    duplicateOf: text(row, "duplicate_of"),
    storedAt: text(row, "stored_at"),
  };
}

function readOccurrence(row: Row): Occurrence {
  return {
    position: positionOf(row),
    timestampMs: exactInteger(row["timestamp_ms"] as bigint),
    key: bytes(row, "key"),
    headers: decodeHeaders(bytes(row, "headers")),
    raw: bytes(row, "raw"),
    rawHash: text(row, "raw_hash"),
  };
}

function positionOf(row: Row): Position {
  return {
    stream: text(row, "stream"),
    topic: text(row, "topic"),
    partition: Number(row["partition"]),
    offset: row["offset"] as bigint,
  };
}

function contractOf(row: Row): { readonly subject: string; readonly version: number; readonly digest: string } {
  return { subject: text(row, "subject"), version: Number(row["version"]), digest: text(row, "contract_digest") };
}

function declaration(row: Row): Declaration {
  const value = text(row, "declared_by");
  const known = DECLARATIONS.find((one) => one === value);
  if (known === undefined) throw new Error("its way of declaration is none there is");
  return known;
}

function unreadable(kind: string, row: Row, message: string): UnreadableRow {
  return {
    kind: "unreadable",
    id: String(row["_id"]),
    position: positionOf(row),
    message: `a ${kind} object cannot be read: ${message}`,
  };
}

export function bindEntry(entry: LedgerEntry): SQLInputValue[] {
  const { stream, seq, kind, prevHash, from, to, count, outcomes, rawRoot, evidence, root } = entry;
  const { contractSet, engine, note, hash } = entry;
  const proof = [count, outcomes, rawRoot, evidence, root];
  return [stream, seq, kind, prevHash, from, to, ...proof, contractSet, engine, note, hash];
}

/** Whatever the columns hold: an entry that was changed must reach the audit, whose hashes find it out. */
export function readEntry(row: Row): LedgerEntry {
  return {
    stream: String(row["stream"]),
    seq: Number(row["seq"]),
    kind: String(row["kind"]) as LedgerEntry["kind"],
    prevHash: String(row["prev_hash"]),
    from: row["from_offset"] as bigint,
    to: row["to_offset"] as bigint,
    count: Number(row["count"]),
    outcomes: String(row["outcomes"]),
    rawRoot: String(row["raw_root"]),
    evidence: String(row["evidence"]),
    root: String(row["root"]),
    contractSet: String(row["contract_set"]),
    engine: String(row["engine"]),
    note: String(row["note"]),
    hash: String(row["hash"]),
  };
}

/** NULL when there are none; else name length, value length (32-bit little endian), name, value, for each. */
function encodeHeaders(headers: readonly Header[]): Uint8Array | null {
  if (headers.length === 0) return null;
  const parts: Uint8Array[] = [];
  for (const [name, value] of headers) {
    const lengths = Buffer.alloc(8);
    const nameBytes = Buffer.from(name, "utf8");
    lengths.writeUInt32LE(nameBytes.length, 0);
    lengths.writeUInt32LE(value.length, 4);
    parts.push(lengths, nameBytes, value);
  }
  return Buffer.concat(parts);
}

/** @throws when the bytes are no headers. */
export function decodeHeaders(encoded: Uint8Array | null): readonly Header[] {
  if (encoded === null) return [];
  const buffer = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length);
  const headers: Header[] = [];
  for (let at = 0; at < buffer.length;) {
    const nameEnd = at + 8 + buffer.readUInt32LE(at);
    const end = nameEnd + buffer.readUInt32LE(at + 4);
    if (end > buffer.length) throw new Error("its headers are cut short");
    headers.push([buffer.toString("utf8", at + 8, nameEnd), buffer.subarray(nameEnd, end)]);
    at = end;
  }
  return headers;
}

function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new Error(`its ${column} is not text`);
  return value;
}

function bytes(row: Row, column: string): Uint8Array | null {
  const value = row[column];
  if (value === null || value === undefined) return null;
  if (!(value instanceof Uint8Array)) throw new Error(`its ${column} is not bytes`);
  return value;
}
