import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { Unavailable } from "../../core/unavailable.ts";
import type { LedgerEntry } from "../ledger.ts";
import { stagedRowsOf, stageRows } from "../staged.ts";
import type { StoreWrites, ValidatedRow } from "../store.ts";
import { assertCollectionName, CONTRACT, OCCURRENCE } from "./layout.ts";
import { bindEntry, bindFailed, bindReceipt, bindValidated, readEntry, readRow } from "./rows.ts";

/** The port's writes as SQLite runs them: each is over when it returns. They begin and end no transaction. */
export type Writes = {
  readonly [Name in keyof StoreWrites]: (
    ...given: Parameters<StoreWrites[Name]>
  ) => Awaited<ReturnType<StoreWrites[Name]>>;
} & {
  readonly tail: (stream: string) => LedgerEntry | null;
  readonly evidenceOf: (stream: string, seq: number) => Uint8Array | null;
  readonly putContractSet: (digest: string, text: string) => void;
  readonly contractSet: (digest: string) => string | null;
};

type ForCollection = {
  readonly insertFact: StatementSync;
  readonly insertFailed: StatementSync;
  readonly byId: StatementSync;
};

/** Prepares every statement once; those of a collection when it is first used. */
export function prepareWrites(db: DatabaseSync, path: string): Writes {
  const shared = prepareShared(db);
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
    stageFacts: stageRows,
    stageFailed: () => stageRows("keep"),
    insertFacts: (collection, facts) => {
      const { insertFact } = forCollection(collection);
      const taken = new Set<number>();
      stagedRowsOf(facts).forEach((row, place) => {
        if (insertFact.run(...bindValidated(row)).changes === 0) taken.add(place);
      });
      return taken;
    },
    validatedById: (collection, ids) => findById(forCollection(collection).byId, ids, path),
    insertFailed: (collection, failed) => {
      const { insertFailed } = forCollection(collection);
      for (const row of stagedRowsOf(failed)) insertFailed.run(...bindFailed(row));
    },
    insertReceipts: (rows) => {
      for (const row of rows) shared.insertReceipt.run(...bindReceipt(row));
    },
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

type Shared = {
  readonly insertLedger: StatementSync;
  readonly entry: StatementSync;
  readonly tail: StatementSync;
  readonly insertEvidence: StatementSync;
  readonly evidence: StatementSync;
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
  const receipt = places(COMMON + 3);
  return {
    entry,
    tail,
    insertLedger: db.prepare(`INSERT INTO sigma_ledger VALUES (${places(15)}) ON CONFLICT (stream, seq) DO NOTHING`),
    insertEvidence: db.prepare("INSERT INTO sigma_evidence VALUES (?, ?, ?)"),
    evidence: db.prepare("SELECT packed FROM sigma_evidence WHERE stream = ? AND seq = ?"),
    putSet: db.prepare("INSERT INTO sigma_contract_sets (digest, text) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING"),
    noteTraffic: db.prepare(`INSERT INTO sigma_traffic VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (subject, version, producer) DO UPDATE
      SET first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)`),
    set: db.prepare("SELECT text FROM sigma_contract_sets WHERE digest = ?"),
    insertReceipt: db.prepare(`INSERT INTO sigma_receipts VALUES (${receipt}) ON CONFLICT (stream, offset) DO NOTHING`),
  };
}

function prepareCollection(db: DatabaseSync, collection: string): ForCollection {
  assertCollectionName(collection);
  const byId = db.prepare(`SELECT * FROM validated_${collection} WHERE _id = ?`);
  byId.setReadBigInts(true);
  const [validated, failed] = [places(COMMON), places(COMMON + 4)];
  return {
    byId,
    insertFact: db.prepare(`INSERT INTO validated_${collection} VALUES (${validated}) ON CONFLICT (_id) DO NOTHING`),
    insertFailed: db.prepare(
      `INSERT INTO failed_${collection} VALUES (${failed}) ON CONFLICT (stream, offset) DO NOTHING`,
    ),
  };
}

/** Columns every table of stored objects begins with: `_id`, occurrence, contract. */
const COMMON = 1 + OCCURRENCE.length + CONTRACT.length;

function places(count: number): string {
  return Array.from({ length: count }, () => "?").join(", ");
}

function findById(byId: StatementSync, ids: readonly string[], path: string): ReadonlyMap<string, ValidatedRow> {
  const found = new Map<string, ValidatedRow>();
  for (const id of ids) {
    const row = byId.get(id);
    if (row === undefined) continue;
    const holder = readRow("validated", row);
    if (holder.kind !== "validated") throw unreadableHolder(path, id);
    found.set(id, holder);
  }
  return found;
}

/** Whether a record is a duplicate of a row that says nothing cannot be told: no decision until a person has looked. */
function unreadableHolder(path: string, id: string): Unavailable {
  const message = `Cannot read "${id}" from store "${path}": its columns were changed`;
  return new Unavailable("STORE_CORRUPT", message, "run `sigma audit`, then restore the file from a backup");
}

function entryOf(row: Parameters<typeof readEntry>[0] | undefined): LedgerEntry | null {
  return row === undefined ? null : readEntry(row);
}

/** Whatever the column holds: what is no evidence is found out where it is read. */
export function packedOf(row: Record<string, SQLOutputValue> | undefined): Uint8Array | null {
  const packed = row?.["packed"];
  return packed instanceof Uint8Array ? packed : null;
}
