import { contractText } from "../contract-text.ts";
import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { failureCode, type FailureReason } from "../../core/failure.ts";
import { originText } from "../../core/origin.ts";
import { payloadBytes } from "../../core/wire-format.ts";
import { exactInteger } from "../../json/exact-integer.ts";
import { uuidBytes } from "../../core/uuid.ts";
import type { LedgerEntry } from "../../ledger/entry.ts";
import type { ErasedFact, FailedRow, StoredFailure, ValidatedRow } from "../store.ts";

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** A failure row holds the record's bytes and payload up to this many bytes; longer values are in the evidence only. */
const INLINE_MAX = 65_536;

/** The values of a fact in the order of {@link FACT}, then of {@link ORIGIN}. The payload is bound as the record's own bytes, which are valid UTF-8. */
export function bindFact(row: ValidatedRow, stream: number): SQLInputValue[] {
  const { id, position, timestampMs, contract, declaredBy } = row;
  const declared = declaredBy === "default" ? null : declaredBy;
  const place = [stream, position.offset, timestampMs, originText(row.headers)];
  return [uuidBytes(id), payloadOf(row), contractText(contract), declared, ...place];
}

/** The values of an erased fact in the order of {@link FACT}, then of {@link ERASED}. Its payload is the JSON text `null`. */
export function bindErased(row: ErasedFact, stream: number): SQLInputValue[] {
  const { id, position, timestampMs, contract, declaredBy, content } = row;
  const declared = declaredBy === "default" ? null : declaredBy;
  const fact = [uuidBytes(id), NO_PAYLOAD, contractText(contract), declared, stream, position.offset, timestampMs];
  return [...fact, content];
}

const NO_PAYLOAD = Buffer.from("null");

/** The values of a failure in the order of {@link FAILURE}. */
export function bindFailure(row: FailedRow, stream: number): SQLInputValue[] {
  const { position, timestampMs, reason, fingerprint, contract, declaredBy, producer, machineId, parsed, raw } = row;
  const isShort = raw !== null && raw.length <= INLINE_MAX;
  return [
    stream,
    position.offset,
    failureCode(reason),
    JSON.stringify(reason),
    fingerprint,
    contract === null ? null : contractText(contract),
    declaredBy,
    machineId === null ? null : uuidBytes(machineId),
    isShort && parsed !== null ? payloadOf(row) : null,
    isShort ? raw : null,
    timestampMs,
    producer,
    originText(row.headers),
  ];
}

/** The payload's bytes in the value of a record, without a wire-format header. */
export function payloadOf({ raw, headers }: Pick<ValidatedRow, "raw" | "headers">): Uint8Array {
  return raw === null ? new Uint8Array(0) : payloadBytes(raw, headers);
}

/** Reads a failure from its columns; null when they are damaged. */
export function readFailure(row: Row): StoredFailure | null {
  try {
    const reason = JSON.parse(String(row["reason"])) as FailureReason;
    return failureCode(reason) === row["code"] ? { reason, fingerprint: String(row["fingerprint"]) } : null;
  } catch {
    return null;
  }
}

export function bindEntry(entry: LedgerEntry): SQLInputValue[] {
  const { stream, seq, kind, prevHash, from, to, count, outcomes, newestMs, evidence, applied, holders, root } = entry;
  const { contractSet, engine, note, hash } = entry;
  const proof = [count, outcomes, newestMs, evidence, applied, holders, root];
  return [stream, seq, kind, prevHash, from, to, ...proof, contractSet, engine, note, hash];
}

/** Reads an entry without validating its columns: a changed entry must reach the audit, which finds the change by its hashes. */
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
    newestMs: exactInteger(row["newest_ms"] as bigint),
    evidence: String(row["evidence"]),
    applied: String(row["applied"]),
    holders: String(row["holders"]),
    root: String(row["root"]),
    contractSet: String(row["contract_set"]),
    engine: String(row["engine"]),
    note: String(row["note"]),
    hash: String(row["hash"]),
  };
}
