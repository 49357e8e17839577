import type { ExactInteger } from "../json/exact-integer.ts";
import type { ContractRef, Declaration } from "../core/compiled.ts";
import type { ReadPayload } from "../core/decide.ts";
import type { FailureReason } from "../core/failure.ts";
import type { JsonValue } from "../json/json.ts";
import type { NumberTypes } from "../schema/number-types.ts";
import type { Header, Position, SourceRecord } from "../core/record.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { AdviceReads, AdviceWrites } from "./advice.ts";
import type { FailureReads } from "./failures.ts";
import type { GroupReads, GroupWrites } from "./groups.ts";
import type { LogEndNote } from "./log-end.ts";
import type { StreamNote } from "./stream-note.ts";
import type { HaltNote, OperatorAction } from "../ledger/operator-log.ts";
import type { TrafficNote } from "../traffic/note.ts";
import type { ObjectiveReads, ObjectiveWrites } from "./objective-count.ts";
import type { RedriveReads, RedriveWrites } from "./redrives.ts";
import type { VolumeReads, VolumeWrites } from "./volume.ts";

/** The record behind a decision, as it was fetched. */
export type Occurrence = {
  readonly position: Position;
  readonly timestampMs: ExactInteger;
  readonly key: Uint8Array | null;
  readonly headers: readonly Header[];
  /** The exact bytes of the record's value; null for a Kafka tombstone, a record without a value. */
  readonly raw: Uint8Array | null;
};

/** A record that passed, stored once in `validated_<collection>` under its machine id. */
export type ValidatedRow = Occurrence & {
  readonly kind: "validated";
  readonly id: string;
  readonly contract: ContractRef;
  readonly declaredBy: Declaration;
  readonly payload: JsonValue;
  readonly numbers: NumberTypes;
};

/** A fact that was erased. A tombstone without a payload keeps the id, so that the same record sent again is a duplicate. */
export type ErasedFact = Occurrence & {
  readonly kind: "erased";
  readonly id: string;
  readonly key: null;
  readonly raw: null;
  readonly contract: ContractRef;
  readonly declaredBy: Declaration;
  /** SHA-256 in hex of the RFC 8785 form of the payload that was erased. */
  readonly content: string;
};

/** A record that passed its contract. */
export type PassedRow = ValidatedRow | ErasedFact;

/** A failure, stored in `failed_<collection>` under its position. */
export type FailedRow = Occurrence & {
  readonly kind: "failed";
  /** The position id of the record. */
  readonly id: string;
  readonly contract: ContractRef | null;
  readonly declaredBy: Declaration | null;
  readonly reason: FailureReason;
  readonly fingerprint: string;
  /** The producer that the record claims (traffic/producer.ts); null when it claims none. */
  readonly producer: string | null;
  /** The machine id of a record that passed its contract but could not be stored as a fact (conflict). */
  readonly machineId: string | null;
  /** The parsed payload; null where the bytes could not be parsed. The document shows it to people. */
  readonly parsed: ReadPayload | null;
};

/** A record that repeats a stored fact: same identity, same content, other position. */
export type ReceiptRow = Occurrence & {
  readonly kind: "receipt";
  /** The position id of the record. */
  readonly id: string;
  readonly contract: ContractRef;
  readonly declaredBy: Declaration;
  /** Machine id of the stored fact. */
  readonly duplicateOf: string;
  /** Position id of the record that became the fact. */
  readonly storedAt: string;
  /** True when the record was erased and has no bytes. */
  readonly erased?: true;
};

/** The final outcome of a record, derived from the ledger, the evidence and the facts. */
export type SettledRow = PassedRow | FailedRow | ReceiptRow;

/** A receipt as it is stored. */
export type Receipt = {
  readonly position: Position;
  /** Machine id of the fact that it repeats. */
  readonly of: string;
};

/** The fact that holds a machine id: what is needed to compare it with another record of the same id. */
export type Holder = {
  readonly id: string;
  /** Position of the record that became the fact. */
  readonly position: Position;
  /** Time of that record; null where it cannot be read. */
  readonly timestampMs: ExactInteger | null;
  /**
   * The payload as the store's engine encodes it. Within one engine, equal bytes mean equal content; different bytes may still
   * have equal content. A view; that of a staged fact is valid until its stage is released. Empty for an erased fact.
   */
  readonly payloadBytes: Uint8Array;
  /** The payload as JSON text, not necessarily the producer's own text. @throws for an erased fact. */
  readonly payloadText: () => string;
  /** Only for an erased fact: SHA-256 in hex of the RFC 8785 form of the payload that it had. */
  readonly erased?: string;
};

/** Some places of staged facts: a set, or the keys of a map. */
export type Places = Pick<ReadonlySet<number>, "has" | "size">;

/** A record that asks for an id: its position and time, and its payload as the engine would store it. */
export type Claim = Pick<Holder, "position" | "payloadBytes" | "timestampMs">;

/**
 * The documents of a batch that wait to be inserted. MongoDB's stage encodes them at once, so that a batch waits for its ledger entry
 * as bytes: as objects it would outlive the young generation of the heap, and the garbage collector would copy every object twice.
 * SQLite's stage keeps the rows.
 */
export type Staged<Row> = {
  /** Adds the document of a row. The caller need not keep the row. */
  readonly add: (row: Row) => void;
  /** How many rows were added. */
  readonly size: () => number;
  /** Ends the use of the stage, whose memory may then be reused for another batch. */
  readonly release: () => void;
};

/** Staged facts. Their ids are distinct. A place is the index of a fact, from 0, in the order of adding. */
export type StagedFacts = Staged<PassedRow> & {
  /** The fact at a place, as the store would read it back. */
  readonly at: (place: number) => Holder;
  /** The same without what only few of them are asked for. */
  readonly claimAt: (place: number) => Claim;
  /** Whether the payload of a row would be encoded as the same bytes as the payload at this place. */
  readonly hasBytesOf: (place: number, row: PassedRow) => boolean;
};

export type StagedFailures = Staged<FailedRow>;

/** The result of an insert; "exists": an entry is already stored under the same stream and seq. */
type Inserted = "inserted" | "exists";

/**
 * The writes of the protocol. Each is durable when it resolves: acknowledged by majority and journal, or by fsync at the end
 * of the unit. Each is idempotent: the same call again changes nothing.
 */
export type StoreWrites = OwnWrites & GroupWrites & VolumeWrites;

type OwnWrites = {
  /**
   * The compare-and-swap of P4: inserts an entry together with its evidence, unless the stream has an entry with this seq.
   * @param packed the packed evidence; null for an entry without records.
   */
  readonly insertLedger: (entry: LedgerEntry, packed: Uint8Array | null) => Promise<Inserted>;
  readonly ledgerEntry: (stream: string, seq: number) => Promise<LedgerEntry | null>;
  /**
   * Replaces the evidence of an entry, by a compare-and-swap: the new evidence has the same records, some of them erased.
   * @param before the packed evidence that is expected in the store.
   * @returns "other" when the store has other evidence than `before`.
   */
  readonly replaceEvidence: (
    stream: string,
    seq: number,
    before: Uint8Array,
    after: Uint8Array,
  ) => Promise<"replaced" | "other">;
  /** Deletes remains of the evidence that {@link StoreWrites.replaceEvidence} replaced, if there are any. */
  readonly forgetReplaced: (stream: string, seq: number) => Promise<void>;
  /** Deletes the evidence of an entry, if it has any. */
  readonly dropEvidence: (stream: string, seq: number) => Promise<void>;
  /** Creates an empty stage for facts of a stream. It stays in the memory of the process until it is inserted. */
  readonly stageFacts: (stream: StreamNote) => StagedFacts;
  /**
   * Inserts facts whose ids are free. The id is the only key of a fact. The ledger ensures that a position has at most one fact:
   * exactly one entry covers the position, and an entry is applied only with the ids that its root covers.
   * @param except places whose id is known to be taken; they are not inserted.
   * @returns the places, `except` aside, whose id was taken by a document stored before.
   */
  readonly insertFacts: (collection: string, facts: StagedFacts, except?: Places) => Promise<ReadonlySet<number>>;
  /** The holders of these machine ids, by id. A free id is absent. */
  readonly holders: (collection: string, ids: readonly string[]) => Promise<ReadonlyMap<string, Holder>>;
  /** The holders of the ids of staged facts, by place; of all facts, or of those at `places`. A fact whose id is free is absent. */
  readonly holdersOf: (
    collection: string,
    facts: StagedFacts,
    places?: readonly number[],
  ) => Promise<ReadonlyMap<number, Holder>>;
  /** Which part of a batch's ids must be taken for {@link StoreWrites.holdersOf} before the insert to cost less than refusals: 0 to 1. */
  readonly looksFirstAbove: number;
  /** Creates an empty stage for failures of a stream. It stays in the memory of the process until it is inserted. */
  readonly stageFailed: (stream: StreamNote) => StagedFailures;
  /**
   * Inserts failures. A failure already stored under the position comes from an earlier attempt, and stays as it is.
   * @param looksFirst true when most are stored already. MongoDB, which refuses taken ids one by one, then first reads which are taken.
   */
  readonly insertFailed: (collection: string, failed: StagedFailures, looksFirst?: boolean) => Promise<void>;
  readonly insertReceipts: (stream: StreamNote, receipts: readonly Receipt[]) => Promise<void>;
  /** Deletes documents that will be written again: facts by id, failures and receipts of the stream by offset. */
  readonly removeDocuments: (
    collection: string,
    stream: StreamNote,
    kind: DocumentPlace["kind"],
    keys: readonly DocumentKey[],
  ) => Promise<void>;
  /** Replaces the documents under the ids of these facts. Each replacement is atomic: the id is never free in between. */
  readonly replaceFacts: (collection: string, facts: StagedFacts) => Promise<void>;
  /** Replaces failures in the same way, under their positions. */
  readonly replaceFailed: (collection: string, failed: StagedFailures) => Promise<void>;
  /** Merges traffic notes into the stored ones, by producer and version: the earliest `firstMs` and the latest `lastMs` remain. */
  readonly noteTraffic: (notes: readonly TrafficNote[]) => Promise<void>;
};

/**
 * The port of the store, which keeps the ledger and the documents. Laws: test/store/store-laws.ts, run by every adapter on its
 * real backend. Every operation throws `Unavailable` when the backend cannot be reached or used, and only then.
 */
export type Store = OwnStore & StoreWrites & RedriveWrites & AdviceWrites & ObjectiveWrites;

type OwnStore = {
  /**
   * Runs several writes in order. SQLite makes them one transaction: all or nothing, with one fsync. MongoDB may stop between any
   * two of them, which the protocol survives. When `work` throws, the writes are rolled back where the engine can do so.
   */
  readonly unit: <T>(work: (writes: StoreWrites) => Promise<T>) => Promise<T>;
  /** The last ledger entry of a stream (P1), read with majority read concern from the primary; null when there is none. */
  readonly tail: (stream: string) => Promise<LedgerEntry | null>;
  /** Returns the number of a stream. The first call assigns it; it is durable when the call resolves. */
  readonly streamNote: (stream: Omit<StreamNote, "number">) => Promise<StreamNote>;
  /** The packed evidence of an entry, read like `tail`; null when there is none. */
  readonly evidenceOf: (stream: string, seq: number) => Promise<Uint8Array | null>;
  /** Stores the text of a contract set under its digest. It is durable when the call resolves. */
  readonly putContractSet: (digest: string, text: string) => Promise<void>;
  readonly contractSet: (digest: string) => Promise<string | null>;
  /**
   * Why this engine can never store a passed record, such as a size limit; null when it can. Pure: the answer is part of the
   * decision (P3), so it depends on the record alone.
   */
  readonly refusalOf: RefusalOf;
  /** Appends to the hash chain of operator actions; a compare-and-swap by seq. */
  readonly appendAction: (action: OperatorAction) => Promise<"inserted" | "exists">;
  /** Records up to which offset appends were acknowledged. The highest end of each stream remains. */
  readonly noteLogEnds: (notes: readonly LogEndNote[]) => Promise<void>;
  /** Stores the halt of a stream, or removes it when `note` is null. */
  readonly putHalt: (stream: string, note: HaltNote | null) => Promise<void>;
  /**
   * Removes the remains of deleted and replaced data from the store's own files: SQLite rewrites its file. It cannot do so in the
   * files of a database server.
   */
  readonly scrub: () => Promise<void>;
  /**
   * Makes the index of machine ids right, where the engine leaves that to this program. @param dryRun only counts.
   * @returns how many facts their ids did not lead to.
   */
  readonly mendIndex: (dryRun: boolean) => Promise<number>;
  readonly reads: StoreReads;
  readonly close: () => Promise<void>;
};

/** The key of a document: the machine id names a fact, the record's offset a failure or receipt. */
export type DocumentKey = { readonly id: string; readonly offset: bigint };

/** How a stored document differs from the one that the ledger requires. */
export type Difference =
  | { readonly kind: "missing" }
  /** A document of the same record has other contents. `message` names fields, never values. */
  | { readonly kind: "differs"; readonly message: string }
  /** The fact of another record holds the id. */
  | { readonly kind: "held"; readonly holder: Holder };

/** The kind, id and position that a stored document claims. */
export type DocumentPlace = {
  readonly kind: "validated" | "failed" | "receipt";
  readonly collection: string;
  readonly id: string;
  /** Number of the stream; null when the document does not name a known one. */
  readonly stream: number | null;
  readonly offset: bigint | null;
};

/** The reason of a failure as its document stores it. A build that decides the record otherwise cannot compute it. */
export type StoredFailure = Pick<FailedRow, "reason" | "fingerprint">;

/** Why the store can never keep this passed record, as a sentence; null when it can. */
export type RefusalOf = (record: SourceRecord, payload: JsonValue) => string | null;

/** Number of documents of each kind in a store. */
export type Tally = { readonly validated: number; readonly failed: number; readonly receipts: number };

/** Reads for people and for the audit. They see durable data only. */
export type StoreReads = OwnReads &
  GroupReads &
  VolumeReads &
  FailureReads &
  RedriveReads &
  AdviceReads &
  ObjectiveReads;

type OwnReads = {
  /** The id of every stream that has a ledger entry, in text order. */
  readonly streams: () => Promise<readonly string[]>;
  /** Entries of a stream from `fromSeq` on, ascending, at most `limit`. */
  readonly ledger: (stream: string, fromSeq: number, limit: number) => Promise<readonly LedgerEntry[]>;
  /** The packed evidence of an entry; null when there is none. */
  readonly evidenceAt: (stream: string, seq: number) => Promise<Uint8Array | null>;
  /** Evidence that is stored of no entry, or of one without records, at most `limit`. (MongoDB: pieces aside; internals/mongodb.md.) */
  readonly evidenceOfNoEntry: (limit: number) => Promise<readonly { readonly stream: string; readonly seq: number }[]>;
  /** The BATCH or GAP entry whose range covers the offset; null when there is none. */
  readonly entryAt: (stream: string, offset: bigint) => Promise<LedgerEntry | null>;
  /** Every stream that has a number, by number. */
  readonly streamNotes: () => Promise<readonly StreamNote[]>;
  readonly holders: StoreWrites["holders"];
  readonly stageFacts: StoreWrites["stageFacts"];
  readonly stageFailed: StoreWrites["stageFailed"];
  readonly refusalOf: RefusalOf;
  /** Compares stored documents byte for byte with staged ones. Returns the differences by place; equal documents have none. */
  readonly compareFacts: (collection: string, facts: StagedFacts) => Promise<ReadonlyMap<number, Difference>>;
  readonly compareFailed: (collection: string, failed: StagedFailures) => Promise<ReadonlyMap<number, Difference>>;
  readonly compareReceipts: (
    stream: StreamNote,
    receipts: readonly Receipt[],
  ) => Promise<ReadonlyMap<number, Difference>>;
  /** The stored failure of a position; null when there is none or it cannot be read. */
  readonly failureAt: (collection: string, stream: StreamNote, offset: bigint) => Promise<StoredFailure | null>;
  /** The place that every stored document claims, in pages. */
  readonly documentPlaces: () => AsyncIterable<readonly DocumentPlace[]>;
  readonly tally: () => Promise<Tally>;
  /** Number of failures by code, most frequent first. */
  readonly failureCounts: () => Promise<readonly { readonly code: string; readonly count: number }[]>;
  readonly contractSet: (digest: string) => Promise<string | null>;
  readonly contractSets: () => Promise<readonly { readonly digest: string; readonly text: string }[]>;
  /** Operator actions from `fromSeq` on, ascending, at most `limit`. */
  readonly operatorLog: (fromSeq: number, limit: number) => Promise<readonly OperatorAction[]>;
  /** Which producers sent which versions of a subject, ordered by version and producer. */
  readonly traffic: (subject: string) => Promise<readonly TrafficNote[]>;
  /** The highest acknowledged end of each stream, in text order of the stream ids. */
  readonly logEnds: () => Promise<readonly LogEndNote[]>;
  /** The halt of every halted stream, in text order of the stream ids. */
  readonly halts: () => Promise<readonly HaltNote[]>;
  /** Faults found by the engine's own consistency check (SQLite: integrity_check); empty when there are none. */
  readonly integrity: () => Promise<readonly string[]>;
};
