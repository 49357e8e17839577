import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { guarded } from "../../sqlite/open.ts";
import type { StoredEvidence, StoreReads } from "../store.ts";
import { STORE_FILE, type ObjectTable } from "./layout.ts";
import { decodeHeaders } from "./rows.ts";

/** A row as an array, in the order of {@link COLUMNS}: a third of the time goes into naming the fields of an object. */
type Row = readonly SQLOutputValue[];

/**
 * Bytes come as text, which costs half of what they cost as bytes. That loses nothing: a payload that was not UTF-8 is
 * malformed, and of those the text is not read. A wire format's prefix (5 or 17 bytes, core/wire-format.ts) holds bytes
 * below 0x02, which no JSON text begins with; behind it stands the payload.
 */
const PAYLOAD = `CAST(CASE WHEN substr(raw, 1, 1) >= x'02' THEN raw
  WHEN substr(raw, 1, 1) = x'00' THEN substr(raw, 6) ELSE substr(raw, 18) END AS TEXT)`;

const COLUMNS: Readonly<Record<ObjectTable["kind"], string>> = {
  validated: `offset - ?1, version, headers, ${PAYLOAD}`,
  receipt: `offset - ?1, version, headers, ${PAYLOAD}`,
  failed: `offset - ?1, version, headers, CASE WHEN code NOT LIKE 'malformed-%' THEN ${PAYLOAD} END, code, fingerprint`,
};

/** The reads that judging history again needs. */
export function openEvidence(
  db: DatabaseSync,
  path: string,
  tables: () => readonly ObjectTable[],
): Pick<StoreReads, "evidence" | "origin" | "firstSince"> {
  const guard = <T>(run: () => T): T => guarded(STORE_FILE, path, run);
  const prepared = new Map<string, StatementSync>();
  const statement = (sql: string, bigints: boolean): StatementSync => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const made = db.prepare(sql);
    made.setReturnArrays(true);
    made.setReadBigInts(bigints);
    prepared.set(sql, made);
    return made;
  };
  const first = (sql: string, ...values: readonly (string | number)[]): Row | undefined =>
    guard(() => statement(sql, true).get(...values) as unknown as Row | undefined);

  return {
    evidence: async (stream, from, to) => {
      // Ranges are narrow, so that what is counted from their beginning is an exact number.
      const page = ({ name, kind }: ObjectTable): readonly StoredEvidence[] =>
        guard(() => {
          const sql = `SELECT ${COLUMNS[kind]} FROM ${name} WHERE stream = ?2 AND offset BETWEEN ?1 AND ?3 ORDER BY offset`;
          const rows = statement(sql, false).all(from, stream, to - 1n) as unknown as readonly Row[];
          return rows.map((row) => readEvidence(kind, row)).filter((one) => one !== null);
        });
      return mergeByOffset(tables().map(page));
    },
    origin: async (stream) => {
      for (const { name } of tables()) {
        const row = first(`SELECT topic, partition FROM ${name} WHERE stream = ? LIMIT 1`, stream);
        if (row !== undefined) return { topic: String(row[0]), partition: Number(row[1]) };
      }
      return null;
    },
    firstSince: async (stream, timestampMs) => {
      const where = "WHERE stream = ? AND timestamp_ms >= ? ORDER BY offset LIMIT 1";
      const found = tables()
        .map(({ name }) => first(`SELECT offset FROM ${name} ${where}`, stream, timestampMs)?.[0])
        .filter((offset) => typeof offset === "bigint");
      return found.length === 0 ? null : found.reduce((least, one) => (one < least ? one : least));
    },
  };
}

function readEvidence(kind: StoredEvidence["kind"], row: Row): StoredEvidence | null {
  try {
    const encoded = row[2] as Uint8Array | null;
    return {
      at: row[0] as number,
      kind,
      version: row[1] as number | null,
      code: (row[4] ?? null) as string | null,
      fingerprint: (row[5] ?? null) as string | null,
      headers: encoded === null ? NO_HEADERS : decodeHeaders(encoded),
      text: row[3] as string | null,
    };
  } catch {
    return null;
  }
}

const NO_HEADERS: StoredEvidence["headers"] = [];

/** Few tables hold rows of one stream, and mostly one holds nearly all: sorting nearly sorted runs is cheap. */
function mergeByOffset(pages: readonly (readonly StoredEvidence[])[]): readonly StoredEvidence[] {
  const filled = pages.filter((page) => page.length > 0);
  return filled.length === 1 ? (filled[0] ?? []) : filled.flat().toSorted((a, b) => a.at - b.at);
}
