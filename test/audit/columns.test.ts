import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { Source } from "../../src/source/source.ts";
import { indexFacts } from "../../src/store/sqlite/fact-index.ts";
import { openReads } from "../../src/store/sqlite/reads.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";
import { PARCEL_COLLECTIONS } from "../rejudge/what-if-laws.ts";
import {
  auditColumns,
  CLOCK,
  codesOrWhy,
  columnLaws,
  ENDS,
  NO_READER,
  ofAny,
  TAIL,
  WITHIN,
  type Forgery,
  type NotFound,
} from "./column-laws.ts";
import { storeEverything } from "./everything.ts";

type Value = SQLInputValue;
type Column = { readonly name: string; readonly type: string; readonly isKey: boolean };

const PLACES = "every fact is found by its id as before, which is what the index is for";

/** What an audit of this engine does not find. */
const NOT_FOUND: readonly NotFound[] = [
  { what: "sigma_halts: every row removed", why: CLOCK },
  { what: "sigma_halts: a row removed", why: CLOCK },
  { what: "sigma_halts.code", why: CLOCK },
  { what: "sigma_halts.message", why: CLOCK },
  { what: "sigma_halts.remedy", why: CLOCK },
  { what: "sigma_log_ends: every row removed", why: ENDS },
  { what: "sigma_log_ends: a row removed", why: ENDS },
  { what: "sigma_groups: a row removed", why: TAIL },
  { what: "sigma_group_hours: a row removed", why: TAIL },
  { what: "sigma_group_days: a row removed", why: TAIL },
  { what: "sigma_volume: a row removed", why: TAIL },
  { what: "sigma_groups.seq: raised", why: WITHIN },
  { what: "sigma_group_hours.seq: raised", why: WITHIN },
  { what: "sigma_group_days.seq: raised", why: WITHIN },
  { what: "sigma_volume.seq: raised", why: WITHIN },
  { what: "sigma_volume.first: lowered", why: `${WITHIN}; a repair writes 1` },
  { what: "sigma_id_runs_*.run", why: PLACES },
  { what: "sigma_id_runs_*.settled", why: PLACES },
  { what: "sigma_id_runs_*: a row added, of another run", why: PLACES },
  { what: "sigma_ids_*: a row added, of another id", why: PLACES },
  { what: "sigma_ledger: a row removed", why: "the last entry, of no records: anchors have it (docs/anchors.md)" },
  { what: "sigma_operator_log: a row removed", why: "the last action: anchors have it (docs/anchors.md)" },
  { what: "sigma_log_ends.end_offset: raised", why: ENDS },
  { what: "sigma_log_ends.end_offset: raised far", why: ENDS, bySource: true },
  { what: "sigma_log_ends.end_offset: lowered", why: ENDS },
  { what: "sigma_log_ends: a row added, of another stream", why: ENDS, bySource: true },
  { what: "sigma_halts: a row added, of another stream", why: CLOCK },
  { what: "sigma_redrive_pages: a row added", why: NO_READER },
  { what: "sigma_redrives: a row added, of another plan", why: NO_READER },
  { what: "sigma_redrives (seen): a row added, of another plan", why: NO_READER },
  { what: "sigma_redrives (seen): a row removed", why: CLOCK },
  { what: "sigma_redrives (seen).plan", why: CLOCK },
  { what: "sigma_redrives (seen).text", why: CLOCK },
  { what: "sigma_streams: a row added", why: "a stream that is being begun has no entry yet", bySource: true },
];

columnLaws("the SQLite store", NOT_FOUND, async () => {
  const path = join(temporaryDirectory(), "store.db");
  const store = openSqliteStore({ path, collections: PARCEL_COLLECTIONS, busyTimeoutMs: PATIENCE_MS });
  const log = await storeEverything(store);
  await store.close();
  const db = new DatabaseSync(path);
  // Ids settle late: those of one collection now.
  indexFacts(db, "letters");
  const tables = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    .all()
    .map(({ name }) => String(name));
  const forgeries = tables.filter((table) => !IDLE.includes(table)).flatMap((table) => forgeriesOf(db, table));
  const fields = new Map(tables.map((table) => [ofAny(table), columnsOf(db, table).map(({ name }) => name)]));
  onTestFinished(() => db.close());
  return {
    log,
    fields,
    honest: async (source) => codesAfter(db, "SELECT 1", [], source),
    forgeries: forgeries.map(({ sql, values, ...forgery }) => ({
      ...forgery,
      table: ofAny(forgery.table),
      codes: async (source) => codesAfter(db, sql, values, source),
    })),
  };
});

/** The ids of one collection are all settled, those of the other all wait in runs. */
const IDLE: readonly string[] = ["sigma_id_runs_letters", "sigma_ids_parcels"];

type SqlForgery = Omit<Forgery, "codes"> & { readonly sql: string; readonly values: readonly Value[] };

/** What an audit finds after a statement, which is taken back then. */
async function codesAfter(
  db: DatabaseSync,
  sql: string,
  values: readonly Value[],
  source: Source | null,
): Promise<readonly string[] | null> {
  db.exec("BEGIN");
  try {
    db.prepare(sql).run(...values);
  } catch {
    // The table takes no such row.
    db.exec("ROLLBACK");
    return null;
  }
  try {
    return await codesOrWhy(async () => auditColumns(openReads(db, "store.db"), source));
  } finally {
    db.exec("ROLLBACK");
  }
}

/** Every row is removed; the first and the last are changed and added again. */
function forgeriesOf(db: DatabaseSync, from: string): readonly SqlForgery[] {
  const columns = columnsOf(db, from);
  const rows = db.prepare(`SELECT * FROM ${from}`);
  rows.setReadBigInts(true);
  const all = rows.all() as readonly Row[];
  return [
    { table: from, field: null, how: "every row removed", sql: `DELETE FROM ${from}`, values: [] },
    ...all.flatMap((row, at): readonly SqlForgery[] => {
      const own = forgeriesOfRow(from, columns, row);
      return at === 0 || at === all.length - 1 ? own : own.filter(({ how }) => how === "a row removed");
    }),
  ];
}

type Row = Readonly<Record<string, Value>>;

function forgeriesOfRow(from: string, columns: readonly Column[], row: Row): readonly SqlForgery[] {
  // What is stored beside a plan is none.
  const table = String(row["plan"]).endsWith("/seen") ? `${from} (seen)` : from;
  const keys = columns.filter(({ isKey }) => isKey);
  const where = `WHERE ${keys.map(({ name }) => `${name} = ?`).join(" AND ")}`;
  const key = keys.map(({ name }) => row[name] ?? null);
  const removed = { table, field: null, how: "a row removed", sql: `DELETE FROM ${from} ${where}`, values: key };
  const changed = columns.flatMap(({ name, type }) =>
    others(row[name] ?? null, type)
      .filter(([, other]) => other !== row[name])
      .map(([how, value]): SqlForgery => {
        return { table, field: name, how, sql: `UPDATE ${from} SET ${name} = ? ${where}`, values: [value, ...key] };
      }),
  );
  const added = [...keys.map((one) => [one]), ...(keys.length > 1 ? [keys] : [])].map((some): SqlForgery => {
    const valueOf = (column: Column): Value => {
      const own = row[column.name] ?? null;
      return some.includes(column) ? another(own) : own;
    };
    return {
      table,
      field: null,
      how: `a row added, of another ${some.map(({ name }) => name).join(", ")}`,
      sql: `INSERT INTO ${from} VALUES (${columns.map(() => "?").join(", ")})`,
      values: columns.map(valueOf),
    };
  });
  return [removed, ...changed, ...added];
}

/** Its columns; the keys are those that make a row unique. */
function columnsOf(db: DatabaseSync, table: string): readonly Column[] {
  const unique = db
    .prepare(
      `SELECT DISTINCT i.name AS name FROM pragma_index_list(?) l, pragma_index_info(l.name) i WHERE l."unique" AND l.origin <> 'pk'`,
    )
    .all(table)
    .map(({ name }) => String(name));
  return db
    .prepare("SELECT name, type, pk FROM pragma_table_info(?)")
    .all(table)
    .map(({ name, type, pk }) => ({
      name: String(name),
      type: String(type),
      isKey: Number(pk) > 0 || unique.includes(String(name)),
    }));
}

function others(value: Value, type: string): readonly (readonly [string, Value])[] {
  if (value === null) return [["set", { INTEGER: 1, TEXT: "x", BLOB: new Uint8Array(1) }[type] ?? null]];
  const gone: [string, Value] = ["removed", null];
  if (typeof value === "bigint")
    return [["raised", value + 1n], ["raised far", value + 1_000_000n], ["lowered", value - 1n], gone];
  if (value instanceof Uint8Array) return [["changed", flipped(value)], gone];
  return [["changed", `${String(value)}x`], ["emptied", ""], gone];
}

function another(value: Value): Value {
  if (typeof value === "bigint") return value + 1_000n;
  return value instanceof Uint8Array ? flipped(value) : `x${String(value)}`;
}

function flipped(bytes: Uint8Array): Uint8Array {
  const other = Uint8Array.from(bytes);
  other[0] = (other[0] ?? 0) ^ 1;
  return other;
}
