import type { ExactInteger } from "../json/exact-integer.ts";
import type { ContractRef, Declaration } from "../core/compiled.ts";
import type { ReadPayload } from "../core/decide.ts";
import type { FailureReason } from "../core/failure.ts";
import type { JsonValue } from "../json/json.ts";
import type { NumberTypes } from "../schema/number-types.ts";
import type { Header, Position, SourceRecord } from "../core/record.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { LogEndNote } from "./log-end.ts";
import type { HaltNote, OperatorAction } from "../ledger/operator-log.ts";
import type { TrafficNote } from "../traffic/note.ts";

/** The record that a decision was made of, as it was fetched. */
export type Occurrence = {
  readonly position: Position;
  readonly timestampMs: ExactInteger;
  readonly key: Uint8Array | null;
  readonly headers: readonly Header[];
  /** The exact bytes; null for a tombstone. */
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

/** A record that passed and was erased: a tombstone without a payload holds its id, so that the same record again is a duplicate. */
export type ErasedFact = Occurrence & {
  readonly kind: "erased";
  readonly id: string;
  readonly key: null;
  readonly raw: null;
  readonly contract: ContractRef;
  readonly declaredBy: Declaration;
  /** SHA-256 of the RFC 8785 form of the payload that it had, hex. */
  readonly content: string;
};

/** A record that passed its contract. */
export type PassedRow = ValidatedRow | ErasedFact;

/** A failure, in `failed_<collection>` under its position. */
export type FailedRow = Occurrence & {
  readonly kind: "failed";
  /** Its position id. */
  readonly id: string;
  readonly contract: ContractRef | null;
  readonly declaredBy: Declaration | null;
  readonly reason: FailureReason;
  readonly fingerprint: string;
  /** The machine id of a record that passed its contract but could not be stored as a fact (conflict). */
  readonly machineId: string | null;
  /** What its bytes say, where they say something; a document keeps it for people. */
  readonly parsed: ReadPayload | null;
};

/** A record that repeats a stored fact: same identity, same content, other position. */
export type ReceiptRow = Occurrence & {
  readonly kind: "receipt";
  /** Its position id. */
  readonly id: string;
  readonly contract: ContractRef;
  readonly declaredBy: Declaration;
  /** Machine id of the stored fact. */
  readonly duplicateOf: string;
  /** Position id of the record that holds it. */
  readonly storedAt: string;
  /** Its record was erased: it has no bytes. */
  readonly erased?: true;
};

/** What became of a record, told from the ledger, its evidence and the facts. */
export type SettledRow = PassedRow | FailedRow | ReceiptRow;

/** A receipt as it is stored. */
export type Receipt = {
  readonly position: Position;
  /** Machine id of the fact that it repeats. */
  readonly of: string;
};

/** What a stored fact says of whoever claims its id as well. */
export type Holder = {
  readonly id: string;
  /** Of the record that the fact was made of. */
  readonly position: Position;
  /** The payload as its engine keeps it. Of one engine, equal bytes say the same; that bytes differ says nothing. A view; empty when it was erased. */
  readonly payloadBytes: Uint8Array;
  /** The payload as JSON text: its own, or one that says the same. @throws when it was erased. */
  readonly payloadText: () => string;
  /** Of a fact that was erased: SHA-256 of the RFC 8785 form of the payload that it had, hex. */
  readonly erased?: string;
};

/**
 * Documents of a batch, as the engine will write them. A batch waits for its ledger entry as bytes: as objects it outlives the young
 * generation of the heap, and the garbage collector copies every one of them twice.
 */
export type Staged<Row> = {
  /** The row itself need not be kept. */
  readonly add: (row: Row) => void;
  /** How many were added. */
  readonly size: () => number;
  /** They were inserted, and nobody asks for them any more: what they occupied may hold others. */
  readonly release: () => void;
};

/** Facts; their ids are distinct. */
export type StagedFacts = Staged<PassedRow> & {
  /** What was added, by its place from 0 on, as the store would read it. */
  readonly at: (place: number) => Holder;
  /** Whether a row's payload would be kept as the very bytes of the one at this place. */
  readonly hasBytesOf: (place: number, row: PassedRow) => boolean;
};

export type StagedFailures = Staged<FailedRow>;

/** A stream, under the number by which documents name it. */
export type StreamNote = {
  /** 1, 2, 3 ...: small, unlike the stream's id. */
  readonly number: number;
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
};

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
  /**
   * Puts other evidence in the place of an entry's: its records, some of them erased. A compare-and-swap.
   * @param before what is there now, packed.
   * @returns "other" when something else is.
   */
  readonly replaceEvidence: (
    stream: string,
    seq: number,
    before: Uint8Array,
    after: Uint8Array,
  ) => Promise<"replaced" | "other">;
  /** Removes what may be left of the evidence that {@link StoreWrites.replaceEvidence} replaced; nothing when nothing is. */
  readonly forgetReplaced: (stream: string, seq: number) => Promise<void>;
  /** Forgets the evidence of an entry; nothing when it has none. */
  readonly dropEvidence: (stream: string, seq: number) => Promise<void>;
  /** Begins a batch of facts of a stream. Nothing of it leaves the process before it is inserted. */
  readonly stageFacts: (stream: StreamNote) => StagedFacts;
  /**
   * The id is the only key of a fact. That a position has one fact is the ledger's doing: one entry covers it, and an entry
   * is applied only with the identities its root names.
   * @param except places whose id is known to be taken; they are not tried.
   * @returns the places of the others whose id is taken: something was stored under it before.
   */
  readonly insertFacts: (
    collection: string,
    facts: StagedFacts,
    except?: ReadonlySet<number>,
  ) => Promise<ReadonlySet<number>>;
  /** The holders of these machine ids. An id nobody holds is absent. */
  readonly holders: (collection: string, ids: readonly string[]) => Promise<ReadonlyMap<string, Holder>>;
  /** Begins a batch of failures. Nothing of it leaves the process before it is inserted. */
  readonly stageFailed: (stream: StreamNote) => StagedFailures;
  /**
   * A failure that is already there under the position is our own, from before: it stays as it is.
   * @param looksFirst most of them are there: an engine that refuses them one by one asks which before it inserts.
   */
  readonly insertFailed: (collection: string, failed: StagedFailures, looksFirst?: boolean) => Promise<void>;
  readonly insertReceipts: (stream: StreamNote, receipts: readonly Receipt[]) => Promise<void>;
  /** Takes documents away, to write them again: facts by their ids, failures and receipts of the stream by their offsets. */
  readonly removeDocuments: (
    collection: string,
    stream: StreamNote,
    kind: DocumentPlace["kind"],
    keys: readonly DocumentKey[],
  ) => Promise<void>;
  /** Puts facts in the place of whatever is stored under their ids, each at once: nobody finds the id free in between. */
  readonly replaceFacts: (collection: string, facts: StagedFacts) => Promise<void>;
  /** The same of failures, under their positions. */
  readonly replaceFailed: (collection: string, failed: StagedFailures) => Promise<void>;
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
  /** The number of a stream, given when it is first asked for, durable before it is answered. */
  readonly streamNote: (stream: Omit<StreamNote, "number">) => Promise<StreamNote>;
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
  /**
   * Leaves nothing of what was removed or replaced in the files of the store, as far as they are the store's own: SQLite writes the
   * file anew. What a server keeps of the past is the server's.
   */
  readonly scrub: () => Promise<void>;
  readonly reads: StoreReads;
  readonly close: () => Promise<void>;
};

/** What names a document: a fact its machine id, a failure or receipt the offset of its record. */
export type DocumentKey = { readonly id: string; readonly offset: bigint };

/** How a stored document differs from what the ledger says should be there. */
export type Difference =
  | { readonly kind: "missing" }
  /** Of the same record, and not the same. @param message names fields, never values. */
  | { readonly kind: "differs"; readonly message: string }
  /** The fact of another record has the id. */
  | { readonly kind: "held"; readonly holder: Holder };

/** Where a document says that it belongs. */
export type DocumentPlace = {
  readonly kind: "validated" | "failed" | "receipt";
  readonly collection: string;
  readonly id: string;
  /** Null when the document does not say. */
  readonly stream: number | null;
  readonly offset: bigint | null;
};

/** A failure as its document has it: what a build that decides otherwise cannot say. */
export type StoredFailure = Pick<FailedRow, "reason" | "fingerprint">;

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
  /** The entry whose range has the offset, GAP or BATCH; null when there is none. */
  readonly entryAt: (stream: string, offset: bigint) => Promise<LedgerEntry | null>;
  /** Every stream that has a number, by number. */
  readonly streamNotes: () => Promise<readonly StreamNote[]>;
  readonly holders: StoreWrites["holders"];
  readonly stageFacts: StoreWrites["stageFacts"];
  readonly stageFailed: StoreWrites["stageFailed"];
  readonly refusalOf: RefusalOf;
  /** Compares documents byte for byte with staged ones; by place, those that are as they should be left out. */
  readonly compareFacts: (collection: string, facts: StagedFacts) => Promise<ReadonlyMap<number, Difference>>;
  readonly compareFailed: (collection: string, failed: StagedFailures) => Promise<ReadonlyMap<number, Difference>>;
  readonly compareReceipts: (
    stream: StreamNote,
    receipts: readonly Receipt[],
  ) => Promise<ReadonlyMap<number, Difference>>;
  /** A failure as it is stored; null when it is not, or cannot be read. */
  readonly failureAt: (collection: string, stream: StreamNote, offset: bigint) => Promise<StoredFailure | null>;
  /** Where every stored document says that it belongs, in pages. */
  readonly documentPlaces: () => AsyncIterable<readonly DocumentPlace[]>;
  readonly tally: () => Promise<Tally>;
  /** Failures by code, most frequent first. */
  readonly failureCounts: () => Promise<readonly { readonly code: string; readonly count: number }[]>;
  readonly contractSet: (digest: string) => Promise<string | null>;
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
