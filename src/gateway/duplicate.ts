import { failureCode, type Conflict } from "../core/failure.ts";
import { fingerprint } from "../core/fingerprint.ts";
import { positionId, type Position } from "../core/record.ts";
import { producerOf } from "../traffic/producer.ts";
import type { NumberTypes } from "../schema/number-types.ts";
import { contentDigest, erasedFailure, NO_BYTES, payloadDigest } from "./decided.ts";
import type { ErasedFact, FailedRow, Holder, PassedRow, ReceiptRow } from "../store/store.ts";

/** Whether two positions are the same stream and offset. */
export function isSamePosition(a: Position, b: Position): boolean {
  return a.offset === b.offset && a.stream === b.stream;
}

/**
 * Whether a record has the same content as the fact that holds its id: the RFC 8785 forms of both payloads are equal, with
 * numbers read as the record's contract declares them. A damaged stored payload equals no content.
 */
export function hasSameContent(row: PassedRow, holder: Holder): boolean {
  const numbers = row.kind === "erased" ? null : row.numbers;
  return holderContent(holder, numbers) === contentOf(row);
}

/**
 * How a record that repeats a fact is counted: with the time of the record that became the fact it is a redelivery, the same message
 * delivered again; with another it is a duplicate, the fact said again.
 */
export function repeatKind(
  { timestampMs }: Pick<Holder, "timestampMs">,
  holder: Pick<Holder, "timestampMs">,
): "duplicate" | "redelivery" {
  return timestampMs !== null && timestampMs === holder.timestampMs ? "redelivery" : "duplicate";
}

/** SHA-256 in hex of the RFC 8785 form of a record's payload. */
function contentOf(row: PassedRow): string {
  return row.kind === "erased" ? row.content : payloadDigest(row.payload);
}

/** SHA-256 in hex of the RFC 8785 form of a fact's payload, or of the payload that an erased fact had. */
function holderContent({ erased, payloadText }: Holder, numbers: NumberTypes | null): string {
  return erased ?? contentDigest(payloadText(), numbers);
}

/** Makes the receipt of a record that repeats a stored fact. */
export function receiptOf(row: PassedRow, holder: Holder): ReceiptRow {
  const { position, timestampMs, contract, declaredBy } = row;
  const bytes = row.kind === "erased" ? ERASED : { key: row.key, headers: row.headers, raw: row.raw };
  const fact = { duplicateOf: holder.id, storedAt: positionId(holder.position) };
  return { kind: "receipt", id: positionId(position), position, timestampMs, ...bytes, contract, declaredBy, ...fact };
}

const ERASED = { ...NO_BYTES, erased: true } as const;

/** Makes the failure of a record whose identity belongs to a stored fact with other content. */
export function conflictOf(row: PassedRow, holder: Holder): FailedRow {
  if (row.kind === "erased") return erasedConflict(row);
  const reason: Conflict = {
    kind: "conflict",
    storedId: holder.id,
    storedAt: positionId(holder.position),
    storedDigest: holderContent(holder, row.numbers),
    digest: payloadDigest(row.payload),
  };
  const { position, timestampMs, key, headers, raw, contract, declaredBy, payload, numbers } = row;
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
    producer: producerOf(row),
    machineId: row.id,
    parsed: { payload, numbers },
  };
}

/** Makes the conflict of an erased record: its content is unknown, so only the contract decides its fingerprint. */
export function erasedConflict(row: ErasedFact): FailedRow {
  const reason: Conflict = { kind: "conflict", storedId: "", storedAt: "", storedDigest: "", digest: "" };
  return erasedFailure(row, failureCode(reason), fingerprint(reason, row.contract));
}
