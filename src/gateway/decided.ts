import { hash } from "node:crypto";
import { canonicalText } from "../json/canonical.ts";
import type { JsonValue } from "../json/json.ts";
import type { CompiledContractSet } from "../core/compiled.ts";
import { ENGINE, idsOf, judgeRecord } from "../core/decide.ts";
import type { Accepted, Decision, Failed, Judgement, Passed } from "../core/decide.ts";
import { fingerprint as fingerprintOf } from "../core/fingerprint.ts";
import type { MachineId } from "../core/identity.ts";
import { resolveIntegers } from "../core/long-integers.ts";
import { reparse } from "../core/payload.ts";
import type { ErasedRecord } from "../ledger/tombstone.ts";
import { producerOf } from "../traffic/producer.ts";
import type { NumberTypes } from "../schema/number-types.ts";
import { positionId, type SourceRecord } from "../core/record.ts";
import { EVIDENCE_DROPPED, sealEntry, type LedgerEntry, type Outcome } from "../ledger/entry.ts";
import type { Proof } from "../ledger/proof.ts";
import type { ErasedFact, FailedRow, PassedRow, RefusalOf, SettledRow, ValidatedRow } from "../store/store.ts";

/** A decided record. Duplicates and conflicts are found later, when the store is asked for taken ids (P5). */
export type Decided = ValidatedRow | FailedRow;

/** A record decided again from the evidence of an entry, where records may have been erased. */
export type Redecided = PassedRow | FailedRow;

/**
 * Decides records with one contract-set snapshot (P3). A record that passes and that the store could never keep is FAILED.
 * Each is decided by itself: only the ids are made several at a time.
 */
export function decideRecords(
  records: readonly SourceRecord[],
  set: CompiledContractSet,
  refusalOf: RefusalOf,
): readonly Decided[] {
  const judged = records.map((record) => {
    const { position, headers, value } = record;
    return storable(record, judgeRecord({ topic: position.topic, headers, value }, set), refusalOf);
  });
  const ids = idsOf(judged);
  return records.map((record, index) => {
    const one = judged[index] as Judgement;
    return one.status === "FAILED" ? failedAs(record, one) : passedAs(record, one, ids[index] as MachineId);
  });
}

/** {@link decideRecords} of one. */
export function decideRecord(record: SourceRecord, set: CompiledContractSet, refusalOf: RefusalOf): Decided {
  return decideRecords([record], set, refusalOf)[0] as Decided;
}

/** The same for a record that another process decided. */
export function decidedElsewhere(record: SourceRecord, decision: Decision, refusalOf: RefusalOf): Decided {
  return decidedAs(record, storable(record, decision, refusalOf));
}

/** Makes the row of a record from its decision. */
export function decidedAs(record: SourceRecord, decision: Decision): Decided {
  return decision.status === "FAILED" ? failedAs(record, decision) : passedAs(record, decision, decision.id);
}

// The fields are copied by name, because a spread of the record costs as much as the rest of these functions.

function passedAs(record: SourceRecord, passed: Omit<Accepted, "status" | "identity">, id: MachineId): ValidatedRow {
  const { position, timestampMs, key, headers, value: raw } = record;
  const { contract, declaredBy, payload, numbers } = passed;
  const kind = "validated";
  return { kind, id, position, timestampMs, key, headers, raw, contract, declaredBy, payload, numbers };
}

function failedAs(record: SourceRecord, { reason, contract, declaredBy, fingerprint, parsed }: Failed): FailedRow {
  const { position, timestampMs, key, headers, value: raw } = record;
  const id = positionId(position);
  const occurrence = { position, timestampMs, key, headers, raw };
  return {
    kind: "failed",
    id,
    ...occurrence,
    contract,
    declaredBy,
    reason,
    fingerprint,
    producer: producerOf(record),
    machineId: null,
    parsed,
  };
}

/** Makes the row of an erased record from its tombstone. */
export function erasedAs({ position, timestampMs, erased }: ErasedRecord): Redecided {
  const { contract, declaredBy } = erased;
  if (erased.outcome === "F")
    return erasedFailure({ position, timestampMs, contract, declaredBy }, erased.code, erased.fingerprint);
  const { id, content } = erased;
  const kept = { contract: erased.contract, declaredBy: erased.declaredBy, content };
  return { kind: "erased", id, position, timestampMs, ...NO_BYTES, ...kept };
}

/** The tombstone of a fact, as an erasure or retention leaves it: it keeps the id, and the digest of the content. */
export function outdated(row: PassedRow): ErasedFact {
  if (row.kind === "erased") return row;
  const { id, position, timestampMs, contract, declaredBy, payload } = row;
  const kept = { contract, declaredBy, content: payloadDigest(payload) };
  return { kind: "erased", id, position, timestampMs, ...NO_BYTES, ...kept };
}

/** Makes the failure row of an erased record, of which only position, time, contract, code and fingerprint are known. */
export function erasedFailure(
  of: Pick<FailedRow, "position" | "timestampMs" | "contract" | "declaredBy">,
  code: string,
  fingerprint: string,
): FailedRow {
  const { position, timestampMs, contract, declaredBy } = of;
  const why = { reason: { kind: "erased", code }, fingerprint, producer: null, machineId: null, parsed: null } as const;
  return { kind: "failed", id: positionId(position), position, timestampMs, ...NO_BYTES, contract, declaredBy, ...why };
}

/** The key, headers and value of a row whose record was erased. */
export const NO_BYTES = { key: null, headers: [], raw: null } as const;

/** Whether the record of a row was erased, so that only a tombstone is left of it. */
export function wasErased(row: SettledRow): boolean {
  if (row.kind === "failed") return row.reason.kind === "erased";
  return row.kind === "erased" || (row.kind === "receipt" && row.erased === true);
}

function storable<Passing extends Accepted | Passed>(
  record: SourceRecord,
  decision: Passing | Failed,
  refusalOf: RefusalOf,
): Passing | Failed {
  if (decision.status === "FAILED") return decision;
  const message = refusalOf(record, decision.payload);
  if (message === null) return decision;
  const { contract, declaredBy } = decision;
  const reason = { kind: "store-rejected", message } as const;
  return { status: "FAILED", reason, contract, declaredBy, fingerprint: fingerprintOf(reason, contract), parsed: null };
}

/** The fields of an entry that follow neither from its records nor from the previous entry alone. */
export type EntryTerms = {
  readonly contractSet: string;
  /** The result of applying the previous entry. */
  readonly resolved: Pick<LedgerEntry, "applied" | "holders">;
  readonly evidence: "keep" | "drop";
};

/** Seals the entry that follows `previous` and covers the offsets `[from, to)`. It holds no clock value and nothing of the host. */
export function entryFor(
  previous: LedgerEntry,
  range: { readonly from: bigint; readonly to: bigint },
  proof: Proof & Pick<LedgerEntry, "evidence">,
  { contractSet, resolved, evidence }: EntryTerms,
): LedgerEntry {
  return sealEntry({
    stream: previous.stream,
    seq: previous.seq + 1,
    kind: "BATCH",
    prevHash: previous.hash,
    from: range.from,
    to: range.to,
    ...proof,
    ...resolved,
    contractSet,
    engine: ENGINE,
    note: evidence === "drop" ? EVIDENCE_DROPPED : "",
  });
}

/** The letter that the ledger records for a decision: "P" for PASSED, "F" for FAILED. */
export function outcomeOf({ kind }: Redecided): Outcome {
  return kind === "failed" ? "F" : "P";
}

/** SHA-256 in hex of a record's value; "-" for a Kafka tombstone, a record without a value. */
export function hashBytes(value: Uint8Array | null): string {
  return value === null ? "-" : hash("sha256", value);
}

/** SHA-256 of the RFC 8785 form of a payload, hex. */
export function payloadDigest(payload: JsonValue): string {
  return hash("sha256", canonicalText(payload));
}

/**
 * SHA-256 in hex of the RFC 8785 form of a stored payload; "-" when the stored text is damaged.
 * Two payloads have the same content when these digests are equal, whatever their white space and key order.
 * @param numbers how the contract declares numbers; null when the contract is not known: every integer is then taken as
 * it is written.
 */
export function contentDigest(payloadText: string, numbers: NumberTypes | null): string {
  try {
    const parsed = reparse(payloadText);
    if (!parsed.ok) return "-";
    const settled = numbers === null ? parsed : resolveIntegers(parsed, numbers);
    return settled.ok ? payloadDigest(settled.payload) : "-";
  } catch {
    return "-";
  }
}
