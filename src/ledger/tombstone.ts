import { type ContractRef, DECLARATIONS, type Declaration } from "../core/compiled.ts";
import type { Position, SourceRecord } from "../core/record.ts";
import { UUID_BYTES, uuidBytes, uuidText } from "../core/uuid.ts";
import type { ExactInteger } from "../json/exact-integer.ts";
import {
  putBytes,
  putNumber,
  putText,
  takeBytes,
  takeNumber,
  takeText,
  type Bytes,
  type Cursor,
} from "./evidence-bytes.ts";

/** What evidence keeps of an erased record that had passed. Value, key, headers and payload are gone. */
export type PassedTombstone = {
  readonly outcome: "P";
  /** SHA-256 of the evidence (format 1) of this record alone, hex. */
  readonly record: string;
  /** The machine id of the fact. */
  readonly id: string;
  readonly contract: ContractRef;
  readonly declaredBy: Declaration;
  /** SHA-256 of the RFC 8785 form of its payload, hex. */
  readonly content: string;
};

/** What evidence keeps of an erased record that had failed. Pointer and message are gone too, because member names can be personal. */
export type FailedTombstone = {
  readonly outcome: "F";
  readonly record: string;
  readonly code: string;
  readonly fingerprint: string;
  readonly contract: ContractRef | null;
  readonly declaredBy: Declaration | null;
};

/** The tombstone that replaces an erased record in the evidence. */
export type Tombstone = PassedTombstone | FailedTombstone;

/** An erased record: its position, its time and its tombstone. */
export type ErasedRecord = {
  readonly position: Position;
  readonly timestampMs: ExactInteger;
  readonly erased: Tombstone;
};

/** A record as the evidence holds it now, whole or erased. */
export type KeptRecord = SourceRecord | ErasedRecord;

/** Whether a record was erased. */
export function isErased(record: KeptRecord): record is ErasedRecord {
  return "erased" in record;
}

/** Kinds of records in evidence of format 2. Kind 0 is a whole record. */
const PASSED = 1;
const FAILED = 2;
const SHA256_BYTES = 32;

/** The kind number that precedes a tombstone in the evidence. */
export function tombstoneKind({ outcome }: Tombstone): number {
  return outcome === "P" ? PASSED : FAILED;
}

/** Writes a tombstone, without its kind. */
export function putTombstone(out: Bytes, tombstone: Tombstone): void {
  putBytes(out, Buffer.from(tombstone.record, "hex"));
  if (tombstone.outcome === "P") {
    putBytes(out, uuidBytes(tombstone.id));
    putBytes(out, Buffer.from(tombstone.content, "hex"));
  } else {
    putText(out, tombstone.code);
    putText(out, tombstone.fingerprint);
  }
  const { contract, declaredBy } = tombstone;
  putText(out, contract?.subject ?? "");
  if (contract !== null) {
    putNumber(out, contract.version);
    putText(out, contract.digest);
  }
  putText(out, declaredBy ?? "");
}

/**
 * Reads a tombstone of the given kind that {@link putTombstone} wrote.
 * @throws RangeError when the bytes are cut short or are no tombstone that this program writes.
 */
export function takeTombstone(at: Cursor, kind: number): Tombstone {
  if (kind !== PASSED && kind !== FAILED) throw new RangeError("no kind of record");
  const record = takeBytes(at, SHA256_BYTES).toString("hex");
  if (kind === FAILED) {
    const [code, fingerprint] = [takeText(at), takeText(at)];
    return { outcome: "F", record, code, fingerprint, contract: takeContract(at), declaredBy: takeDeclaration(at) };
  }
  const id = uuidText(takeBytes(at, UUID_BYTES));
  const content = takeBytes(at, SHA256_BYTES).toString("hex");
  const [contract, declaredBy] = [takeContract(at), takeDeclaration(at)];
  if (contract === null || declaredBy === null) throw new RangeError("a record that passed has a contract");
  return { outcome: "P", record, id, contract, declaredBy, content };
}

function takeContract(at: Cursor): ContractRef | null {
  const subject = takeText(at);
  return subject === "" ? null : { subject, version: takeNumber(at), digest: takeText(at) };
}

function takeDeclaration(at: Cursor): Declaration | null {
  const text = takeText(at);
  const found = DECLARATIONS.find((one) => one === text);
  if (found === undefined && text !== "") throw new RangeError("no way to declare a version");
  return found ?? null;
}
