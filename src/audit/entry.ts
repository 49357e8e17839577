import { canonicalText } from "../json/canonical.ts";
import type { CompiledContractSet, ContractRef } from "../core/compile.ts";
import { isStructuredEvent } from "../core/structured-event.ts";
import { decide, ENGINE, type Decision } from "../core/decide.ts";
import type { JsonValue } from "../json/json.ts";
import { positionId, type SourceRecord } from "../core/record.ts";
import type { NumberTypes } from "../schema/number-types.ts";
import { contentDigest, hashBytes } from "../store/decided.ts";
import { conflictOf, contentOf, hasSameContent, receiptOf } from "../store/duplicate.ts";
import type { Finding, FindingCode } from "./finding.ts";
import { BYTES_DROPPED, type LedgerEntry, type Outcome } from "../store/ledger.ts";
import { hashEnvelope, outcomeRoot, rawRoot } from "../store/proof.ts";
import type { FailedRow, ReceiptRow, StoredRow, UnreadableRow, ValidatedRow } from "../store/store.ts";

type ReadableRow = Exclude<StoredRow, UnreadableRow>;

/** Everything that is needed to check one entry. */
export type EntryEvidence = {
  readonly entry: LedgerEntry;
  readonly leaves: readonly { readonly offset: bigint; readonly outcome: Outcome }[];
  /** Stored objects of the entry's range, by offset. */
  readonly rows: readonly StoredRow[];
  /** Null when it cannot be read (reported elsewhere). */
  readonly set: CompiledContractSet | null;
  /** Holder of a machine id, for receipts and conflicts. */
  readonly holder: (machineId: string) => ValidatedRow | undefined;
  /** The documents of the last entry of a live, non-transactional store may still be on their way. */
  readonly mayBeIncomplete: boolean;
};

export type EntryVerdict = {
  readonly findings: readonly Finding[];
  readonly counts: { validated: number; failed: number; receipts: number; redecided: number; withoutBytes: number };
};

/** Checks the stored objects of one entry against it, each against its own bytes, and both roots from the store. */
export function checkEntry(evidence: EntryEvidence): EntryVerdict {
  const { entry, leaves, set } = evidence;
  const findings: Finding[] = [];
  const counts = { validated: 0, failed: 0, receipts: 0, redecided: 0, withoutBytes: 0 };
  const found = findingsAt(entry, findings);
  const byOffset = Map.groupBy(evidence.rows, (row) => row.position.offset);
  const sound: ReadableRow[] = [];

  for (const { offset, outcome } of leaves) {
    const rows = byOffset.get(offset) ?? [];
    byOffset.delete(offset);
    const [row, second] = rows;
    if (row === undefined) {
      if (!evidence.mayBeIncomplete) found("ROW_MISSING", offset, `decided ${word(outcome)}, nothing is stored`);
      continue;
    }
    if (second !== undefined) {
      found("ROW_TWICE", offset, `${rows.length} objects are stored: ${rows.map((r) => r.kind).join(", ")}`);
      continue;
    }
    if (row.kind === "unreadable") {
      found("ROW_UNREADABLE", offset, row.message);
      continue;
    }
    count(counts, row);
    const wrong = checkRow(row, outcome, evidence);
    if (wrong !== null) found(wrong.code, offset, wrong.message);
    else sound.push(row);
    if (bytesDropped(row, entry)) counts.withoutBytes += 1;
    else if (set !== null && entry.engine === ENGINE) counts.redecided += 1;
  }
  for (const [offset, rows] of byOffset) {
    for (const row of rows) found("ROW_ORPHAN", offset, `a ${row.kind} object is stored, no record was decided`);
  }
  if (findings.length === 0 && sound.length === leaves.length) checkRoots(entry, sound, found);
  return { findings, counts };
}

/** Compares the records the log still holds with what was decided and stored; names the first offset that differs. */
export function checkAgainstSource(evidence: EntryEvidence, records: readonly SourceRecord[]): readonly Finding[] {
  const { entry, leaves, set } = evidence;
  const findings: Finding[] = [];
  const found = findingsAt(entry, findings);
  const rows = new Map(evidence.rows.map((row) => [row.position.offset, row]));
  const inLog = new Map(records.map((record) => [record.position.offset, record]));
  for (const { offset, outcome } of leaves) {
    const record = inLog.get(offset);
    const row = rows.get(offset);
    if (record === undefined) {
      found("SOURCE_DIFFERS", offset, "the log no longer holds this record");
      continue;
    }
    inLog.delete(offset);
    const wrong = row === undefined || row.kind === "unreadable" ? null : differsFromRecord(row, record, set);
    if (wrong !== null) found("SOURCE_DIFFERS", offset, wrong);
    else if (!decidesAs(record, row, outcome, evidence))
      found("ROW_OUTCOME", offset, `the log's record decides otherwise`);
  }
  for (const offset of inLog.keys()) found("SOURCE_DIFFERS", offset, "the log holds a record where none was decided");
  if (
    findings.length === 0 &&
    rawRoot(records.map((record) => ({ ...record, rawHash: hashBytes(record.value) }))) !== entry.rawRoot
  ) {
    found("SOURCE_DIFFERS", null, `the log's records [${entry.from}, ${entry.to}) are not those that were decided`);
  }
  return findings;
}

type Found = (code: FindingCode, offset: bigint | null, message: string) => void;

function findingsAt(entry: LedgerEntry, findings: Finding[]): Found {
  return (code, offset, message) => findings.push({ code, stream: entry.stream, seq: entry.seq, offset, message });
}

type Wrong = { readonly code: FindingCode; readonly message: string };

/** The chain itself says that facts of this entry are stored without their bytes; any other row without them lost them. */
function bytesDropped(row: ReadableRow, { note }: LedgerEntry): boolean {
  return row.kind === "validated" && row.raw === null && note === BYTES_DROPPED;
}

/**
 * What can be said of a fact without its bytes: that its payload passes and gives its id. Not how its version was declared,
 * which the bytes may have said.
 */
function checkPayload(row: ValidatedRow, { entry, set }: EntryEvidence): Wrong | null {
  if (row.payloadText === undefined) return { code: "ROW_DIFFERS", message: "its payload is missing" };
  if (set === null || entry.engine !== ENGINE || row.declaredBy === "wire-format") return null;
  const value = Buffer.from(row.payloadText);
  // What an event declared of its data went with the bytes of the event.
  const wrapped = isStructuredEvent(row.headers);
  if (wrapped && row.declaredBy === "cloudevents") return null;
  const headers = wrapped ? row.headers.filter((header) => !isStructuredEvent([header])) : row.headers;
  // The text may be longer than the bytes were: 1e20 has 21 digits.
  if (value.length > set.limits.bytesMax) return null;
  const decision = decide({ topic: row.position.topic, headers, value }, set);
  return decision.status === "PASSED" && decision.id === row.id
    ? null
    : { code: "ROW_DIFFERS", message: "its payload does not pass, or not with this machine id" };
}

function checkRow(row: ReadableRow, outcome: Outcome, evidence: EntryEvidence): Wrong | null {
  if (row.kind === "validated" && bytesDropped(row, evidence.entry)) {
    if (outcome !== "P") return { code: "ROW_OUTCOME", message: `decided ${word(outcome)}, stored as ${row.kind}` };
    return checkPayload(row, evidence);
  }
  if (hashBytes(row.raw) !== row.rawHash)
    return { code: "RAW_HASH", message: "the stored bytes do not have their hash" };
  if (outcomeOf(row) !== outcome) {
    return { code: "ROW_OUTCOME", message: `decided ${word(outcome)}, stored as ${row.kind}` };
  }
  if (row.kind !== "validated" && row.id !== positionId(row.position)) {
    return { code: "ROW_DIFFERS", message: `the id ${row.id} does not name this position` };
  }
  return checkDecision(row, evidence) ?? checkHolder(row, evidence);
}

/** Decides the stored bytes again; only the engine that decided can be asked for the details. */
function checkDecision(row: ReadableRow, { entry, set }: EntryEvidence): Wrong | null {
  if (set === null || entry.engine !== ENGINE) return null;
  if (row.kind === "failed" && row.reason.kind === "unexplained") return null;
  const decision = decide({ topic: row.position.topic, headers: row.headers, value: row.raw }, set);
  // Which records an engine cannot keep is its own limit: that the record passed is what can be checked here.
  if (isStoreRejected(row)) {
    const same = sameRef(row.contract, decision.contract) && row.declaredBy === decision.declaredBy;
    if (decision.status === "PASSED" && same) return null;
    return { code: "ROW_DIFFERS", message: "it did not pass its contract, so the store was not what refused it" };
  }
  const field = firstDifference(row, decision);
  return field === null ? null : { code: "ROW_DIFFERS", message: `its ${field} is not what its bytes give` };
}

function isStoreRejected(row: StoredRow | undefined): boolean {
  return row?.kind === "failed" && row.reason.kind === "store-rejected";
}

function firstDifference(row: ReadableRow, decision: Decision): string | null {
  if (!sameRef(row.contract, decision.contract)) return "contract";
  if (row.declaredBy !== decision.declaredBy) return "declaration";
  if (decision.status === "PASSED") return machineIdOf(row) === decision.id ? null : "machine id";
  if (row.kind !== "failed") return "outcome";
  if (!sameJson(row.reason, decision.reason)) return "reason";
  return row.fingerprint === decision.fingerprint ? null : "fingerprint";
}

/** How a version declares numbers; null when it cannot be read. */
function numbersOf(set: CompiledContractSet | null, ref: ContractRef | null): NumberTypes | null {
  if (set === null || ref === null) return null;
  return set.bySubject.get(ref.subject)?.versions.get(ref.version)?.numbers ?? null;
}

/** A duplicate must equal what it repeats; a conflict must not. */
function checkHolder(row: ReadableRow, { holder, set }: EntryEvidence): Wrong | null {
  const machineId = machineIdOf(row);
  if (row.kind === "validated" || machineId === null) return null;
  const held = holder(machineId);
  if (held === undefined) {
    return { code: "HOLDER_MISSING", message: `it refers to ${machineId}, which is not stored` };
  }
  const numbers = numbersOf(set, row.contract);
  if (row.kind === "receipt") return checkReceipt(row, held, numbers);
  return row.reason.kind === "conflict" ? checkConflict(row, held, numbers) : null;
}

function checkReceipt(row: ReceiptRow, held: ValidatedRow, numbers: NumberTypes | null): Wrong | null {
  const claimed: ValidatedRow = { ...row, kind: "validated", id: row.duplicateOf };
  if (!hasSameContent(claimed, held, numbers)) {
    return { code: "ROW_DIFFERS", message: `it is called a duplicate of ${held.id}, whose content is another` };
  }
  const expected = receiptOf(claimed, held, row.collection);
  return expected.storedAt === row.storedAt
    ? null
    : { code: "ROW_DIFFERS", message: "its holder's position is another" };
}

function checkConflict(row: FailedRow, held: ValidatedRow, numbers: NumberTypes | null): Wrong | null {
  if (row.contract === null || row.declaredBy === null)
    return { code: "ROW_DIFFERS", message: "its contract is missing" };
  const { contract, declaredBy } = row;
  const claimed: ValidatedRow = { ...row, kind: "validated", id: held.id, contract, declaredBy };
  if (hasSameContent(claimed, held, numbers)) {
    return { code: "ROW_DIFFERS", message: `it is called a conflict with ${held.id}, whose content is the same` };
  }
  const expected = conflictOf(claimed, held, numbers);
  if (!sameJson(expected.reason, row.reason))
    return { code: "ROW_DIFFERS", message: "its reason is not what its bytes give" };
  return expected.fingerprint === row.fingerprint
    ? null
    : { code: "ROW_DIFFERS", message: "its fingerprint is not what its bytes give" };
}

function checkRoots(entry: LedgerEntry, rows: readonly ReadableRow[], found: Found): void {
  const range = `[${entry.from}, ${entry.to})`;
  if (rawRoot(rows) !== entry.rawRoot) {
    found("RAW_ROOT", null, `a hash, time, key or header stored for ${range} is not what was decided`);
  }
  const leaves = rows.map((row) => ({
    offset: row.position.offset,
    outcome: outcomeOf(row),
    id: machineIdOf(row) ?? positionId(row.position),
  }));
  if (outcomeRoot(leaves) !== entry.root) found("ROOT", null, `an id stored for ${range} is not what was decided`);
}

function differsFromRecord(row: ReadableRow, record: SourceRecord, set: CompiledContractSet | null): string | null {
  const numbers = numbersOf(set, row.contract);
  const isOther = (): boolean => contentOf(row, numbers) !== contentDigest(record.value, record.headers, numbers);
  if (row.kind === "validated" && row.raw === null && isOther())
    return "the stored payload is not what the log's bytes say";
  if (row.rawHash !== hashBytes(record.value)) return "the log's bytes are not those that were decided";
  if (row.timestampMs !== record.timestampMs) return "the log's time is not the stored one";
  if (hashEnvelope(row.key, row.headers) !== hashEnvelope(record.key, record.headers)) {
    return "the log's key or headers are not the stored ones";
  }
  return null;
}

function decidesAs(
  record: SourceRecord,
  row: StoredRow | undefined,
  outcome: Outcome,
  { entry, set }: EntryEvidence,
): boolean {
  if (set === null || entry.engine !== ENGINE) return true;
  const { position, headers, value } = record;
  const decision = decide({ topic: position.topic, headers, value }, set);
  const expected = isStoreRejected(row) ? "P" : outcome;
  return (decision.status === "PASSED" ? "P" : "F") === expected;
}

/** The ledger's view of a stored object: duplicates and conflicts passed their contract. */
function outcomeOf(row: ReadableRow): Outcome {
  return row.kind === "failed" && row.machineId === null ? "F" : "P";
}

function machineIdOf(row: ReadableRow): string | null {
  switch (row.kind) {
    case "validated":
      return row.id;
    case "receipt":
      return row.duplicateOf;
    case "failed":
      return row.machineId;
  }
}

function count(counts: EntryVerdict["counts"], row: ReadableRow): void {
  switch (row.kind) {
    case "validated":
      counts.validated += 1;
      break;
    case "receipt":
      counts.receipts += 1;
      break;
    case "failed":
      counts.failed += 1;
      break;
  }
}

function sameRef(a: ContractRef | null, b: ContractRef | null): boolean {
  return a?.subject === b?.subject && a?.version === b?.version && a?.digest === b?.digest;
}

function sameJson(a: unknown, b: unknown): boolean {
  return canonicalText(a as JsonValue) === canonicalText(b as JsonValue);
}

function word(outcome: Outcome): string {
  return outcome === "P" ? "PASSED" : "FAILED";
}
