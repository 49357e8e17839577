import type { Conflict } from "../core/failure.ts";
import { fingerprint } from "../core/fingerprint.ts";
import { positionId, type Position } from "../core/record.ts";
import { contentDigest, payloadDigest } from "./decided.ts";
import type { FailedRow, Holder, ReceiptRow, ValidatedRow } from "./store.ts";

/** Whether two records come from one delivery position. */
export function isSamePosition(a: Position, b: Position): boolean {
  return a.offset === b.offset && a.stream === b.stream;
}

/** Whether a record says what the fact says that holds its id: by the RFC 8785 form of both payloads, read by the record's contract. */
export function hasSameContent(row: ValidatedRow, holder: Holder): boolean {
  // What is damaged equals nothing.
  return contentDigest(holder.payloadText(), row.numbers) === payloadDigest(row.payload);
}

/** A record that repeats the fact of its holder. */
export function receiptOf(row: ValidatedRow, holder: Holder): ReceiptRow {
  const { position, timestampMs, key, headers, raw, contract, declaredBy } = row;
  const occurrence = { position, timestampMs, key, headers, raw };
  const told = { duplicateOf: holder.id, storedAt: positionId(holder.position) };
  return { kind: "receipt", id: positionId(position), ...occurrence, contract, declaredBy, ...told };
}

/** The failure of a record whose identity is taken by other content. */
export function conflictOf(row: ValidatedRow, holder: Holder): FailedRow {
  const { position, timestampMs, key, headers, raw, contract, declaredBy, payload, numbers } = row;
  const reason: Conflict = {
    kind: "conflict",
    storedId: holder.id,
    storedAt: positionId(holder.position),
    storedDigest: contentDigest(holder.payloadText(), numbers),
    digest: payloadDigest(row.payload),
  };
  return {
    kind: "failed",
    id: positionId(position),
    position,
    timestampMs,
    key,
    headers,
    raw,
    contract,
    declaredBy,
    reason,
    fingerprint: fingerprint(reason, contract),
    machineId: row.id,
    parsed: { payload, numbers },
  };
}
