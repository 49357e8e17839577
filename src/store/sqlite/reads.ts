import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { Unavailable } from "../../core/unavailable.ts";
import { guarded } from "../../sqlite/open.ts";
import type { StoredRow, StoreReads, Tally, ValidatedRow } from "../store.ts";
import { openEvidence } from "./evidence.ts";
import { assertCollectionName, LOG_ENDS, objectTables, STORE_FILE, tablesOf, type ObjectTable } from "./layout.ts";
import { readAction, readHalt, readLogEnd } from "./operator.ts";
import { readEntry, readRow } from "./rows.ts";
import { packedOf } from "./writes.ts";

type Row = Record<string, SQLOutputValue>;

/** All rows of a statement, 64-bit integers as `bigint`. */
type All = (sql: string, ...values: SQLInputValue[]) => readonly Row[];

type Tables = () => readonly ObjectTable[];

/** Reads on a connection of their own: they see what is committed, and never wait for a unit. */
export function openReads(db: DatabaseSync, path: string): StoreReads {
  const guard = <T>(run: () => T): T => guarded(STORE_FILE, path, run);
  const prepared = new Map<string, StatementSync>();
  const statement = (sql: string): StatementSync => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const made = db.prepare(sql);
    made.setReadBigInts(true);
    prepared.set(sql, made);
    return made;
  };
  const all: All = (sql, ...values) => guard(() => statement(sql).all(...values));
  const tables: Tables = () => guard(() => objectTables(db));

  return {
    streams: async () =>
      all("SELECT DISTINCT stream FROM sigma_ledger ORDER BY stream").map((row) => String(row["stream"])),
    ledger: async (stream, fromSeq, limit) => {
      const sql = "SELECT * FROM sigma_ledger WHERE stream = ? AND seq >= ? ORDER BY seq LIMIT ?";
      return all(sql, stream, fromSeq, limit).map(readEntry);
    },
    evidenceAt: async (stream, seq) =>
      packedOf(all("SELECT packed FROM sigma_evidence WHERE stream = ? AND seq = ?", stream, seq)[0]),
    ...openEvidence(db, path, tables),
    rows: async (stream, from, to) => rowsOf(all, tables(), stream, from, to),
    rowsIn: async (collection, stream, from, to) => {
      assertCollectionName(collection);
      const within = tablesOf(collection).filter(({ name }) => all(TABLE_EXISTS, name).length > 0);
      return rowsOf(all, within, stream, from, to);
    },
    streamsOfRows: async () => {
      const names = tables().flatMap(({ name }) => all(`SELECT DISTINCT stream FROM ${name}`));
      return [...new Set(names.map((row) => String(row["stream"])))].toSorted();
    },
    extent: async (stream) => extentOf(all, tables(), stream),
    validatedById: async (collection, ids) => {
      assertCollectionName(collection);
      const found = new Map<string, ValidatedRow>();
      for (const id of ids) {
        const [row] = all(`SELECT * FROM validated_${collection} WHERE _id = ?`, id);
        const read = row === undefined ? null : readRow("validated", row);
        if (read?.kind === "validated") found.set(id, read);
      }
      return found;
    },
    tally: async () => tallyOf(all, tables()),
    failureCounts: async () => failureCountsOf(all, tables()),
    contractSets: async () =>
      all("SELECT digest, text FROM sigma_contract_sets ORDER BY digest").map((row) => ({
        digest: String(row["digest"]),
        text: String(row["text"]),
      })),
    operatorLog: async (fromSeq, limit) =>
      all("SELECT * FROM sigma_operator_log WHERE seq >= ? ORDER BY seq LIMIT ?", fromSeq, limit).map(readAction),
    traffic: async (subject) => {
      const sql = "SELECT * FROM sigma_traffic WHERE subject = ? ORDER BY version, producer";
      return all(sql, subject).map((row) => ({
        subject,
        version: Number(row["version"]),
        producer: String(row["producer"]),
        firstMs: Number(row["first_ms"]),
        lastMs: Number(row["last_ms"]),
      }));
    },
    logEnds: async () =>
      all(TABLE_EXISTS, LOG_ENDS).length === 0 ? [] : all(`SELECT * FROM ${LOG_ENDS} ORDER BY stream`).map(readLogEnd),
    halts: async () => all("SELECT * FROM sigma_halts ORDER BY stream").map(readHalt),
    integrity: async () => integrityOf(all),
  };
}

const TABLE_EXISTS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?";

function rowsOf(all: All, tables: readonly ObjectTable[], stream: string, from: bigint, to: bigint): StoredRow[] {
  // The last offset, not the one after it: 2^63 would not fit in a column.
  const last = to - 1n;
  const rows = tables.flatMap(({ name, kind }) =>
    all(`SELECT * FROM ${name} WHERE stream = ? AND offset BETWEEN ? AND ?`, stream, from, last).map((row) =>
      readRow(kind, row),
    ),
  );
  return rows.toSorted(byOffset);
}

function byOffset(a: StoredRow, b: StoredRow): number {
  return a.position.offset < b.position.offset ? -1 : a.position.offset > b.position.offset ? 1 : 0;
}

function extentOf(all: All, tables: readonly ObjectTable[], stream: string): { first: bigint; last: bigint } | null {
  // Two questions of the index for each table: together they would walk through it.
  const edges = tables.flatMap(({ name }) =>
    ["min", "max"].map(
      (edge) => all(`SELECT ${edge}(offset) AS edge FROM ${name} WHERE stream = ?`, stream)[0]?.["edge"],
    ),
  );
  const [some, ...others] = edges.filter((edge) => typeof edge === "bigint");
  if (some === undefined) return null;
  return {
    first: others.reduce((least, edge) => (edge < least ? edge : least), some),
    last: others.reduce((most, edge) => (edge > most ? edge : most), some),
  };
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

/** Damage that keeps SQLite from even checking is a finding too, not an outage. */
function integrityOf(all: All): readonly string[] {
  try {
    const found = all("PRAGMA integrity_check").map((row) => String(row["integrity_check"]));
    return found.length === 1 && found[0] === "ok" ? [] : found;
  } catch (error) {
    if (error instanceof Unavailable && error.code === "STORE_CORRUPT") return [error.message];
    throw error;
  }
}
