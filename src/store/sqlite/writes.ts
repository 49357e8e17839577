import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { Unavailable } from "../../core/unavailable.ts";
import { uuidBytes, uuidText } from "../../core/uuid.ts";
import type { LedgerEntry } from "../ledger.ts";
import type { Holder, PassedRow, StoreWrites, StreamNote } from "../store.ts";
import { assertCollectionName, ERASED, FACT, FAILURE } from "./layout.ts";
import { bindEntry, bindErased, bindFact, bindFailure, readEntry, type Row } from "./rows.ts";
import { erasedHolder, stagedRowsOf, stageFacts, stageFailed } from "./staged.ts";
import { replaceEvidence, replaceFacts, replaceFailed } from "./replace.ts";
import { openStreams, type Streams } from "./streams.ts";

/** The port's writes as SQLite runs them: each is over when it returns. They begin and end no transaction. */
export type Writes = {
  readonly [Name in keyof StoreWrites]: (
    ...given: Parameters<StoreWrites[Name]>
  ) => Awaited<ReturnType<StoreWrites[Name]>>;
} & {
  readonly tail: (stream: string) => LedgerEntry | null;
  readonly evidenceOf: (stream: string, seq: number) => Uint8Array | null;
  readonly streamNote: (stream: Omit<StreamNote, "number">) => StreamNote;
  readonly putContractSet: (digest: string, text: string) => void;
  readonly contractSet: (digest: string) => string | null;
};

type ForCollection = {
  readonly insertFact: StatementSync;
  readonly insertErased: StatementSync;
  readonly insertFailed: StatementSync;
  readonly byId: StatementSync;
};

/** Prepares every statement once; those of a collection when it is first used. */
export function prepareWrites(db: DatabaseSync, path: string): Writes {
  const shared = prepareShared(db);
  const streams = openStreams(db);
  const prepared = new Map<string, ForCollection>();
  const forCollection = (collection: string): ForCollection => {
    const known = prepared.get(collection);
    if (known !== undefined) return known;
    const made = prepareCollection(db, collection);
    prepared.set(collection, made);
    return made;
  };
  return {
    insertLedger: (entry, packed) => {
      if (shared.insertLedger.run(...bindEntry(entry)).changes === 0) return "exists";
      if (packed !== null) shared.insertEvidence.run(entry.stream, entry.seq, packed);
      return "inserted";
    },
    evidenceOf: (stream, seq) => packedOf(shared.evidence.get(stream, seq)),
    ledgerEntry: (stream, seq) => entryOf(shared.entry.get(stream, seq)),
    dropEvidence: (stream, seq) => void shared.dropEvidence.run(stream, seq),
    streamNote: streams.note,
    stageFacts,
    stageFailed,
    insertFacts: (collection, facts, except) => {
      const own = forCollection(collection);
      const taken = new Set<number>();
      const { stream, rows } = stagedRowsOf(facts);
      rows.forEach((row, place) => {
        if (except?.has(place) === true) return;
        if (insertPassed(own, row, stream).changes === 0) taken.add(place);
      });
      return taken;
    },
    holders: (collection, ids) => {
      const { byId } = forCollection(collection);
      return holdersOf(
        (id) => byId.get(id),
        ids,
        (row) => holderOf(row, streams) ?? unreadable(path, row),
      );
    },
    insertFailed: (collection, failed) => {
      const { insertFailed } = forCollection(collection);
      const { stream, rows } = stagedRowsOf(failed);
      for (const row of rows) insertFailed.run(...bindFailure(row, stream));
    },
    insertReceipts: ({ number }, receipts) => {
      for (const { position, of } of receipts) shared.insertReceipt.run(number, position.offset, uuidBytes(of));
    },
    removeDocuments: (...given) => removeDocuments(db, ...given),
    replaceEvidence: (...given) => replaceEvidence(db, ...given),
    forgetReplaced: () => undefined,
    replaceFacts: (collection, facts) => replaceFacts(db, collection, stagedRowsOf(facts)),
    replaceFailed: (collection, failed) => replaceFailed(db, collection, stagedRowsOf(failed)),
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
  };
}

function insertPassed({ insertFact, insertErased }: ForCollection, row: PassedRow, stream: number) {
  return row.kind === "erased"
    ? insertErased.run(...bindErased(row, stream))
    : insertFact.run(...bindFact(row, stream));
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
    insertLedger: db.prepare(`INSERT INTO sigma_ledger VALUES (${places(17)}) ON CONFLICT (stream, seq) DO NOTHING`),
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
    insertFact: db.prepare(insertFactSql(collection, FACT, "NOTHING")),
    insertErased: db.prepare(insertFactSql(collection, [...FACT, ERASED], "NOTHING")),
    insertFailed: db.prepare(
      `INSERT INTO failed_${collection} VALUES (${bound(FAILURE)}) ON CONFLICT (stream, offset) DO NOTHING`,
    ),
  };
}

/** @param conflict what is done where the id is taken. */
function insertFactSql(collection: string, columns: readonly string[], conflict: string): string {
  const values = `(${columns.join(", ")}) VALUES (${bound(columns)})`;
  return `INSERT INTO validated_${collection} ${values} ON CONFLICT (_id) DO ${conflict}`;
}

/** A payload is bound as bytes and kept as text: making a text of it first costs as much again as inserting it. */
function bound(columns: readonly string[]): string {
  return columns.map((column) => (column === "payload" ? "CAST(? AS TEXT)" : "?")).join(", ");
}

function places(count: number): string {
  return Array.from({ length: count }, () => "?").join(", ");
}

function removeDocuments(
  db: DatabaseSync,
  ...[collection, { number }, kind, keys]: Parameters<StoreWrites["removeDocuments"]>
): void {
  assertCollectionName(collection);
  const table = kind === "receipt" ? "sigma_receipts" : `${kind}_${collection}`;
  const isFact = kind === "validated";
  const remove = db.prepare(`DELETE FROM ${table} WHERE ${isFact ? "_id = ?" : "stream = ? AND offset = ?"}`);
  for (const { id, offset } of keys) {
    if (isFact) remove.run(uuidBytes(id));
    else remove.run(number, offset);
  }
}

/** What a row says of whoever claims its id as well; null when it does not say whose it is. */
export function holderOf(row: Row, streams: Pick<Streams, "byNumber">): Holder | null {
  const note = streams.byNumber(Number(row["stream"]));
  const [id, offset, payload] = [row["_id"], row["offset"], row["payload"]];
  if (note === null || !(id instanceof Uint8Array) || typeof offset !== "bigint") return null;
  const { stream, topic, partition } = note;
  const position = { stream, topic, partition, offset };
  const erased = row[ERASED] ?? null;
  if (erased !== null) return erasedHolder(uuidText(id), position, String(erased));
  const text = String(payload);
  return { id: uuidText(id), position, payloadBytes: Buffer.from(text, "utf8"), payloadText: () => text };
}

/** The holders of ids. @param read throws when a row says nothing. */
export function holdersOf(
  get: (id: Uint8Array) => Row | undefined,
  ids: readonly string[],
  read: (row: Row) => Holder,
): ReadonlyMap<string, Holder> {
  const found = new Map<string, Holder>();
  for (const id of ids) {
    const row = get(uuidBytes(id));
    if (row !== undefined) found.set(id, read(row));
  }
  return found;
}

/** Whether a record is a duplicate of a row that says nothing cannot be told: no decision until a person has looked. */
export function unreadable(path: string, row: Row): never {
  const id = row["_id"] instanceof Uint8Array ? uuidText(row["_id"]) : "a fact";
  const message = `Cannot read ${id} from store "${path}": its columns were changed`;
  throw new Unavailable("STORE_CORRUPT", message, "run `sigma audit`, then restore the file from a backup");
}

function entryOf(row: Parameters<typeof readEntry>[0] | undefined): LedgerEntry | null {
  return row === undefined ? null : readEntry(row);
}

/** Whatever the column holds: what is no evidence is found out where it is read. */
export function packedOf(row: Record<string, SQLOutputValue> | undefined): Uint8Array | null {
  const packed = row?.["packed"];
  return packed instanceof Uint8Array ? packed : null;
}
