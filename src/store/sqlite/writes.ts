import type { AdviceNote } from "../advice.ts";
import type { RedrivePage } from "../redrives.ts";
import { putAdvice } from "./advice.ts";
import { noteRedriveSeen, putRedrive, putRedrivePages } from "./redrives.ts";
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { uuidBytes } from "../../core/uuid.ts";
import type { LedgerEntry } from "../../ledger/entry.ts";
import type { CountStep, ObjectiveCount } from "../objective-count.ts";
import { dropObjectiveCounts, putObjectiveCounts } from "./objectives.ts";
import type { LogEndNote } from "../log-end.ts";
import type { HaltNote, OperatorAction } from "../../ledger/operator-log.ts";
import type { StoreWrites } from "../store.ts";
import type { StreamNote } from "../stream-note.ts";
import type { TrafficNote } from "../../traffic/note.ts";
import { prepareGroups, type CounterWrites } from "./groups.ts";
import { assertCollectionName, ERASED, FACT, FAILURE, ORIGIN } from "./layout.ts";
import { insertAction, noteLogEnds, putHalt } from "./operator.ts";
import type { BoundReceipt, PackedFacts } from "./packed-rows.ts";
import { replaceEvidence, replaceFacts, replaceFailed } from "./replace.ts";
import { bindEntry, readEntry, type Row } from "./rows.ts";
import { openStreams } from "./streams.ts";
import { prepareVolume, type VolumeCounting } from "./volume.ts";

type Bound = readonly (readonly SQLInputValue[])[];

/**
 * The writes of the store port and the reads that belong to them, synchronously and without transactions of their own. Their
 * arguments and results can be sent from thread to thread.
 */
export type Writes = CounterWrites &
  VolumeCounting & {
    readonly insertLedger: (entry: LedgerEntry, packed: Uint8Array | null) => "inserted" | "exists";
    readonly ledgerEntry: (stream: string, seq: number) => LedgerEntry | null;
    readonly dropEvidence: (stream: string, seq: number) => void;
    /** Inserts facts whose ids are free. @returns the places of the others. */
    readonly insertFacts: (collection: string, facts: PackedFacts) => readonly number[];
    /** The rows of the facts with these machine ids. */
    readonly facts: (collection: string, ids: readonly string[]) => readonly Row[];
    readonly insertFailed: (collection: string, rows: Bound) => void;
    readonly insertReceipts: (stream: number, receipts: readonly BoundReceipt[]) => void;
    readonly removeDocuments: (...given: Parameters<StoreWrites["removeDocuments"]>) => void;
    readonly replaceEvidence: (
      stream: string,
      seq: number,
      before: Uint8Array,
      after: Uint8Array,
    ) => "replaced" | "other";
    readonly replaceFacts: (collection: string, rows: Bound) => void;
    readonly replaceFailed: (collection: string, rows: Bound) => void;
    readonly noteTraffic: (notes: readonly TrafficNote[]) => void;
    readonly tail: (stream: string) => LedgerEntry | null;
    readonly evidenceOf: (stream: string, seq: number) => Uint8Array | null;
    readonly streamNote: (stream: Omit<StreamNote, "number">) => StreamNote;
    readonly putContractSet: (digest: string, text: string) => void;
    readonly contractSet: (digest: string) => string | null;
    readonly appendAction: (action: OperatorAction) => "inserted" | "exists";
    readonly noteLogEnds: (notes: readonly LogEndNote[]) => void;
    readonly putHalt: (stream: string, note: HaltNote | null) => void;
    readonly putRedrivePages: (pages: readonly RedrivePage[]) => void;
    readonly putRedrive: (plan: string, text: string) => void;
    readonly noteRedriveSeen: (plan: string, at: string) => void;
    readonly putAdvice: (note: AdviceNote) => void;
    readonly putObjectiveCounts: (counts: readonly ObjectiveCount[]) => void;
    readonly dropObjectiveCounts: (stepS: CountStep, beforeS: number) => void;
  };

type ForCollection = {
  readonly insertFact: StatementSync;
  readonly insertErased: StatementSync;
  readonly insertFailed: StatementSync;
  readonly byId: StatementSync;
};

/** Prepares every statement once: the shared ones now, those of a collection at its first use. */
export function prepareWrites(db: DatabaseSync): Writes {
  const shared = prepareShared(db);
  const streams = openStreams(db);
  const forCollection = preparedCollections(db);
  return {
    ...prepareGroups(db),
    ...prepareVolume(db),
    insertLedger: (entry, packed) => {
      if (shared.insertLedger.run(...bindEntry(entry)).changes === 0) return "exists";
      if (packed !== null) shared.insertEvidence.run(entry.stream, entry.seq, packed);
      return "inserted";
    },
    evidenceOf: (stream, seq) => packedOf(shared.evidence.get(stream, seq)),
    ledgerEntry: (stream, seq) => entryOf(shared.entry.get(stream, seq)),
    dropEvidence: (stream, seq) => void shared.dropEvidence.run(stream, seq),
    streamNote: streams.note,
    insertFacts: (collection, facts) => insertFacts(forCollection(collection), facts),
    facts: (collection, ids) => {
      const { byId } = forCollection(collection);
      return ids.map((id) => byId.get(uuidBytes(id))).filter((row) => row !== undefined);
    },
    insertFailed: (collection, rows) => {
      const { insertFailed } = forCollection(collection);
      for (const values of rows) insertFailed.run(...values);
    },
    insertReceipts: (stream, receipts) => {
      for (const [offset, of] of receipts) shared.insertReceipt.run(stream, offset, uuidBytes(of));
    },
    removeDocuments: (...given) => removeDocuments(db, ...given),
    replaceEvidence: (...given) => replaceEvidence(db, ...given),
    replaceFacts: (...given) => replaceFacts(db, ...given),
    replaceFailed: (...given) => replaceFailed(db, ...given),
    noteTraffic: (notes) => {
      for (const { subject, version, producer, firstMs, lastMs } of notes) {
        shared.noteTraffic.run(subject, version, producer, firstMs, lastMs);
      }
    },
    tail: (stream) => entryOf(shared.tail.get(stream)),
    putContractSet: (digest, text) => void shared.putSet.run(digest, text),
    contractSet: (digest) => {
      const row = shared.set.get(digest);
      return row === undefined ? null : String(row["text"]);
    },
    appendAction: (action) => insertAction(db, action),
    noteLogEnds: (notes) => noteLogEnds(db, notes),
    putHalt: (stream, note) => putHalt(db, stream, note),
    putRedrivePages: (pages) => putRedrivePages(db, pages),
    putRedrive: (plan, text) => putRedrive(db, plan, text),
    noteRedriveSeen: (plan, at) => noteRedriveSeen(db, plan, at),
    putAdvice: (note) => putAdvice(db, note),
    putObjectiveCounts: (counts) => putObjectiveCounts(db, counts),
    dropObjectiveCounts: (stepS, beforeS) => dropObjectiveCounts(db, stepS, beforeS),
  };
}

function preparedCollections(db: DatabaseSync): (collection: string) => ForCollection {
  const prepared = new Map<string, ForCollection>();
  return (collection) => {
    const known = prepared.get(collection);
    if (known !== undefined) return known;
    const made = prepareCollection(db, collection);
    prepared.set(collection, made);
    return made;
  };
}

function insertFacts({ insertFact, insertErased }: ForCollection, facts: PackedFacts): readonly number[] {
  const { stream, places, ids, offsets, times, terms, termsOf, payloads, ends, erased, origins } = facts;
  const taken: number[] = [];
  for (let index = 0, from = 0; index < places.length; index += 1) {
    const to = ends[index] as number;
    const { contract, declared } = termsOf[terms[index] as number] as PackedFacts["termsOf"][number];
    const id = ids.subarray(index * 16, index * 16 + 16);
    const [offset, time] = [offsets[index] as bigint, times[index] as bigint];
    const origin = origins?.[index] ?? null;
    const made = insertFact.run(id, payloads.subarray(from, to), contract, declared, stream, offset, time, origin);
    if (made.changes === 0) taken.push(places[index] as number);
    from = to;
  }
  for (const { place, values } of erased) if (insertErased.run(...values).changes === 0) taken.push(place);
  return taken;
}

type Shared = {
  readonly insertLedger: StatementSync;
  readonly entry: StatementSync;
  readonly tail: StatementSync;
  readonly insertEvidence: StatementSync;
  readonly evidence: StatementSync;
  readonly dropEvidence: StatementSync;
  readonly putSet: StatementSync;
  readonly set: StatementSync;
  readonly insertReceipt: StatementSync;
  readonly noteTraffic: StatementSync;
};

function prepareShared(db: DatabaseSync): Shared {
  const entry = db.prepare("SELECT * FROM sigma_ledger WHERE stream = ? AND seq = ?");
  const tail = db.prepare("SELECT * FROM sigma_ledger WHERE stream = ? ORDER BY seq DESC LIMIT 1");
  entry.setReadBigInts(true);
  tail.setReadBigInts(true);
  return {
    entry,
    tail,
    insertLedger: db.prepare(
      `INSERT INTO sigma_ledger VALUES (${questionMarks(17)}) ON CONFLICT (stream, seq) DO NOTHING`,
    ),
    insertEvidence: db.prepare("INSERT INTO sigma_evidence VALUES (?, ?, ?)"),
    evidence: db.prepare("SELECT packed FROM sigma_evidence WHERE stream = ? AND seq = ?"),
    dropEvidence: db.prepare("DELETE FROM sigma_evidence WHERE stream = ? AND seq = ?"),
    putSet: db.prepare("INSERT INTO sigma_contract_sets (digest, text) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING"),
    noteTraffic: db.prepare(`INSERT INTO sigma_traffic VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (subject, version, producer) DO UPDATE
      SET first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)`),
    set: db.prepare("SELECT text FROM sigma_contract_sets WHERE digest = ?"),
    insertReceipt: db.prepare("INSERT INTO sigma_receipts VALUES (?, ?, ?) ON CONFLICT (stream, offset) DO NOTHING"),
  };
}

function prepareCollection(db: DatabaseSync, collection: string): ForCollection {
  assertCollectionName(collection);
  const byId = db.prepare(`SELECT * FROM validated_${collection} WHERE _id = ?`);
  byId.setReadBigInts(true);
  return {
    byId,
    insertFact: db.prepare(insertFactSql(collection, [...FACT, ORIGIN], "NOTHING")),
    insertErased: db.prepare(insertFactSql(collection, [...FACT, ERASED], "NOTHING")),
    insertFailed: db.prepare(
      `INSERT INTO failed_${collection} VALUES (${bound(FAILURE)}) ON CONFLICT (stream, offset) DO NOTHING`,
    ),
  };
}

/** @param conflict the action of ON CONFLICT when the id is taken. */
function insertFactSql(collection: string, columns: readonly string[], conflict: string): string {
  const values = `(${columns.join(", ")}) VALUES (${bound(columns)})`;
  return `INSERT INTO validated_${collection} ${values} ON CONFLICT (_id) DO ${conflict}`;
}

/** A payload is bound as bytes and stored as text: decoding it to a string first costs as much again as the insert. */
function bound(columns: readonly string[]): string {
  return columns.map((column) => (column === "payload" ? "CAST(? AS TEXT)" : "?")).join(", ");
}

function questionMarks(count: number): string {
  return Array.from({ length: count }, () => "?").join(", ");
}

function removeDocuments(
  db: DatabaseSync,
  ...[collection, { number }, kind, keys]: Parameters<StoreWrites["removeDocuments"]>
): void {
  if (kind !== "receipt") assertCollectionName(collection);
  const table = kind === "receipt" ? "sigma_receipts" : `${kind}_${collection}`;
  const isFact = kind === "validated";
  const remove = db.prepare(`DELETE FROM ${table} WHERE ${isFact ? "_id = ?" : "stream = ? AND offset = ?"}`);
  for (const { id, offset } of keys) {
    if (isFact) remove.run(uuidBytes(id));
    else remove.run(number, offset);
  }
}

function entryOf(row: Parameters<typeof readEntry>[0] | undefined): LedgerEntry | null {
  return row === undefined ? null : readEntry(row);
}

/** The packed evidence in a row, unvalidated: whoever unpacks it finds damage. Null when there is no row or no bytes. */
export function packedOf(row: Record<string, SQLOutputValue> | undefined): Uint8Array | null {
  const packed = row?.["packed"];
  return packed instanceof Uint8Array ? packed : null;
}
