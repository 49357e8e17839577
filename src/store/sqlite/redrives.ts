import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { seenKey, type FailurePlace, type FailureScan, type RedrivePage, type RedriveReads } from "../redrives.ts";
import { assertCollectionName } from "./layout.ts";
import type { Row } from "./rows.ts";

export function putRedrivePages(db: DatabaseSync, pages: readonly RedrivePage[]): void {
  const insert = db.prepare("INSERT INTO sigma_redrive_pages VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
  for (const { plan, stream, from, to, count, runs } of pages) insert.run(plan, stream, from, to, count, runs);
}

export function putRedrive(db: DatabaseSync, plan: string, text: string): void {
  db.prepare("INSERT INTO sigma_redrives VALUES (?, ?) ON CONFLICT DO NOTHING").run(plan, text);
}

export function noteRedriveSeen(db: DatabaseSync, plan: string, at: string): void {
  const sql = "INSERT INTO sigma_redrives VALUES (?, ?) ON CONFLICT (plan) DO UPDATE SET text = excluded.text";
  db.prepare(sql).run(seenKey(plan), at);
}

type Reading = {
  readonly all: (sql: string, ...values: SQLInputValue[]) => readonly Row[];
  readonly has: (table: string) => boolean;
};

/** Failures in a page of a scan. */
const SCAN_PAGE = 5_000;

export function openRedriveReads({ all, has }: Reading): RedriveReads {
  const textOf = (key: string): string | null => {
    if (!has("sigma_redrives")) return null;
    const [row] = all("SELECT text FROM sigma_redrives WHERE plan = ?", key);
    return row === undefined ? null : String(row["text"]);
  };
  return {
    redrive: async (plan) => textOf(plan),
    redriveSeen: async (plan) => textOf(seenKey(plan)),
    redrivePage: async (plan, stream, offset) => {
      if (!has("sigma_redrive_pages")) return null;
      const sql = `SELECT * FROM sigma_redrive_pages WHERE plan = ? AND stream = ? AND from_offset <= ?
        ORDER BY from_offset DESC LIMIT 1`;
      const [row] = all(sql, plan, stream, offset);
      const page = row === undefined ? null : pageOf(row);
      return page !== null && offset < page.to ? page : null;
    },
    failurePlaces: (collection, scan) => {
      assertCollectionName(collection);
      return has(`failed_${collection}`) ? placesIn(all, collection, scan) : NOTHING;
    },
  };
}

const NOTHING: AsyncIterable<readonly FailurePlace[]> = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
};

/** The indexes of failures end with the time, and SQLite adds the rowid to each: so a page begins behind both of the last row. */
async function* placesIn(
  all: Reading["all"],
  collection: string,
  { fingerprint, code, streams, from, to, fromMs, toMs }: FailureScan,
): AsyncGenerator<readonly FailurePlace[]> {
  const terms: (readonly [string, SQLInputValue])[] = [];
  if (fingerprint !== null) terms.push(["fingerprint = ?", fingerprint]);
  if (code !== null) terms.push(["code = ?", code]);
  if (from !== null) terms.push(["offset >= ?", from]);
  if (to !== null) terms.push(["offset < ?", to]);
  if (fromMs !== null) terms.push(["at >= ?", fromMs]);
  if (toMs !== null) terms.push(["at < ?", toMs]);
  if (streams?.length === 0) return;
  const among = streams === null ? "" : ` AND stream IN (${streams.map(Number).join(", ")})`;
  const where = terms.map(([term]) => ` AND ${term}`).join("") + among;
  const sql = `SELECT rowid, at, stream, offset FROM failed_${collection}
    WHERE (at, rowid) > (?, ?)${where} ORDER BY at, rowid LIMIT ${SCAN_PAGE}`;
  const values = terms.map(([, value]) => value);
  let last: readonly [SQLInputValue, SQLInputValue] = [-(2n ** 63n), -(2n ** 63n)];
  for (;;) {
    const page = all(sql, ...last, ...values);
    if (page.length > 0) yield page.map((row) => ({ stream: Number(row["stream"]), offset: row["offset"] as bigint }));
    const end = page.at(-1);
    if (end === undefined || page.length < SCAN_PAGE) return;
    last = [end["at"] as bigint, end["rowid"] as bigint];
  }
}

function pageOf(row: Row): RedrivePage {
  return {
    plan: String(row["plan"]),
    stream: String(row["stream"]),
    from: row["from_offset"] as bigint,
    to: row["to_offset"] as bigint,
    count: Number(row["count"]),
    runs: String(row["runs"]),
  };
}
