import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { AdviceNote, AdviceReads } from "../advice.ts";
import type { Row } from "./rows.ts";

/** Table of what a language model said of groups. */
const ADVICE = "sigma_advice";

/** Creates the table of advice, which the first files of this layout lack. */
export function createAdvice(db: DatabaseSync): void {
  db.exec(`CREATE TABLE IF NOT EXISTS ${ADVICE} (
    fingerprint TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    text TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ${ADVICE}_time ON ${ADVICE} (at_ms)`);
}

export function putAdvice(db: DatabaseSync, { fingerprint, atMs, text }: AdviceNote): void {
  const put = db.prepare(`INSERT INTO ${ADVICE} VALUES (?, ?, ?)
    ON CONFLICT (fingerprint) DO UPDATE SET at_ms = excluded.at_ms, text = excluded.text`);
  put.run(fingerprint, atMs, text);
}

type Reading = {
  readonly all: (sql: string, ...values: SQLInputValue[]) => readonly Row[];
  readonly has: (table: string) => boolean;
};

export function openAdviceReads({ all, has }: Reading): AdviceReads {
  return {
    advice: async (fingerprint) => {
      if (!has(ADVICE)) return null;
      const [row] = all(`SELECT * FROM ${ADVICE} WHERE fingerprint = ?`, fingerprint);
      return row === undefined ? null : { fingerprint, atMs: Number(row["at_ms"]), text: String(row["text"]) };
    },
    adviceSince: async (fromMs) =>
      has(ADVICE) ? Number(all(`SELECT count(*) AS count FROM ${ADVICE} WHERE at_ms >= ?`, fromMs)[0]?.["count"]) : 0,
  };
}
