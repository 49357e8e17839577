import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { parseContractText } from "../contract-text.ts";
import { exactInteger } from "../../json/exact-integer.ts";
import { HOUR_MS, HOURS_END_MS } from "../groups.ts";
import type { GroupCounter, GroupReads, GroupTally, HourCount, HourTotal } from "../groups.ts";
import type { StreamNote } from "../stream-note.ts";
import { objectTables, type ObjectTable } from "./layout.ts";
import { contractText } from "../contract-text.ts";
import { type Row } from "./rows.ts";

/** The writes of {@link GroupWrites}, synchronously. */
export type CounterWrites = {
  readonly countFailures: (stream: StreamNote, seq: number, groups: readonly GroupTally[]) => readonly string[];
  readonly recountFailures: (stream: StreamNote, below: bigint, seq: number) => void;
};

/** A counter is raised only by an entry that it has not counted. */
const UNLESS_COUNTED = "WHERE seq < excluded.seq";

export function prepareGroups(db: DatabaseSync): CounterWrites {
  const known = db.prepare("SELECT 1 FROM sigma_groups WHERE fingerprint = ? LIMIT 1");
  const raise = db.prepare(`INSERT INTO sigma_groups VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (fingerprint, stream) DO UPDATE SET count = count + excluded.count, seq = excluded.seq,
      first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms) ${UNLESS_COUNTED}`);
  const raiseHour = db.prepare(`INSERT INTO sigma_group_hours VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (fingerprint, hour, stream) DO UPDATE SET count = count + excluded.count, seq = excluded.seq
    ${UNLESS_COUNTED}`);
  return {
    countFailures: ({ number }, seq, groups) => {
      const added: string[] = [];
      for (const { fingerprint, code, contract, count, firstMs, lastMs, hours } of groups) {
        if (known.get(fingerprint) === undefined) added.push(fingerprint);
        const named = contract === null ? null : contractText(contract);
        raise.run(fingerprint, number, code, named, count, seq, firstMs, lastMs);
        for (const [hour, inHour] of hours) raiseHour.run(fingerprint, hour, number, inHour, seq);
      }
      return added;
    },
    recountFailures: (stream, below, seq) => recount(db, stream, below, seq),
  };
}

/** {@link GroupWrites.recountFailures}, in the open transaction. */
export function recount(db: DatabaseSync, { number }: StreamNote, below: bigint, seq: number): void {
  const [from, stale] = [failuresBelow(objectTables(db)), "stream = ? AND seq <= ?"];
  db.prepare(`DELETE FROM sigma_groups WHERE ${stale}`).run(number, seq);
  db.prepare(`DELETE FROM sigma_group_hours WHERE ${stale}`).run(number, seq);
  if (from === null) return;
  const at = from.tables.flatMap((): SQLInputValue[] => [number, below]);
  db.prepare(`INSERT INTO sigma_groups
    SELECT fingerprint, ?, min(code), min(contract), count(*), ?, min(at), max(at) FROM (${from.sql})
    WHERE true GROUP BY fingerprint ON CONFLICT DO NOTHING`).run(number, seq, ...at);
  db.prepare(`INSERT INTO sigma_group_hours
    SELECT fingerprint, at / ${HOUR_MS} AS hour, ?, count(*), ? FROM (${from.sql})
    WHERE at >= 0 AND at < ${HOURS_END_MS} GROUP BY fingerprint, hour ON CONFLICT DO NOTHING`).run(number, seq, ...at);
}

/** A query for the failures of a stream below an offset in all collections; null when there is no collection. */
function failuresBelow(
  all: readonly ObjectTable[],
): { readonly sql: string; readonly tables: readonly string[] } | null {
  const tables = all.filter(({ kind }) => kind === "failed").map(({ name }) => name);
  const one = (name: string): string =>
    `SELECT fingerprint, code, contract, at FROM ${name} WHERE stream = ? AND offset < ?`;
  return tables.length === 0 ? null : { sql: tables.map(one).join(" UNION ALL "), tables };
}

type All = (sql: string, ...values: SQLInputValue[]) => readonly Row[];

/** The reads of the counters. */
export function openGroupReads(all: All, tables: () => readonly ObjectTable[]): GroupReads {
  return {
    groupCounters: async (fingerprint) => {
      const sql = "SELECT * FROM sigma_groups";
      const order = "ORDER BY fingerprint, stream";
      return fingerprint === undefined
        ? all(`${sql} ${order}`).map(readCounter)
        : all(`${sql} WHERE fingerprint = ? ${order}`, fingerprint).map(readCounter);
    },
    groupHours: async (fromHour, fingerprint) => {
      const sql = "SELECT fingerprint, hour, stream, count FROM sigma_group_hours WHERE hour >= ?";
      const order = "ORDER BY fingerprint, hour, stream";
      return fingerprint === undefined
        ? all(`${sql} ${order}`, fromHour).map(readHour)
        : all(`${sql} AND fingerprint = ? ${order}`, fromHour, fingerprint).map(readHour);
    },
    hourTotals: async (fromHour) => {
      const sql = "SELECT fingerprint, stream, sum(count) AS count FROM sigma_group_hours WHERE hour >= ?";
      return all(`${sql} GROUP BY fingerprint, stream ORDER BY fingerprint, stream`, fromHour).map(readTotal);
    },
    storedGroups: async ({ number }, below) => {
      const from = failuresBelow(tables());
      if (from === null) return new Map();
      const at = from.tables.flatMap((): SQLInputValue[] => [number, below]);
      const rows = all(`SELECT fingerprint, count(*) AS count FROM (${from.sql}) GROUP BY fingerprint`, ...at);
      return new Map(rows.map((row) => [String(row["fingerprint"]), Number(row["count"])]));
    },
  };
}

function readCounter(row: Row): GroupCounter {
  return {
    fingerprint: String(row["fingerprint"]),
    stream: Number(row["stream"]),
    code: String(row["code"]),
    contract: row["contract"] === null ? null : parseContractText(String(row["contract"])),
    count: Number(row["count"]),
    seq: Number(row["seq"]),
    firstMs: exactInteger(row["first_ms"] as bigint),
    lastMs: exactInteger(row["last_ms"] as bigint),
  };
}

function readHour(row: Row): HourCount {
  return { ...readTotal(row), hour: Number(row["hour"]) };
}

function readTotal(row: Row): HourTotal {
  return { fingerprint: String(row["fingerprint"]), stream: Number(row["stream"]), count: Number(row["count"]) };
}
