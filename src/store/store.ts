import type { ExactInteger } from "../json/exact-integer.ts";
import type { ContractRef } from "../core/compile.ts";
import type { FailureReason } from "../core/failure.ts";
import type { JsonValue } from "../json/json.ts";
import type { NumberTypes } from "../schema/number-types.ts";
import type { Header, Position, SourceRecord } from "../core/record.ts";
import type { Declaration } from "../core/resolve.ts";
import type { LedgerEntry, PassedRaw } from "./ledger.ts";
import type { LogEndNote } from "./log-end.ts";
import type { HaltNote, OperatorAction } from "./operator.ts";
import type { TrafficNote } from "./traffic.ts";

/** What every stored object says of the record it came from. No value in it is the worker's own: two executors write the same. */
export type Occurrence = {
  readonly position: Position;
  readonly timestampMs: ExactInteger;
  readonly key: Uint8Array | null;
  readonly headers: readonly Header[];
  /** The exact bytes; null for a tombstone, and for a fact whose bytes are not kept. */
  readonly raw: Uint8Array | null;
  /** SHA-256 of `raw`, hex; "-" for a tombstone. */
  readonly rawHash: string;
};

/** A fact, stored once in `validated_<collection>` under its machine id. */
export type ValidatedRow = Occurrence & {
  readonly kind: "validated";
  readonly id: string;
  readonly contract: ContractRef;
  readonly declaredBy: Declaration;
  /** The payload as JSON text, of a stored fact whose bytes are not kept. */
  readonly payloadText?: string;
};

/** A fact on its way into the store, with its payload as an engine with typed documents keeps it. */
export type NewValidated = ValidatedRow & { readonly payload: JsonValue; readonly numbers: NumberTypes };

/**
 * Rows of a batch, as the engine will write them. A batch waits for its ledger entry as bytes: as objects it outlives the young
 * generation of the heap, and the garbage collector copies every one of them twice.
 */
export type Staged<Row, Read> = {
  /** Their ids are distinct. The row itself need not be kept. */
  readonly add: (row: Row) => void;
  /** How many were added. */
  readonly size: () => number;
  /** What was added, by its place from 0 on, as the store would read it; its bytes even where they are not stored. */
  readonly at: (place: number) => Read;
  /** They were inserted, and nobody asks for them any more: what they occupied may hold others. */
  readonly release: () => void;
};

export type StagedFacts = Staged<NewValidated, ValidatedRow>;
export type StagedFailures = Staged<FailedRow, FailedRow>;

/** A failure in `failed_<collection>` under its position id. */
export type FailedRow = Occurrence & {
  readonly kind: "failed";
  readonly id: string;
  readonly contract: ContractRef | null;
  readonly declaredBy: Declaration | null;
  readonly reason: FailureReason;
  readonly fingerprint: string;
  /** The machine id of a record that passed its contract but could not be stored as a fact (conflict). */
  readonly machineId: string | null;
};

/** A duplicate in `sigma_receipts` under its position id: same identity, same content, other position. */
export type ReceiptRow = Occurrence & {
  readonly kind: "receipt";
  readonly id: string;
  readonly contract: ContractRef;
  readonly declaredBy: Declaration;
  readonly collection: string;
  /** Machine id of the stored fact. */
  readonly duplicateOf: string;
  /** Position id of the record that holds it. */
  readonly storedAt: string;
};

/** A stored object whose columns no longer say anything this code could have written; the audit names it. */
export type UnreadableRow = {
  readonly kind: "unreadable";
  readonly id: string;
  readonly position: Position;
  readonly message: string;
};

export type StoredRow = ValidatedRow | FailedRow | ReceiptRow | UnreadableRow;

/** What became of an entry; another is stored for its place when it `exists`. */
type Inserted = "inserted" | "exists";

/**
 * The writes the protocol is made of. Each is durable when it resolves: majority and journal, or fsync at the end of the
 * unit. Each is idempotent: the same call again changes nothing.
 */
export type StoreWrites = {
  /**
   * The compare-and-swap of P4: one entry for each stream and seq, and the evidence of its records, which is there when the entry
   * is. @param packed null for an entry without records.
   */
  readonly insertLedger: (entry: LedgerEntry, packed: Uint8Array | null) => Promise<Inserted>;
  readonly ledgerEntry: (stream: string, seq: number) => Promise<LedgerEntry | null>;
  /** Begins a batch of facts, stored with their bytes or without. Nothing of it leaves the process before it is inserted. */
  readonly stageFacts: (passedRaw: PassedRaw) => StagedFacts;
  /**
   * The id is the only key of a fact. That a position has one fact is the ledger's doing: one entry covers it, and an entry
   * is applied only with the identities its root names.
   * @returns the places of the facts whose id is taken: something was stored under it before.
   */
  readonly insertFacts: (collection: string, facts: StagedFacts) => Promise<ReadonlySet<number>>;
  /** The holders of these machine ids. An id nobody holds is absent. */
  readonly validatedById: (collection: string, ids: readonly string[]) => Promise<ReadonlyMap<string, ValidatedRow>>;
  /** Begins a batch of failures. Nothing of it leaves the process before it is inserted. */
  readonly stageFailed: () => StagedFailures;
  /** A row that is already there under the position is our own, from before: it stays as it is. */
  readonly insertFailed: (collection: string, failed: StagedFailures) => Promise<void>;
  readonly insertReceipts: (rows: readonly ReceiptRow[]) => Promise<void>;
  /** Widens what is known of each producer and version: the earliest first and the latest last time stay. */
  readonly noteTraffic: (notes: readonly TrafficNote[]) => Promise<void>;
};

/**
 * Where decisions go. Laws: test/store/store-laws.ts, run by every adapter on its real backend.
 * Every operation throws `Unavailable` when the backend is not there, and only then.
 */
export type Store = StoreWrites & {
  /**
   * Runs writes in their order. An engine with transactions (SQLite) makes them one: all or nothing, one fsync; one
   * without may stop between any two, which the protocol survives. A unit whose work throws is undone where possible.
   */
  readonly unit: <T>(work: (writes: StoreWrites) => Promise<T>) => Promise<T>;
  /** The last ledger entry of a stream, read as majority from the primary (P1). */
  readonly tail: (stream: string) => Promise<LedgerEntry | null>;
  /** The packed evidence of an entry, read like `tail`; null when there is none. */
  readonly evidenceOf: (stream: string, seq: number) => Promise<Uint8Array | null>;
  /** Keeps a contract set under its digest, durable before its first use. */
  readonly putContractSet: (digest: string, text: string) => Promise<void>;
  readonly contractSet: (digest: string) => Promise<string | null>;
  /**
   * Why this engine could never keep a record that passed, or null. Pure: its answer is part of the decision (P3), so it
   * depends on the record alone.
   */
  readonly refusalOf: RefusalOf;
  /** Adds to the chain of operator actions; a compare-and-swap by its seq. */
  readonly appendAction: (action: OperatorAction) => Promise<"inserted" | "exists">;
  /** Notes how far the log was shown to reach: the highest end stays. */
  readonly noteLogEnds: (notes: readonly LogEndNote[]) => Promise<void>;
  /** Notes why a stream stands still, or that it does no longer. */
  readonly putHalt: (stream: string, note: HaltNote | null) => Promise<void>;
  readonly reads: StoreReads;
  readonly close: () => Promise<void>;
};

/** A decision and what it was made from, as little of it as judging again needs. */
export type StoredEvidence = {
  /** Its offset, counted from the beginning of the range that was asked for. */
  readonly at: number;
  readonly kind: "validated" | "failed" | "receipt";
  /** Of the contract that judged or refused it; null when it resolved to none. */
  readonly version: number | null;
  /** Code and fingerprint of a failure; null for the others. */
  readonly code: string | null;
  readonly fingerprint: string | null;
  readonly headers: readonly Header[];
  /**
   * The payload's own text, without a wire format's prefix; null when it was malformed (other than by a number that no double
   * keeps), or its bytes are not kept.
   */
  readonly text: string | null;
};

export type RefusalOf = (record: SourceRecord, payload: JsonValue) => string | null;

/** How many objects of each kind a store holds. */
export type Tally = { readonly validated: number; readonly failed: number; readonly receipts: number };

/** Reads for people and for the audit; they see only what is durable. */
export type StoreReads = {
  /** Every stream that has a ledger entry, in text order. */
  readonly streams: () => Promise<readonly string[]>;
  /** Entries of a stream from `fromSeq` on, ascending, at most `limit`. */
  readonly ledger: (stream: string, fromSeq: number, limit: number) => Promise<readonly LedgerEntry[]>;
  /** The packed evidence of an entry; null when there is none. */
  readonly evidenceAt: (stream: string, seq: number) => Promise<Uint8Array | null>;
  /** Every stored object of `[from, to)`, by offset; an offset may (wrongly) appear twice. */
  readonly rows: (stream: string, from: bigint, to: bigint) => Promise<readonly StoredRow[]>;
  /**
   * As `rows`, of one collection and the receipts only: the decisions of a stream whose contract always had that
   * collection. Its cost does not grow with the number of collections.
   */
  readonly rowsIn: (collection: string, stream: string, from: bigint, to: bigint) => Promise<readonly StoredRow[]>;
  /**
   * The decisions of `[from, to)` by offset, with what they were made from: some times faster than `rows`. Objects that
   * can no longer be read are left out. The range is at most 2^31 offsets wide.
   */
  readonly evidence: (stream: string, from: bigint, to: bigint) => Promise<readonly StoredEvidence[]>;
  /** Topic and partition of a stream, as its stored objects name them; null when it has none. */
  readonly origin: (stream: string) => Promise<{ readonly topic: string; readonly partition: number } | null>;
  /** Lowest offset of an object whose record is not older than this, in milliseconds since the epoch, or null. */
  readonly firstSince: (stream: string, timestampMs: number) => Promise<bigint | null>;
  /** Stored objects whose stream or offset no ledger entry covers would hide from `rows`: all streams any object names. */
  readonly streamsOfRows: () => Promise<readonly string[]>;
  /** Lowest and highest offset of any object stored for a stream, or null. */
  readonly extent: (stream: string) => Promise<{ readonly first: bigint; readonly last: bigint } | null>;
  readonly validatedById: (collection: string, ids: readonly string[]) => Promise<ReadonlyMap<string, ValidatedRow>>;
  readonly tally: () => Promise<Tally>;
  /** Failures by code, most frequent first. */
  readonly failureCounts: () => Promise<readonly { readonly code: string; readonly count: number }[]>;
  readonly contractSets: () => Promise<readonly { readonly digest: string; readonly text: string }[]>;
  /** Actions from `fromSeq` on, ascending, at most `limit`. */
  readonly operatorLog: (fromSeq: number, limit: number) => Promise<readonly OperatorAction[]>;
  /** Who sent what version of a subject, by version and producer. */
  readonly traffic: (subject: string) => Promise<readonly TrafficNote[]>;
  /** How far each stream was shown to reach, in text order of the streams. */
  readonly logEnds: () => Promise<readonly LogEndNote[]>;
  /** Every stream that stands still, in text order. */
  readonly halts: () => Promise<readonly HaltNote[]>;
  /** Engine-level consistency (SQLite: integrity_check): what it found wrong, empty when nothing. */
  readonly integrity: () => Promise<readonly string[]>;
};
