import type { DatabaseSync } from "node:sqlite";
import type { FileKind } from "../../sqlite/open.ts";

/** The file of the embedded store. */
export const STORE_FILE: FileKind = {
  code: "STORE",
  name: "store",
  applicationId: 0x5347_5354,
  version: 2,
  older: "move it away, and begin with the log: everything in it is decided again into a new store",
  recovery: "restore it from a backup, or move it away: the log is then read again into a new one",
};

/**
 * The tables mirror the MongoDB collections, so that both engines mean the same. Rowids are kept: rows arrive in offset
 * order, and only the two narrow indexes see the random order of machine ids.
 */
const SHARED = `
  CREATE TABLE sigma_ledger (
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    from_offset INTEGER NOT NULL,
    to_offset INTEGER NOT NULL,
    count INTEGER NOT NULL,
    outcomes TEXT NOT NULL,
    raw_root TEXT NOT NULL,
    evidence TEXT NOT NULL,
    root TEXT NOT NULL,
    contract_set TEXT NOT NULL,
    engine TEXT NOT NULL,
    note TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (stream, seq)
  ) STRICT;
  CREATE TABLE sigma_evidence (stream TEXT NOT NULL, seq INTEGER NOT NULL, packed BLOB NOT NULL) STRICT;
  CREATE UNIQUE INDEX sigma_evidence_entry ON sigma_evidence (stream, seq);
  CREATE TABLE sigma_contract_sets (digest TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
  CREATE TABLE sigma_operator_log (
    seq INTEGER PRIMARY KEY,
    prev_hash TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE TABLE sigma_traffic (
    subject TEXT NOT NULL,
    version INTEGER NOT NULL,
    producer TEXT NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    PRIMARY KEY (subject, version, producer)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE sigma_halts (
    stream TEXT PRIMARY KEY,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    remedy TEXT NOT NULL
  ) STRICT;
  CREATE TABLE sigma_receipts (
    _id TEXT NOT NULL,
    ${occurrenceColumns()},
    subject TEXT NOT NULL,
    version INTEGER NOT NULL,
    contract_digest TEXT NOT NULL,
    declared_by TEXT NOT NULL,
    collection TEXT NOT NULL,
    duplicate_of TEXT NOT NULL,
    stored_at TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX sigma_receipts_position ON sigma_receipts (stream, offset);
`;

/** What is common to every stored object, in the order in which it is bound and read. */
export const OCCURRENCE = [
  "stream",
  "topic",
  "partition",
  "offset",
  "timestamp_ms",
  "key",
  "headers",
  "raw",
  "raw_hash",
] as const;

export const CONTRACT = ["subject", "version", "contract_digest", "declared_by"] as const;

function occurrenceColumns(): string {
  return `
    stream TEXT NOT NULL,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    timestamp_ms INTEGER NOT NULL,
    key BLOB,
    headers BLOB,
    raw BLOB,
    raw_hash TEXT NOT NULL`;
}

export function createStoreLayout(db: DatabaseSync): void {
  db.exec(SHARED);
}

/** Makes what files of before did not have. */
export function createLogEnds(db: DatabaseSync): void {
  db.exec(`CREATE TABLE IF NOT EXISTS ${LOG_ENDS} (
    stream TEXT PRIMARY KEY,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    end_offset INTEGER NOT NULL
  ) STRICT`);
}

/** How far each stream of a log was shown to reach. */
export const LOG_ENDS = "sigma_log_ends";

/** Makes the two tables of a collection, if they are not there. */
export function createCollection(db: DatabaseSync, collection: string): void {
  db.exec(`
    CREATE TABLE IF NOT EXISTS validated_${collection} (
      _id TEXT NOT NULL,
      ${occurrenceColumns()},
      subject TEXT NOT NULL,
      version INTEGER NOT NULL,
      contract_digest TEXT NOT NULL,
      declared_by TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX IF NOT EXISTS validated_${collection}_id ON validated_${collection} (_id);
    CREATE INDEX IF NOT EXISTS validated_${collection}_position ON validated_${collection} (stream, offset);
    CREATE TABLE IF NOT EXISTS failed_${collection} (
      _id TEXT NOT NULL,
      ${occurrenceColumns()},
      subject TEXT,
      version INTEGER,
      contract_digest TEXT,
      declared_by TEXT,
      code TEXT NOT NULL,
      reason TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      machine_id TEXT
    ) STRICT;
    CREATE UNIQUE INDEX IF NOT EXISTS failed_${collection}_position ON failed_${collection} (stream, offset);
  `);
}

/** A table of stored objects, and what its rows are. */
export type ObjectTable = { readonly name: string; readonly kind: "validated" | "failed" | "receipt" };

/** Every table of stored objects in a file: of the collections configured now and of any from before. */
export function objectTables(db: DatabaseSync): readonly ObjectTable[] {
  const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  return names.flatMap((row): readonly ObjectTable[] => {
    const name = String(row["name"]);
    if (name === "sigma_receipts") return [{ name, kind: "receipt" }];
    const [, kind] = /^(validated|failed)_[a-z][a-z0-9_]{0,62}$/.exec(name) ?? [];
    return kind === "validated" || kind === "failed" ? [{ name, kind }] : [];
  });
}

/** Where the objects of one collection are, whether there are any yet or not. */
export function tablesOf(collection: string): readonly ObjectTable[] {
  return [
    { name: `failed_${collection}`, kind: "failed" },
    { name: "sigma_receipts", kind: "receipt" },
    { name: `validated_${collection}`, kind: "validated" },
  ];
}

/** A collection becomes part of a table's name: nothing but this may. */
export function assertCollectionName(collection: string): void {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(collection)) {
    throw new Error(`Cannot use collection "${collection}": use lower-case letters, digits and underscores, up to 63`);
  }
}
