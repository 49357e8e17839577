import { hash } from "node:crypto";
import { canonicalText } from "../json/canonical.ts";
import type { JsonValue } from "../json/json.ts";
import type { CompiledContractSet } from "../core/compiled.ts";
import { decide, ENGINE, type Decision } from "../core/decide.ts";
import { fingerprint as fingerprintOf } from "../core/fingerprint.ts";
import { resolveIntegers } from "../core/long-integers.ts";
import { reparse } from "../core/payload.ts";
import type { ErasedRecord } from "../ledger/tombstone.ts";
import type { NumberTypes } from "../schema/number-types.ts";
import { positionId, type SourceRecord } from "../core/record.ts";
import { EVIDENCE_DROPPED, sealEntry, type LedgerEntry, type Outcome } from "../ledger/entry.ts";
import type { Proof } from "../ledger/proof.ts";
import type { FailedRow, PassedRow, RefusalOf, SettledRow, ValidatedRow } from "../store/store.ts";

/** A record as it was decided, before duplicates and conflicts are told apart. */
export type Decided = ValidatedRow | FailedRow;

/** The same of the evidence of an entry, where records may have been erased. */
export type Redecided = PassedRow | FailedRow;

/** Decides a record with one contract-set snapshot (P3), what the store could never keep included. */
export function decideRecord(record: SourceRecord, set: CompiledContractSet, refusalOf: RefusalOf): Decided {
  const { position, headers, value } = record;
  const decision = decide({ topic: position.topic, headers, value }, set);
  return decidedAs(record, storable(record, decision, refusalOf));
}

/** A record under a decision. */
export function decidedAs(record: SourceRecord, decision: Decision): Decided {
  // Named one by one: a spread costs as much as the rest of the row.
  const { position, timestampMs, key, headers, value: raw } = record;
  if (decision.status === "PASSED") {
    const { id, contract, declaredBy, payload, numbers } = decision;
    const kind = "validated";
    return { kind, id, position, timestampMs, key, headers, raw, contract, declaredBy, payload, numbers };
  }
  const { reason, contract, declaredBy, fingerprint, parsed } = decision;
  const id = positionId(position);
  const occurrence = { position, timestampMs, key, headers, raw };
  return { kind: "failed", id, ...occurrence, contract, declaredBy, reason, fingerprint, machineId: null, parsed };
}

/** What is known of a record that was erased: what its tombstone says. */
export function erasedAs({ position, timestampMs, erased }: ErasedRecord): Redecided {
  const { contract, declaredBy } = erased;
  if (erased.outcome === "F")
    return erasedFailure({ position, timestampMs, contract, declaredBy }, erased.code, erased.fingerprint);
  const { id, content } = erased;
  const said = { contract: erased.contract, declaredBy: erased.declaredBy, content };
  return { kind: "erased", id, position, timestampMs, ...NO_BYTES, ...said };
}

/** The failure of a record that was erased: its code and its group, and where it comes from. */
export function erasedFailure(
  of: Pick<FailedRow, "position" | "timestampMs" | "contract" | "declaredBy">,
  code: string,
  fingerprint: string,
): FailedRow {
  const { position, timestampMs, contract, declaredBy } = of;
  const why = { reason: { kind: "erased", code }, fingerprint, machineId: null, parsed: null } as const;
  return { kind: "failed", id: positionId(position), position, timestampMs, ...NO_BYTES, contract, declaredBy, ...why };
}

/** What an erased record has of its own. */
export const NO_BYTES = { key: null, headers: [], raw: null } as const;

/** Whether of a row's record no more than a tombstone is left. */
export function wasErased(row: SettledRow): boolean {
  if (row.kind === "failed") return row.reason.kind === "erased";
  return row.kind === "erased" || (row.kind === "receipt" && row.erased === true);
}

function storable(record: SourceRecord, decision: Decision, refusalOf: RefusalOf): Decision {
  if (decision.status === "FAILED") return decision;
  const message = refusalOf(record, decision.payload);
  if (message === null) return decision;
  const { contract, declaredBy } = decision;
  const reason = { kind: "store-rejected", message } as const;
  return { status: "FAILED", reason, contract, declaredBy, fingerprint: fingerprintOf(reason, contract), parsed: null };
}

/** What an entry says besides what follows from its records and the entry before. */
export type EntryTerms = {
  readonly contractSet: string;
  /** What applying `previous` did. */
  readonly resolved: Pick<LedgerEntry, "applied" | "holders">;
  readonly evidence: "keep" | "drop";
};

/** The entry that claims `[from, to)` after `previous`: everything in it follows from the records, the set and the store. */
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

/** What the ledger says of a record that was decided so. */
export function outcomeOf({ kind }: Redecided): Outcome {
  return kind === "failed" ? "F" : "P";
}

/** SHA-256 in hex; "-" for a tombstone, which has no bytes to hash. */
export function hashBytes(value: Uint8Array | null): string {
  return value === null ? "-" : hash("sha256", value);
}

/** SHA-256 of the RFC 8785 form of a payload, hex. */
export function payloadDigest(payload: JsonValue): string {
  return hash("sha256", canonicalText(payload));
}

/**
 * SHA-256 of the RFC 8785 form of a payload that passed a contract; "-" when a stored one is damaged.
 * Two payloads have the same content when these are equal, whatever their white space and key order.
 * @param numbers how the contract declares numbers; null when it is not known: then every integer counts as it is written.
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
