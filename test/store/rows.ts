import type { JsonValue } from "../../src/json/json.ts";
import { parseJson } from "../../src/json/parse-json.ts";
import { NOTHING_DECLARED } from "../../src/schema/number-types.ts";
import type { FailureReason } from "../../src/core/failure.ts";
import { hashBytes } from "../../src/store/decided.ts";
import { GENESIS, sealEntry, type LedgerEntry } from "../../src/store/ledger.ts";
import { proofOfNothing } from "../../src/store/proof.ts";
import type { FailedRow, NewValidated, Occurrence, ReceiptRow, StoredRow, StoreWrites } from "../../src/store/store.ts";

/** The collection the laws of a store are run on. */
export const LAW_COLLECTION = "orders";

/** A stream id as the sources make them. */
export const STREAM = "clusterclusterclusterc/topictopictopictopictop/0";

const CONTRACT = { subject: "order", version: 2, digest: "c".repeat(64) } as const;

function occurrence(offset: bigint, changes: Partial<Occurrence> = {}): Occurrence {
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

export function validatedRow(id: string, offset: bigint, changes: Partial<Occurrence> = {}): NewValidated {
  const of = occurrence(offset, changes);
  const body = { payload: payloadOf(of.raw), numbers: NOTHING_DECLARED };
  return { kind: "validated", id, ...of, contract: CONTRACT, declaredBy: "header", ...body };
}

/** What the bytes say, where they say something. */
function payloadOf(raw: Uint8Array | null): JsonValue {
  try {
    return parseJson(Buffer.from(raw ?? []).toString());
  } catch {
    return null;
  }
}

/** What a store gives back of rows that went in: the payload is in the bytes. */
export function asRead(rows: readonly (NewValidated | FailedRow | ReceiptRow)[]): readonly StoredRow[] {
  return rows.map((row) => {
    if (row.kind !== "validated") return row;
    const { payload: _, numbers: __, ...read } = row;
    return read;
  });
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
    ...proofOfNothing(),
    count: 9,
    outcomes: "P4-1F5",
    contractSet: "d".repeat(64),
    engine: "1",
    note: "",
    ...changes,
  });
}

/** Stages facts and inserts them, as the protocol does. */
export async function insertFacts(
  writes: Pick<StoreWrites, "stageFacts" | "insertFacts">,
  collection: string,
  rows: readonly NewValidated[],
): Promise<readonly ("inserted" | "exists")[]> {
  const facts = writes.stageFacts("keep");
  rows.forEach(facts.add);
  const taken = await writes.insertFacts(collection, facts);
  facts.release();
  return rows.map((_, place) => (taken.has(place) ? "exists" : "inserted"));
}

/** The same for failures. */
export async function insertFailed(
  writes: Pick<StoreWrites, "stageFailed" | "insertFailed">,
  collection: string,
  rows: readonly FailedRow[],
): Promise<void> {
  const failed = writes.stageFailed();
  rows.forEach(failed.add);
  await writes.insertFailed(collection, failed);
  failed.release();
}

const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const NOTHING = new Uint8Array(0);

/** Null is not empty, names repeat, bytes are any bytes, text is any text. */
export const HOSTILE: readonly Partial<Occurrence>[] = [
  {},
  { raw: null, rawHash: "-", key: null, headers: [] },
  { raw: NOTHING, key: NOTHING, headers: [["", NOTHING]] },
  { raw: ALL_BYTES, key: ALL_BYTES, headers: [["all", ALL_BYTES]] },
  {
    headers: [
      ["b", Buffer.from("1")],
      ["a", Buffer.from("2")],
      ["b", Buffer.from("3")],
      ["b", Buffer.from("1")],
    ],
  },
  {
    headers: [
      ["n\u00e4me \u{1f4e6} \0 '\"$.", Buffer.from("v")],
      ["__proto__", Buffer.from("x")],
    ],
    raw: Buffer.from('{"$set":{"_bsontype":"ObjectId"},"__proto__":1}\r\n'),
  },
  { timestampMs: 0, raw: Buffer.alloc(1_000_000, "x") },
];

/** One of each kind of failure. */
export const REASONS: readonly FailureReason[] = [
  { kind: "malformed", code: "empty", message: "it's empty", byteOffset: null, pointer: null },
  { kind: "malformed", code: "not-json", message: '\u{1f4e6} \0 "quoted"', byteOffset: 12, pointer: "/a~1b/0" },
  { kind: "contract", code: "not-active", message: "no" },
  {
    kind: "schema",
    violations: [
      {
        pointer: "/a",
        keyword: "type",
        schemaPath: "/properties/a/type",
        message: "must be a number",
        expected: "number",
        got: "text",
        bytes: [5, 8],
      },
      {
        pointer: "",
        keyword: "required",
        schemaPath: "/required",
        message: "lacks b",
        expected: "a value",
        got: "nothing",
      },
    ],
  },
  { kind: "rule", violations: [{ id: "max", message: "too much" }] },
  { kind: "conflict", storedId: "a", storedAt: `${STREAM}@1`, storedDigest: "1".repeat(64), digest: "2".repeat(64) },
  { kind: "unexplained", engine: "7", message: "cannot say" },
];
