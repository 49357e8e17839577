import { hash } from "node:crypto";
import { canonicalText } from "../core/canonical.ts";
import type { CompiledContractSet } from "../core/compile.ts";
import { decide, ENGINE, type Decision } from "../core/decide.ts";
import { fingerprint as fingerprintOf } from "../core/fingerprint.ts";
import type { JsonValue } from "../core/json.ts";
import { payloadBytes } from "../core/wire-format.ts";
import { positionId, type Header, type SourceRecord } from "../core/record.ts";
import {
  BYTES_DROPPED,
  encodeOutcomes,
  outcomeRoot,
  rawRoot,
  sealEntry,
  type LedgerEntry,
  type Outcome,
  type PassedRaw,
} from "./ledger.ts";
import type { FailedRow, NewValidated, RefusalOf } from "./store.ts";

/** A record with its decision and the hash of its bytes. */
export type Decided = {
  readonly record: SourceRecord;
  /** SHA-256 of the value, hex; "-" for a tombstone. */
  readonly rawHash: string;
  readonly decision: Decision;
};

/** Decides a batch with one contract-set snapshot (P3), what the store could never keep included. */
export function decideBatch(
  records: readonly SourceRecord[],
  set: CompiledContractSet,
  refusalOf: RefusalOf,
): readonly Decided[] {
  return records.map((record) => {
    const { position, headers, value } = record;
    const decision = decide({ topic: position.topic, headers, value }, set);
    return { record, rawHash: hashBytes(value), decision: storable(record, decision, refusalOf) };
  });
}

function storable(record: SourceRecord, decision: Decision, refusalOf: RefusalOf): Decision {
  if (decision.status === "FAILED") return decision;
  const message = refusalOf(record, decision.payload);
  if (message === null) return decision;
  const { contract, declaredBy } = decision;
  const reason = { kind: "store-rejected", message } as const;
  return { status: "FAILED", reason, contract, declaredBy, fingerprint: fingerprintOf(reason, contract) };
}

/** The entry that claims `[from, to)` after `previous`: everything in it follows from the records and the set. */
export function entryFor(
  previous: LedgerEntry,
  range: { readonly from: bigint; readonly to: bigint },
  decided: readonly Decided[],
  contractSet: string,
  passedRaw: PassedRaw = "keep",
): LedgerEntry {
  const leaves = decided.map(outcomeLeaf);
  return sealEntry({
    stream: previous.stream,
    seq: previous.seq + 1,
    kind: "BATCH",
    prevHash: previous.hash,
    from: range.from,
    to: range.to,
    count: decided.length,
    outcomes: encodeOutcomes(range.from, range.to, leaves),
    rawRoot: rawRoot(decided.map(rawLeaf)),
    root: outcomeRoot(leaves),
    contractSet,
    engine: ENGINE,
    note: passedRaw === "drop" ? BYTES_DROPPED : "",
  });
}

/** Offset, outcome and id of a decision, as the ledger's root covers them. */
export function outcomeLeaf({ record, decision }: Decided): { offset: bigint; outcome: Outcome; id: string } {
  const { position } = record;
  if (decision.status === "PASSED") return { offset: position.offset, outcome: "P", id: decision.id };
  return { offset: position.offset, outcome: "F", id: positionId(position) };
}

/** What the ledger's raw root covers of a record. */
export function rawLeaf({ record, rawHash }: Pick<Decided, "record" | "rawHash">): {
  offset: bigint;
  timestampMs: number;
  rawHash: string;
  envelopeHash: string;
} {
  return {
    offset: record.position.offset,
    timestampMs: record.timestampMs,
    rawHash,
    envelopeHash: hashEnvelope(record.key, record.headers),
  };
}

/** The stored form of a decision, before duplicates and conflicts are told apart. */
export function rowOf({ decision, record, rawHash }: Decided): NewValidated | FailedRow {
  // Named one by one: a spread costs as much as the rest of the row.
  const { position, timestampMs, key, headers, value: raw } = record;
  if (decision.status === "PASSED") {
    const { id, contract, declaredBy, payload, numbers } = decision;
    const kind = "validated";
    return { kind, id, position, timestampMs, key, headers, raw, rawHash, contract, declaredBy, payload, numbers };
  }
  const { reason, contract, declaredBy, fingerprint } = decision;
  const occurrence = { position, timestampMs, key, headers, raw, rawHash };
  const id = positionId(record.position);
  return { kind: "failed", id, ...occurrence, contract, declaredBy, reason, fingerprint, machineId: null };
}

/** SHA-256 in hex; "-" for a tombstone, which has no bytes to hash. */
export function hashBytes(value: Uint8Array | null): string {
  return value === null ? "-" : hash("sha256", value);
}

/**
 * SHA-256 of the RFC 8785 form of a payload that passed a contract; "-" when the stored bytes are gone or damaged.
 * Two payloads have the same content when these are equal, whatever their white space and key order.
 */
export function contentDigest(raw: Uint8Array | null): string {
  if (raw === null) return "-";
  try {
    const bytes = payloadBytes(raw);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
    const payload = JSON.parse(text) as JsonValue;
    return hash("sha256", canonicalText(payload));
  } catch {
    return "-";
  }
}

/** Key and headers in one hash, each part preceded by its length; "-" when there are none. */
export function hashEnvelope(key: Uint8Array | null, headers: readonly Header[]): string {
  if (key === null && headers.length === 0) return "-";
  const parts: Uint8Array[] = [];
  const push = (part: Uint8Array): void => {
    parts.push(Buffer.from(`${part.length}:`), part);
  };
  parts.push(Buffer.from(key === null ? "n" : "k"));
  if (key !== null) push(key);
  for (const [name, value] of headers) {
    push(Buffer.from(name, "utf8"));
    push(value);
  }
  return hash("sha256", Buffer.concat(parts));
}
