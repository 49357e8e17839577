import { failureCode, type Conflict } from "../core/failure.ts";
import { fingerprint } from "../core/fingerprint.ts";
import { positionId, type Position } from "../core/record.ts";
import type { NumberTypes } from "../schema/number-types.ts";
import { contentDigest, erasedFailure, NO_BYTES, payloadDigest } from "./decided.ts";
import type { ErasedFact, FailedRow, Holder, PassedRow, ReceiptRow } from "../store/store.ts";

/** Whether two records come from one delivery position. */
export function isSamePosition(a: Position, b: Position): boolean {
  return a.offset === b.offset && a.stream === b.stream;
}

/** Whether a record says what the fact says that holds its id: by the RFC 8785 form of both payloads, read by the record's contract. */
export function hasSameContent(row: PassedRow, holder: Holder): boolean {
  // What is damaged equals nothing.
  const numbers = row.kind === "erased" ? null : row.numbers;
  return holderContent(holder, numbers) === contentOf(row);
}

/** Of a record that passed: SHA-256 of the RFC 8785 form of its payload, hex. */
function contentOf(row: PassedRow): string {
  return row.kind === "erased" ? row.content : payloadDigest(row.payload);
}

/** Of the payload of a fact, or of the one that it had. */
function holderContent({ erased, payloadText }: Holder, numbers: NumberTypes | null): string {
  return erased ?? contentDigest(payloadText(), numbers);
}

/** A record that repeats the fact of its holder. */
export function receiptOf(row: PassedRow, holder: Holder): ReceiptRow {
  const { position, timestampMs, contract, declaredBy } = row;
  const said = row.kind === "erased" ? ERASED : { key: row.key, headers: row.headers, raw: row.raw };
  const told = { duplicateOf: holder.id, storedAt: positionId(holder.position) };
  return { kind: "receipt", id: positionId(position), position, timestampMs, ...said, contract, declaredBy, ...told };
}

const ERASED = { ...NO_BYTES, erased: true } as const;

/** The failure of a record whose identity is taken by other content. */
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
    machineId: row.id,
    parsed: { payload, numbers },
  };
}

/** The same of a record that was erased: neither says what. Its group is that of every conflict with the contract. */
export function erasedConflict(row: ErasedFact): FailedRow {
  const reason: Conflict = { kind: "conflict", storedId: "", storedAt: "", storedDigest: "", digest: "" };
  return erasedFailure(row, failureCode(reason), fingerprint(reason, row.contract));
}
