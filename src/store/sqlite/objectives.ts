import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { CountStep, ObjectiveCount, ObjectiveReads } from "../objective-count.ts";
import type { Row } from "./rows.ts";

/** Table of what was counted of objectives. */
const TABLE = "sigma_objectives";

/** Creates the table of counts, which the first files of this layout lack. */
export function createObjectives(db: DatabaseSync): void {
  db.exec(`CREATE TABLE IF NOT EXISTS ${TABLE} (
    indicator TEXT NOT NULL,
    step INTEGER NOT NULL,
    start INTEGER NOT NULL,
    writer TEXT NOT NULL,
    good INTEGER NOT NULL,
    bad INTEGER NOT NULL,
    PRIMARY KEY (indicator, step, start, writer)
  ) STRICT, WITHOUT ROWID`);
}

export function putObjectiveCounts(db: DatabaseSync, counts: readonly ObjectiveCount[]): void {
  const put = db.prepare(`INSERT OR REPLACE INTO ${TABLE} VALUES (?, ?, ?, ?, ?, ?)`);
  for (const { indicator, stepS, startS, writer, good, bad } of counts)
    put.run(indicator, stepS, startS, writer, good, bad);
}

export function dropObjectiveCounts(db: DatabaseSync, stepS: CountStep, beforeS: number): void {
  db.prepare(`DELETE FROM ${TABLE} WHERE step = ? AND start < ?`).run(stepS, beforeS);
}

type Reading = {
  readonly all: (sql: string, ...values: SQLInputValue[]) => readonly Row[];
  readonly has: (table: string) => boolean;
};

export function openObjectiveReads({ all, has }: Reading): ObjectiveReads {
  return {
    objectiveCounts: async (indicator, stepS, fromS) => {
      if (!has(TABLE)) return [];
      const sql = `SELECT * FROM ${TABLE} WHERE indicator = ? AND step = ? AND start >= ? ORDER BY start, writer`;
      return all(sql, indicator, stepS, fromS).map((row) => ({
        indicator,
        stepS,
        startS: Number(row["start"]),
        writer: String(row["writer"]),
        good: Number(row["good"]),
        bad: Number(row["bad"]),
      }));
    },
    objectiveBegan: async (indicator) => {
      if (!has(TABLE)) return null;
      // One look into the index for each step.
      const starts = [60, 3600].flatMap((stepS) =>
        all(`SELECT min(start) AS began FROM ${TABLE} WHERE indicator = ? AND step = ?`, indicator, stepS),
      );
      const known = starts.flatMap(({ began }) => (began === null ? [] : [Number(began)]));
      return known.length === 0 ? null : Math.min(...known);
    },
  };
}
