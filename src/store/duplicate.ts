import type { Conflict } from "../core/failure.ts";
import { fingerprint } from "../core/fingerprint.ts";
import { isStructuredEvent } from "../core/structured-event.ts";
import { positionId } from "../core/record.ts";
import type { NumberTypes } from "../schema/number-types.ts";
import { contentDigest } from "./decided.ts";
import type { FailedRow, ReceiptRow, ValidatedRow } from "./store.ts";

/** What of a stored fact tells whether another record is the same. */
export type Holder = Pick<ValidatedRow, "id" | "position" | "headers" | "raw" | "rawHash" | "payloadText">;

/** Whether two rows come from one delivery position. */
export function isSamePosition(a: Holder, b: Holder): boolean {
  return a.position.offset === b.position.offset && a.position.stream === b.position.stream;
}

/**
 * By the hash of the bytes first; only when that differs by the RFC 8785 form of both payloads.
 * @param numbers as the later record's contract declares them: both are read by it.
 */
export function hasSameContent(a: Holder, b: Holder, numbers: NumberTypes | null): boolean {
  // The same bytes are an event to one record and its payload to another, when only one says it holds an event.
  if (a.rawHash === b.rawHash && isStructuredEvent(a.headers) === isStructuredEvent(b.headers)) return true;
  const digest = contentOf(a, numbers);
  // Bytes that are gone or damaged equal nothing.
  return digest !== "-" && digest === contentOf(b, numbers);
}

/** The same whether it is made from the bytes or, where they are not kept, from the stored payload. */
export function contentOf(
  { raw, headers, payloadText }: Pick<Holder, "headers" | "raw" | "payloadText">,
  numbers: NumberTypes | null,
): string {
  if (raw === null && payloadText !== undefined) return contentDigest(Buffer.from(payloadText), [], numbers);
  return contentDigest(raw, headers, numbers);
}

/** The receipt of a duplicate. */
export function receiptOf(row: ValidatedRow, holder: Holder, collection: string): ReceiptRow {
  const { position, timestampMs, key, headers, raw, rawHash, contract, declaredBy } = row;
  return {
    kind: "receipt",
    id: positionId(position),
    position,
    timestampMs,
    key,
    headers,
    raw,
    rawHash,
    contract,
    declaredBy,
    collection,
    duplicateOf: holder.id,
    storedAt: positionId(holder.position),
  };
}

/** The failure of a record whose identity is taken by other content. */
export function conflictOf(row: ValidatedRow, holder: Holder, numbers: NumberTypes | null): FailedRow {
  const reason: Conflict = {
    kind: "conflict",
    storedId: holder.id,
    storedAt: positionId(holder.position),
    storedDigest: contentOf(holder, numbers),
    digest: contentDigest(row.raw, row.headers, numbers),
  };
  const { position, timestampMs, key, headers, raw, rawHash, contract, declaredBy } = row;
  return {
    kind: "failed",
    id: positionId(position),
    position,
    timestampMs,
    key,
    headers,
    raw,
    rawHash,
    contract,
    declaredBy,
    reason,
    fingerprint: fingerprint(reason, contract),
    machineId: row.id,
  };
}
