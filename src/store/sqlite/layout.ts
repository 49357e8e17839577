import type { DatabaseSync } from "node:sqlite";
import { threadEntry } from "../../thread-entry.ts";
import { atomically, type FileKind } from "../../sqlite/open.ts";
import { SQLITE_LAYOUT, MIGRATE, mixedLayouts } from "../layout-version.ts";
import { createIds, indexFacts } from "./fact-index.ts";
import { idsTable, PLACE, runsTable } from "./fact-places.ts";

/** The file of the embedded store. */
export const STORE_FILE: FileKind = {
  code: "STORE",
  name: "store",
  applicationId: 0x5347_5354,
  version: SQLITE_LAYOUT,
  older: MIGRATE,
  // The index of machine ids is written in random order. After a million facts, 16 MiB and 4,000 pages stored 41,000 facts/s, these
  // values 50,000 (measured; both began at 130,000).
  cacheKib: 65_536,
  walPages: 16_000,
  recovery: "restore it from a backup, or move it away: the log is then read again into a new one",
  check: {
    module: threadEntry(import.meta.url, "./check"),
    remedy: "run `sigma store repair`, which makes the index anew from the facts",
  },
  // The INIT entry of the first stream.
  identity: "SELECT stream || ' ' || hash AS id FROM sigma_ledger WHERE seq = 0 ORDER BY rowid LIMIT 1",
};

/** The first files of this layout lack it. */
const GROUP_DAYS = `
  CREATE TABLE IF NOT EXISTS sigma_group_days (
    fingerprint TEXT NOT NULL,
    day INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    count INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (fingerprint, day, stream)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS sigma_group_days_day ON sigma_group_days (day);`;

/** The shared tables that layout 3 began: counters of failures, and redrive plans. */
const BEGUN_BY_3 = `
  CREATE TABLE IF NOT EXISTS sigma_redrives (plan TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS sigma_redrive_pages (
    plan TEXT NOT NULL,
    stream TEXT NOT NULL,
    from_offset INTEGER NOT NULL,
    to_offset INTEGER NOT NULL,
    count INTEGER NOT NULL,
    runs TEXT NOT NULL,
    PRIMARY KEY (plan, stream, from_offset)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS sigma_groups (
    fingerprint TEXT NOT NULL,
    stream INTEGER NOT NULL,
    code TEXT NOT NULL,
    contract TEXT,
    count INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    PRIMARY KEY (fingerprint, stream)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS sigma_group_hours (
    fingerprint TEXT NOT NULL,
    hour INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    count INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (fingerprint, hour, stream)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS sigma_group_hours_hour ON sigma_group_hours (hour);
${GROUP_DAYS}`;

/** The tables mirror the MongoDB collections, so that both engines store the same fields. */
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
    newest_ms INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    applied TEXT NOT NULL,
    holders TEXT NOT NULL,
    root TEXT NOT NULL,
    contract_set TEXT NOT NULL,
    engine TEXT NOT NULL,
    note TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (stream, seq)
  ) STRICT;
  CREATE INDEX sigma_ledger_range ON sigma_ledger (stream, from_offset, seq);
  CREATE TABLE sigma_streams (
    number INTEGER PRIMARY KEY,
    stream TEXT NOT NULL UNIQUE,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL
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
${BEGUN_BY_3}
  CREATE TABLE sigma_receipts (
    stream INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    of BLOB NOT NULL,
    PRIMARY KEY (stream, offset)
  ) STRICT, WITHOUT ROWID;
`;

/** The columns of a fact, in the order in which their values are bound. */
export const FACT = ["_id", "payload", "contract", "declared", "stream", "offset", "at"] as const;

/** Column of an erased fact: SHA-256 in hex of the RFC 8785 form of the payload that it had. Null for any other fact. */
export const ERASED = "erased";

/**
 * Column of facts and failures: the position at which the record arrived, as `orders/3@1042`, before a router moved it. Null for any
 * other record. It is the last column, which the first files of this layout lack.
 */
export const ORIGIN = "origin";

/** The columns of a failure, in the order in which their values are bound. */
export const FAILURE = [
  "stream",
  "offset",
  "code",
  "reason",
  "fingerprint",
  "contract",
  "declared",
  "identity",
  "payload",
  "raw",
  "at",
  "producer",
  "origin",
] as const;

/** Creates the shared tables that layout 3 began, in a file of layout 2. */
export function createShared(db: DatabaseSync): void {
  db.exec(BEGUN_BY_3);
}

export function createStoreLayout(db: DatabaseSync): void {
  db.exec(SHARED);
}

/** @throws `Unavailable` when a file with this build's layout version holds a ledger of layout 1. */
export function refuseMixedLayouts(db: DatabaseSync, path: string): void {
  const columns = db.prepare("SELECT name FROM pragma_table_info('sigma_ledger')").all();
  if (!columns.some(({ name }) => name === "raw_root")) return;
  const signs = `user_version ${SQLITE_LAYOUT}, and column raw_root of sigma_ledger`;
  throw mixedLayouts(`store "${path}"`, signs, STORE_FILE.recovery);
}

/** Creates the counters of days, which the first files of this layout lack, from the counters of hours. */
export function createGroupDays(db: DatabaseSync): void {
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'sigma_group_days'").get() !== undefined) return;
  atomically(db, () => {
    db.exec(GROUP_DAYS);
    db.exec(`INSERT OR IGNORE INTO sigma_group_days ${DAYS_OF_HOURS} GROUP BY 1, 2, 3`);
  });
}

/** The counters of days, from those of hours. */
export const DAYS_OF_HOURS = "SELECT fingerprint, hour / 24, stream, sum(count), max(seq) FROM sigma_group_hours";

/** Creates the table of log ends, which the first files of this layout lack. */
export function createLogEnds(db: DatabaseSync): void {
  db.exec(`CREATE TABLE IF NOT EXISTS ${LOG_ENDS} (
    stream TEXT PRIMARY KEY,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    end_offset INTEGER NOT NULL
  ) STRICT`);
}

/** Creates the table of volume counters, which the first files of this layout lack. */
export function createVolume(db: DatabaseSync): void {
  db.exec(`CREATE TABLE IF NOT EXISTS ${VOLUME} (
    hour INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    version INTEGER NOT NULL,
    producer TEXT NOT NULL,
    others INTEGER NOT NULL,
    count INTEGER NOT NULL,
    first INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (hour, stream, kind, subject, version, producer, others)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS ${VOLUME}_first ON ${VOLUME} (stream, first)`);
}

/** Table of the volume counters. No hour and no version are -1, no producer is the empty text. */
export const VOLUME = "sigma_volume";

/** Table of the highest acknowledged end of each stream. */
export const LOG_ENDS = "sigma_log_ends";

/** Creates the tables of a collection if they are missing, in one transaction: facts are nowhere without their index. */
export function createCollection(db: DatabaseSync, collection: string): void {
  const names = [`validated_${collection}`, `failed_${collection}`, idsTable(collection), runsTable(collection)];
  const there = db.prepare("SELECT count(*) AS count FROM sqlite_schema WHERE type = 'table' AND name IN (?, ?, ?, ?)");
  if (there.get(...names)?.["count"] === names.length) return createFailures(db, collection);
  atomically(db, () => {
    createFacts(db, `validated_${collection}`);
    // Where somebody dropped the index, it is made anew: without it a fact would be stored again.
    const hasFacts = db.prepare(`SELECT 1 FROM validated_${collection} LIMIT 1`).get() !== undefined;
    if (createIds(db, collection) && hasFacts) indexFacts(db, collection);
    createFailures(db, collection);
  });
}

/** Creates a table of facts. Rows are appended; the index of their ids is in tables of its own (fact-places.ts). */
export function createFacts(db: DatabaseSync, table: string): void {
  db.exec(`
    CREATE TABLE IF NOT EXISTS ${table} (
      ${PLACE} INTEGER PRIMARY KEY,
      _id BLOB NOT NULL,
      payload TEXT NOT NULL,
      contract TEXT NOT NULL,
      declared TEXT,
      stream INTEGER NOT NULL,
      offset INTEGER NOT NULL,
      at INTEGER NOT NULL,
      erased TEXT,
      origin TEXT
    ) STRICT;`);
}

/** Creates the table of a collection's failures and its indexes, as they are since layout 3. */
export function createFailures(db: DatabaseSync, collection: string): void {
  db.exec(`
    CREATE TABLE IF NOT EXISTS failed_${collection} (
      stream INTEGER NOT NULL,
      offset INTEGER NOT NULL,
      code TEXT NOT NULL,
      reason TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      contract TEXT,
      declared TEXT,
      identity BLOB,
      payload TEXT,
      raw BLOB,
      at INTEGER NOT NULL,
      producer TEXT,
      origin TEXT
    ) STRICT;
    CREATE UNIQUE INDEX IF NOT EXISTS failed_${collection}_position ON failed_${collection} (stream, offset);
    CREATE INDEX IF NOT EXISTS failed_${collection}_time ON failed_${collection} (at, stream, offset);
    CREATE INDEX IF NOT EXISTS failed_${collection}_group ON failed_${collection} (fingerprint, at, stream, offset);
    CREATE INDEX IF NOT EXISTS failed_${collection}_code ON failed_${collection} (code, at, stream, offset);
  `);
  // The first files of layout 3 lack it.
  const columns = db.prepare("SELECT name FROM pragma_table_info(?)").all(`failed_${collection}`);
  if (!columns.some(({ name }) => name === ORIGIN))
    db.exec(`ALTER TABLE failed_${collection} ADD COLUMN ${ORIGIN} TEXT`);
}

/** A table of documents, and their kind. */
export type ObjectTable = { readonly name: string; readonly kind: "validated" | "failed" | "receipt" };

/** Every table of documents in a file, those of contracts that are no longer configured included. */
export function objectTables(db: DatabaseSync): readonly ObjectTable[] {
  const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  return names.flatMap((row): readonly ObjectTable[] => {
    const name = String(row["name"]);
    if (name === "sigma_receipts") return [{ name, kind: "receipt" }];
    const [, kind] = /^(validated|failed)_[a-z][a-z0-9_]{0,62}$/.exec(name) ?? [];
    return kind === "validated" || kind === "failed" ? [{ name, kind }] : [];
  });
}

/** The collections whose facts are in a file, those of contracts that are no longer configured included. */
export function factCollections(db: DatabaseSync): readonly string[] {
  const facts = objectTables(db).filter(({ kind }) => kind === "validated");
  return facts.map(({ name }) => name.slice("validated_".length));
}

/** The contract's collection becomes part of a table name, so only these characters are allowed. */
export function assertCollectionName(collection: string): void {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(collection)) {
    throw new Error(`Cannot use collection "${collection}": use lower-case letters, digits and underscores, up to 63`);
  }
}
