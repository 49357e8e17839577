import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { Unavailable } from "../../core/unavailable.ts";
import { guarded } from "../../sqlite/open.ts";
import type { TrafficNote } from "../../traffic/note.ts";
import type { StoreReads, Tally } from "../store.ts";
import { openAdviceReads } from "./advice.ts";
import { indexFaults } from "./fact-index.ts";
import { openDocumentReads } from "./document-reads.ts";
import { openFailureReads } from "./failures.ts";
import { openGroupReads } from "./groups.ts";
import { factCollections, LOG_ENDS, objectTables, STORE_FILE, type ObjectTable } from "./layout.ts";
import { readAction, readHalt, readLogEnd } from "./operator.ts";
import { openObjectiveReads } from "./objectives.ts";
import type { OrderedReading } from "./ordered-reading.ts";
import { openRedriveReads } from "./redrives.ts";
import { readEntry, type Row } from "./rows.ts";
import { openStreams } from "./streams.ts";
import { openVolumeReads } from "./volume.ts";
import { packedOf } from "./writes.ts";

/** Reads all rows of a statement, with 64-bit integers as `bigint`. */
type All = (sql: string, ...values: SQLInputValue[]) => readonly Row[];

/** Creates the reads of the store port on their own connection: they see committed data only and never wait for a unit. */
export function openReads(db: DatabaseSync, path: string): StoreReads {
  const guard = <T>(run: () => T): T => guarded(STORE_FILE, path, run);
  const prepared = new Map<string, StatementSync>();
  const statement = (sql: string, asTuples = false): StatementSync => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const made = db.prepare(sql);
    made.setReadBigInts(true);
    made.setReturnArrays(asTuples);
    prepared.set(sql, made);
    return made;
  };
  const all: All = (sql, ...values) => guard(() => statement(sql).all(...values));
  const tuples: OrderedReading["tuples"] = (sql, ...values) =>
    guard(() => statement(sql, true).all(...values) as unknown as readonly SQLOutputValue[][]);
  const get = (sql: string, ...values: SQLInputValue[]): Row | undefined => guard(() => statement(sql).get(...values));
  const tables = (): readonly ObjectTable[] => guard(() => objectTables(db));
  const has = (table: string): boolean => all(TABLE_EXISTS, table).length > 0;

  return {
    streams: async () =>
      all("SELECT DISTINCT stream FROM sigma_ledger ORDER BY stream").map((row) => String(row["stream"])),
    ledger: async (stream, fromSeq, limit) => {
      const sql = "SELECT * FROM sigma_ledger WHERE stream = ? AND seq >= ? ORDER BY seq LIMIT ?";
      return all(sql, stream, fromSeq, limit).map(readEntry);
    },
    evidenceAt: async (stream, seq) => {
      await nextTurn();
      return packedOf(all("SELECT packed FROM sigma_evidence WHERE stream = ? AND seq = ?", stream, seq)[0]);
    },
    evidenceOfNoEntry: async (limit) =>
      all(EVIDENCE_OF_NO_ENTRY, limit).map((row) => ({ stream: String(row["stream"]), seq: Number(row["seq"]) })),
    entryAt: async (stream, offset) => {
      // The last entry that begins at or before the offset covers it, or else no entry does: entries of a stream have no gaps.
      const sql = `SELECT * FROM sigma_ledger WHERE stream = ? AND from_offset <= ?
        ORDER BY from_offset DESC, seq DESC LIMIT 1`;
      const row = get(sql, stream, offset);
      const entry = row === undefined ? null : readEntry(row);
      return entry !== null && offset < entry.to ? entry : null;
    },
    ...openDocumentReads({ all, tuples, get, guard, tables, has, path }, openStreams(db)),
    ...openGroupReads(all, tables, has),
    ...openVolumeReads(all, has),
    ...openFailureReads(tuples, tables, openStreams(db), has),
    tally: async () => tallyOf(all, tables()),
    failureCounts: async () => failureCountsOf(all, tables()),
    contractSet: async (digest) => {
      const row = get("SELECT text FROM sigma_contract_sets WHERE digest = ?", digest);
      return row === undefined ? null : String(row["text"]);
    },
    contractSets: async () =>
      all("SELECT digest, text FROM sigma_contract_sets ORDER BY digest").map((row) => ({
        digest: String(row["digest"]),
        text: String(row["text"]),
      })),
    operatorLog: async (fromSeq, limit) =>
      all("SELECT * FROM sigma_operator_log WHERE seq >= ? ORDER BY seq LIMIT ?", fromSeq, limit).map(readAction),
    traffic: async (subject) => trafficOf(all, subject),
    logEnds: async () => (has(LOG_ENDS) ? all(`SELECT * FROM ${LOG_ENDS} ORDER BY stream`).map(readLogEnd) : []),
    halts: async () => all("SELECT * FROM sigma_halts ORDER BY stream").map(readHalt),
    ...openRedriveReads({ all, has }),
    ...openAdviceReads({ all, has }),
    ...openObjectiveReads({ all, has }),
    integrity: async () => integrityOf(all, () => indexFaults(tuples, factCollections(db))),
  };
}

/**
 * Lets the process hear signals and timers. Reads here are done when they return, so whoever goes through the entries of a whole store would
 * hear none until its end.
 */
async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}

const EVIDENCE_OF_NO_ENTRY = `SELECT stream, seq FROM sigma_evidence e WHERE NOT EXISTS
  (SELECT 1 FROM sigma_ledger l WHERE l.stream = e.stream AND l.seq = e.seq AND l.count > 0) ORDER BY 1, 2 LIMIT ?`;

const TABLE_EXISTS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?";

function trafficOf(all: All, subject: string): readonly TrafficNote[] {
  const sql = "SELECT * FROM sigma_traffic WHERE subject = ? ORDER BY version, producer";
  return all(sql, subject).map((row) => ({
    subject,
    version: Number(row["version"]),
    producer: String(row["producer"]),
    firstMs: Number(row["first_ms"]),
    lastMs: Number(row["last_ms"]),
  }));
}

function tallyOf(all: All, tables: readonly ObjectTable[]): Tally {
  const total = { validated: 0, failed: 0, receipt: 0 };
  for (const { name, kind } of tables)
    total[kind] += Number(all(`SELECT count(*) AS count FROM ${name}`)[0]?.["count"]);
  return { validated: total.validated, failed: total.failed, receipts: total.receipt };
}

function failureCountsOf(all: All, tables: readonly ObjectTable[]): readonly { code: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { name, kind } of tables) {
    if (kind !== "failed") continue;
    for (const row of all(`SELECT code, count(*) AS count FROM ${name} GROUP BY code`)) {
      const code = String(row["code"]);
      counts.set(code, (counts.get(code) ?? 0) + Number(row["count"]));
    }
  }
  return [...counts]
    .map(([code, count]) => ({ code, count }))
    .toSorted((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
}

/**
 * SQLite's integrity check, then that of the index of ids. Damage so bad that SQLite cannot run the check is a finding too, not an outage.
 */
function integrityOf(all: All, idsOf: () => readonly string[]): readonly string[] {
  try {
    const found = all("PRAGMA integrity_check").map((row) => String(row["integrity_check"]));
    return found.length === 1 && found[0] === "ok"
      ? idsOf().map((fault) => `${fault}: run \`sigma store repair\``)
      : found;
  } catch (error) {
    if (error instanceof Unavailable && error.code === "STORE_CORRUPT") return [error.message];
    throw error;
  }
}
