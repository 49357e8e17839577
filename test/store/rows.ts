import { createHash } from "node:crypto";
import type { JsonValue } from "../../src/json/json.ts";
import { parseJson } from "../../src/json/parse-json.ts";
import { NOTHING_DECLARED } from "../../src/schema/number-types.ts";
import type { FailureReason } from "../../src/core/failure.ts";
import { GENESIS, sealEntry, type LedgerEntry } from "../../src/ledger/entry.ts";
import { proofOfNothing } from "../../src/ledger/proof.ts";
import type {
  Difference,
  FailedRow,
  Occurrence,
  Receipt,
  Store,
  StoreReads,
  StoreWrites,
  ValidatedRow,
} from "../../src/store/store.ts";
import type { StreamNote } from "../../src/store/stream-note.ts";

/** The collection the laws of a store are run on. */
export const LAW_COLLECTION = "orders";

/** A stream id as the sources make them. */
export const STREAM = "clusterclusterclusterc/topictopictopictopictop/0";

const CONTRACT = { subject: "order", version: 2, digest: "c".repeat(64) } as const;

export const NOTE: StreamNote = { number: 1, stream: STREAM, topic: "orders", partition: 0 };

/** A machine id, from a short name. */
export function idOf(name: string): string {
  const digits = createHash("sha256").update(name).digest("hex");
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `8${digits.slice(13, 16)}`,
    `8${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join("-");
}

function occurrence(offset: bigint, changes: Partial<Occurrence> = {}): Occurrence {
  const raw = changes.raw === undefined ? Buffer.from(`{"n":${offset}}`) : changes.raw;
  return {
    position: { stream: STREAM, topic: "orders", partition: 0, offset },
    timestampMs: 1_700_000_000_000,
    key: null,
    headers: [],
    ...changes,
    raw,
  };
}

/** A fact. @param name of its machine id: {@link idOf}. */
export function validatedRow(name: string, offset: bigint, changes: Partial<Occurrence> = {}): ValidatedRow {
  const of = occurrence(offset, changes);
  const body = { payload: payloadOf(of.raw), numbers: NOTHING_DECLARED };
  return { kind: "validated", id: idOf(name), ...of, contract: CONTRACT, declaredBy: "header", ...body };
}

/** What the bytes say, where they say something. */
function payloadOf(raw: Uint8Array | null): JsonValue {
  try {
    return parseJson(Buffer.from(raw ?? []).toString());
  } catch {
    return null;
  }
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
    producer: "svc-a",
    machineId: null,
    parsed: { payload: payloadOf(rest.raw), numbers: NOTHING_DECLARED },
    ...changes,
  };
}

export function receiptRow(offset: bigint, of = "a"): Receipt {
  return { position: occurrence(offset).position, of: idOf(of) };
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

/** The same stream, as a store has numbered it. */
export async function noteOf({ streamNote }: Pick<Store, "streamNote">, stream: string = STREAM): Promise<StreamNote> {
  return streamNote({ stream, topic: "orders", partition: 0 });
}

/** Stages facts and inserts them, as the protocol does. */
export async function insertFacts(
  writes: Pick<StoreWrites, "stageFacts" | "insertFacts">,
  collection: string,
  rows: readonly ValidatedRow[],
  note: StreamNote = NOTE,
): Promise<readonly ("inserted" | "exists")[]> {
  const facts = writes.stageFacts(note);
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
  note: StreamNote = NOTE,
): Promise<void> {
  const failed = writes.stageFailed(note);
  rows.forEach(failed.add);
  await writes.insertFailed(collection, failed);
  failed.release();
}

/** How stored documents differ from these rows, by their places; nothing when all are as they should be. */
export async function differencesOf(
  reads: StoreReads,
  rows: {
    readonly facts?: readonly ValidatedRow[];
    readonly failed?: readonly FailedRow[];
    readonly receipts?: readonly Receipt[];
  },
  collection: string = LAW_COLLECTION,
): Promise<readonly (readonly [number, Difference])[]> {
  const facts = reads.stageFacts(NOTE);
  rows.facts?.forEach(facts.add);
  const failed = reads.stageFailed(NOTE);
  rows.failed?.forEach(failed.add);
  const found = [
    ...(await reads.compareFacts(collection, facts)),
    ...(await reads.compareFailed(collection, failed)),
    ...(await reads.compareReceipts(NOTE, rows.receipts ?? [])),
  ];
  facts.release();
  failed.release();
  return found;
}

const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const NOTHING = new Uint8Array(0);

/** Null is not empty, names repeat, bytes are any bytes, text is any text. */
export const HOSTILE: readonly Partial<Occurrence>[] = [
  {},
  { raw: null, key: null, headers: [] },
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
  {
    kind: "conflict",
    storedId: idOf("a"),
    storedAt: `${STREAM}@1`,
    storedDigest: "1".repeat(64),
    digest: "2".repeat(64),
  },
  { kind: "unexplained", engine: "7", message: "cannot say" },
  { kind: "erased", code: "schema" },
];
