import { hashBytes } from "../../src/store/decided.ts";
import { GENESIS, outcomeRoot, rawRoot, sealEntry, type LedgerEntry } from "../../src/store/ledger.ts";
import type { FailedRow, Occurrence, ReceiptRow, ValidatedRow } from "../../src/store/store.ts";

/** The collection the laws of a store are run on. */
export const LAW_COLLECTION = "orders";

/** A stream id as the sources make them. */
export const STREAM = "clusterclusterclusterc/topictopictopictopictop/0";

const CONTRACT = { subject: "order", version: 2, digest: "c".repeat(64) } as const;

export function occurrence(offset: bigint, changes: Partial<Occurrence> = {}): Occurrence {
  const raw = changes.raw === undefined ? Buffer.from(`{"n":${offset}}`) : changes.raw;
  return {
    position: { stream: STREAM, topic: "orders", partition: 0, offset },
    timestampMs: 1_700_000_000_000,
    key: null,
    headers: [],
    rawHash: hashBytes(raw),
    ...changes,
    raw,
  };
}

export function validatedRow(id: string, offset: bigint, changes: Partial<Occurrence> = {}): ValidatedRow {
  return { kind: "validated", id, ...occurrence(offset, changes), contract: CONTRACT, declaredBy: "header" };
}

export function failedRow(offset: bigint, changes: Partial<FailedRow> = {}): FailedRow {
  const { position, ...rest } = occurrence(offset, changes);
  return {
    kind: "failed",
    id: `${position.stream}@${offset}`,
    position,
    ...rest,
    contract: CONTRACT,
    declaredBy: "payload",
    reason: { kind: "rule", violations: [{ id: "max", message: "too much" }] },
    fingerprint: "f".repeat(16),
    machineId: null,
    ...changes,
  };
}

export function receiptRow(offset: bigint, changes: Partial<Occurrence> = {}): ReceiptRow {
  const { position, ...rest } = occurrence(offset, changes);
  return {
    kind: "receipt",
    id: `${position.stream}@${offset}`,
    position,
    ...rest,
    contract: CONTRACT,
    declaredBy: "default",
    collection: LAW_COLLECTION,
    duplicateOf: "id-1",
    storedAt: `${STREAM}@1`,
  };
}

export function ledgerEntry(seq: number, changes: Partial<LedgerEntry> = {}): LedgerEntry {
  return sealEntry({
    stream: STREAM,
    seq,
    kind: seq === 0 ? "INIT" : "BATCH",
    prevHash: GENESIS,
    from: BigInt(seq) * 10n,
    to: BigInt(seq) * 10n + 10n,
    count: 9,
    outcomes: "P4-1F5",
    rawRoot: rawRoot([]),
    root: outcomeRoot([]),
    contractSet: "d".repeat(64),
    engine: "1",
    note: "",
    ...changes,
  });
}
