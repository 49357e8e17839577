import { UUID_BYTES } from "../../core/uuid.ts";
import type { AdviceNote } from "../advice.ts";
import type { RedrivePage } from "../redrives.ts";
import { putAdvice } from "./advice.ts";
import { noteRedriveSeen, putRedrive, putRedrivePages } from "./redrives.ts";
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import type { LedgerEntry } from "../../ledger/entry.ts";
import type { CountStep, ObjectiveCount } from "../objective-count.ts";
import { dropObjectiveCounts, putObjectiveCounts } from "./objectives.ts";
import type { LogEndNote } from "../log-end.ts";
import type { HaltNote, OperatorAction } from "../../ledger/operator-log.ts";
import type { StoreWrites } from "../store.ts";
import type { StreamNote } from "../stream-note.ts";
import type { TrafficNote } from "../../traffic/note.ts";
import { prepareGroups, type CounterWrites } from "./groups.ts";
import { boundAs, prepareFacts, type FactWrites } from "./facts.ts";
import { assertCollectionName, FAILURE } from "./layout.ts";
import { insertAction, noteLogEnds, putHalt } from "./operator.ts";
import type { PackedReceipts } from "./packed-rows.ts";
import { replaceEvidence, replaceFailed } from "./replace.ts";
import { bindEntry, readEntry } from "./rows.ts";
import { openStreams } from "./streams.ts";
import { prepareVolume, type VolumeCounting } from "./volume.ts";

type Bound = readonly (readonly SQLInputValue[])[];

/**
 * The writes of the store port and the reads that belong to them, synchronously and without transactions of their own. Their
 * arguments and results can be sent from thread to thread.
 */
export type Writes = CounterWrites &
  VolumeCounting &
  Omit<FactWrites, "removeFacts"> & {
    readonly insertLedger: (entry: LedgerEntry, packed: Uint8Array | null) => "inserted" | "exists";
    readonly ledgerEntry: (stream: string, seq: number) => LedgerEntry | null;
    readonly dropEvidence: (stream: string, seq: number) => void;
    readonly insertFailed: (collection: string, rows: Bound) => void;
    readonly insertReceipts: (stream: number, receipts: PackedReceipts) => void;
    readonly removeDocuments: (...given: Parameters<StoreWrites["removeDocuments"]>) => void;
    readonly replaceEvidence: (
      stream: string,
      seq: number,
      before: Uint8Array,
      after: Uint8Array,
    ) => "replaced" | "other";
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

/** Prepares every statement once: the shared ones now, those of a collection at its first use. */
export function prepareWrites(db: DatabaseSync): Writes {
  const shared = prepareShared(db);
  const streams = openStreams(db);
  const { removeFacts, ...facts } = prepareFacts(db);
  const failures = new Map<string, StatementSync>();
  const insertInto = (collection: string): StatementSync => {
    let known = failures.get(collection);
    if (known === undefined) failures.set(collection, (known = prepareInsertFailed(db, collection)));
    return known;
  };
  return {
    ...prepareGroups(db),
    ...prepareVolume(db),
    ...facts,
    insertLedger: (entry, packed) => {
      if (shared.insertLedger.run(...bindEntry(entry)).changes === 0) return "exists";
      if (packed !== null) shared.insertEvidence.run(entry.stream, entry.seq, packed);
      return "inserted";
    },
    evidenceOf: (stream, seq) => packedOf(shared.evidence.get(stream, seq)),
    ledgerEntry: (stream, seq) => entryOf(shared.entry.get(stream, seq)),
    dropEvidence: (stream, seq) => void shared.dropEvidence.run(stream, seq),
    streamNote: streams.note,
    insertFailed: (collection, rows) => {
      const insertFailed = insertInto(collection);
      for (const values of rows) insertFailed.run(...values);
    },
    insertReceipts: (stream, receipts) => {
      const { offsets, of } = receipts;
      for (const [index, offset] of offsets.entries())
        shared.insertReceipt.run(stream, offset, of.subarray(index * UUID_BYTES, (index + 1) * UUID_BYTES));
    },
    removeDocuments: (collection, stream, kind, keys) => {
      if (kind !== "validated") return removeOthers(db, collection, stream, kind, keys);
      const ids = keys.map(({ id }) => id);
      return removeFacts(collection, ids);
    },
    replaceEvidence: (...given) => replaceEvidence(db, ...given),
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

function prepareInsertFailed(db: DatabaseSync, collection: string): StatementSync {
  assertCollectionName(collection);
  const values = FAILURE.map(boundAs).join(", ");
  return db.prepare(`INSERT INTO failed_${collection} (${FAILURE.join(", ")}) VALUES (${values})
    ON CONFLICT (stream, offset) DO NOTHING`);
}

function questionMarks(count: number): string {
  return Array.from({ length: count }, () => "?").join(", ");
}

/** Removes failures or receipts. */
function removeOthers(
  db: DatabaseSync,
  ...[collection, { number }, kind, keys]: Parameters<StoreWrites["removeDocuments"]>
): void {
  if (kind !== "receipt") assertCollectionName(collection);
  const table = kind === "receipt" ? "sigma_receipts" : `${kind}_${collection}`;
  const remove = db.prepare(`DELETE FROM ${table} WHERE stream = ? AND offset = ?`);
  for (const { offset } of keys) remove.run(number, offset);
}

function entryOf(row: Parameters<typeof readEntry>[0] | undefined): LedgerEntry | null {
  return row === undefined ? null : readEntry(row);
}

/** The packed evidence in a row, unvalidated: whoever unpacks it finds damage. Null when there is no row or no bytes. */
export function packedOf(row: Record<string, SQLOutputValue> | undefined): Uint8Array | null {
  const packed = row?.["packed"];
  return packed instanceof Uint8Array ? packed : null;
}
