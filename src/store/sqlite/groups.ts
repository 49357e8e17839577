import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { parseContractText } from "../contract-text.ts";
import { exactInteger } from "../../json/exact-integer.ts";
import { DAY_HOURS, dayOf, HOUR_MS, HOURS_END_MS } from "../groups.ts";
import type { GoneFailures, GroupCounter, GroupReads, GroupTally, HourCount, HourTotal } from "../groups.ts";
import type { StreamNote } from "../stream-note.ts";
import { assertCollectionName, DAYS_OF_HOURS, objectTables, type ObjectTable } from "./layout.ts";
import { contractText } from "../contract-text.ts";
import { type Row } from "./rows.ts";

/** The writes of {@link GroupWrites}, synchronously. */
export type CounterWrites = {
  readonly countFailures: (stream: StreamNote, seq: number, groups: readonly GroupTally[]) => readonly string[];
  readonly recountFailures: (stream: StreamNote, below: bigint, seq: number, gone?: GoneFailures) => void;
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
  // Prepared at the first use: a file that is only read may lack the table.
  let raiseDay: StatementSync | null = null;
  const daily = `INSERT INTO sigma_group_days VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (fingerprint, day, stream) DO UPDATE SET count = count + excluded.count, seq = excluded.seq
    ${UNLESS_COUNTED}`;
  return {
    countFailures: ({ number }, seq, groups) => {
      const added: string[] = [];
      raiseDay ??= db.prepare(daily);
      for (const { fingerprint, code, contract, count, firstMs, lastMs, hours } of groups) {
        if (known.get(fingerprint) === undefined) added.push(fingerprint);
        const named = contract === null ? null : contractText(contract);
        raise.run(fingerprint, number, code, named, count, seq, firstMs, lastMs);
        const days = new Map<number, number>();
        for (const [hour, inHour] of hours) {
          raiseHour.run(fingerprint, hour, number, inHour, seq);
          days.set(dayOf(hour), (days.get(dayOf(hour)) ?? 0) + inHour);
        }
        for (const [day, inDay] of days) raiseDay.run(fingerprint, day, number, inDay, seq);
      }
      return added;
    },
    recountFailures: (...given) => recount(db, ...given),
  };
}

/** {@link GroupWrites.recountFailures}, in the open transaction. */
export function recount(
  db: DatabaseSync,
  { number }: StreamNote,
  below: bigint,
  seq: number,
  { below: floors, removed }: GoneFailures = NOTHING_GONE,
): void {
  const stale = "stream = ? AND seq <= ?";
  // A counter whose failures are gone cannot be made of documents: it stays, counts from 0, and gets what is gone at the end.
  const kept = removed.size === 0 ? "" : ` AND fingerprint NOT IN (${[...removed.keys()].map(() => "?").join(", ")})`;
  db.prepare(`DELETE FROM sigma_groups WHERE ${stale}${kept}`).run(number, seq, ...removed.keys());
  db.prepare(`DELETE FROM sigma_group_hours WHERE ${stale}${kept}`).run(number, seq, ...removed.keys());
  db.prepare(`UPDATE sigma_groups SET count = 0 WHERE ${stale}`).run(number, seq);
  const from = failuresIn(objectTables(db), number, below, floors);
  if (from !== null) {
    db.prepare(`INSERT INTO sigma_groups
      SELECT fingerprint, ?, min(code), min(contract), count(*), ?, min(at), max(at) FROM (${from.sql})
      WHERE true GROUP BY fingerprint ON CONFLICT (fingerprint, stream) DO UPDATE SET count = excluded.count,
        seq = excluded.seq, first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)
      WHERE seq <= excluded.seq`).run(number, seq, ...from.values);
    // The hours of what is gone are known from the counter alone.
    db.prepare(`INSERT INTO sigma_group_hours
      SELECT fingerprint, at / ${HOUR_MS} AS hour, ?, count(*), ? FROM (${from.sql})
      WHERE at >= 0 AND at < ${HOURS_END_MS} GROUP BY fingerprint, hour ON CONFLICT (fingerprint, hour, stream)
      DO UPDATE SET count = max(count, excluded.count), seq = excluded.seq WHERE seq <= excluded.seq`).run(
      number,
      seq,
      ...from.values,
    );
  }
  // A day is the sum of its hours, in one transaction with them.
  db.prepare("DELETE FROM sigma_group_days WHERE stream = ?").run(number);
  db.prepare(`INSERT INTO sigma_group_days ${DAYS_OF_HOURS} WHERE stream = ? GROUP BY 1, 2, 3`).run(number);
  const add = db.prepare(`UPDATE sigma_groups SET count = count + ?, seq = ? WHERE fingerprint = ? AND ${stale}`);
  for (const [fingerprint, count] of removed) add.run(count, seq, fingerprint, number, seq);
}

const NOTHING_GONE: GoneFailures = { below: new Map(), removed: new Map() };

type Failures = { readonly sql: string; readonly values: readonly SQLInputValue[] };

/** A query for the failures of a stream below an offset in all collections, without those that are gone; null when there is no collection. */
function failuresIn(
  all: readonly ObjectTable[],
  stream: number,
  below: bigint,
  floors: GoneFailures["below"],
): Failures | null {
  const tables = all.filter(({ kind }) => kind === "failed").map(({ name }) => name);
  const one = (name: string): string =>
    `SELECT fingerprint, code, contract, at FROM ${name} WHERE stream = ? AND offset >= ? AND offset < ?`;
  const valuesOf = (name: string): SQLInputValue[] => [
    stream,
    floors.get(name.slice("failed_".length)) ?? LEAST_OFFSET,
    below,
  ];
  if (tables.length === 0) return null;
  return { sql: tables.map(one).join(" UNION ALL "), values: tables.flatMap(valuesOf) };
}

const LEAST_OFFSET = -(2n ** 63n);

/** The most offsets in one query. */
const OFFSETS_MAX = 1_000;

type All = (sql: string, ...values: SQLInputValue[]) => readonly Row[];

/** The reads of the counters. */
export function openGroupReads(
  all: All,
  tables: () => readonly ObjectTable[],
  has: (table: string) => boolean,
): GroupReads {
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
    groupHourCounters: async () =>
      all("SELECT * FROM sigma_group_hours").map((row) => ({ ...readHour(row), seq: Number(row["seq"]) })),
    groupDayCounters: async () =>
      has("sigma_group_days")
        ? all("SELECT * FROM sigma_group_days").map((row) => ({
            ...readTotal(row),
            day: Number(row["day"]),
            seq: Number(row["seq"]),
          }))
        : null,
    hourTotals: async (fromHour) => {
      const order = "GROUP BY fingerprint, stream ORDER BY fingerprint, stream";
      const hours = "SELECT fingerprint, stream, count FROM sigma_group_hours WHERE hour >= ?";
      const sums = (from: string): string => `SELECT fingerprint, stream, sum(count) AS count FROM (${from}) ${order}`;
      if (!has("sigma_group_days")) return all(sums(hours), fromHour).map(readTotal);
      // Whole days, and the hours before the first of them.
      const day = Math.ceil(fromHour / DAY_HOURS);
      const days = "SELECT fingerprint, stream, count FROM sigma_group_days WHERE day >= ?";
      const from = `${days} UNION ALL ${hours} AND hour < ?`;
      return all(sums(from), day, fromHour, day * DAY_HOURS).map(readTotal);
    },
    storedGroups: async ({ number }, below, gone = NOTHING_GONE.below) => {
      const from = failuresIn(tables(), number, below, gone);
      if (from === null) return new Map();
      const rows = all(`SELECT fingerprint, count(*) AS count FROM (${from.sql}) GROUP BY fingerprint`, ...from.values);
      return new Map(rows.map((row) => [String(row["fingerprint"]), Number(row["count"])]));
    },
    groupsAt: async (collection, { number }, offsets) => {
      assertCollectionName(collection);
      const counts = new Map<string, number>();
      if (!tables().some(({ name }) => name === `failed_${collection}`)) return counts;
      for (let from = 0; from < offsets.length; from += OFFSETS_MAX) {
        const some = offsets
          .slice(from, from + OFFSETS_MAX)
          .map(String)
          .join(", ");
        const sql = `SELECT fingerprint, count(*) AS count FROM failed_${collection}
          WHERE stream = ? AND offset IN (SELECT value FROM json_each(?)) GROUP BY fingerprint`;
        for (const row of all(sql, number, `[${some}]`)) {
          const fingerprint = String(row["fingerprint"]);
          counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + Number(row["count"]));
        }
      }
      return counts;
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
