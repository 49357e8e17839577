import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { LOSSY_NUMBER } from "../../core/failure.ts";
import { isStructuredEvent } from "../../core/structured-event.ts";
import { payloadBytes } from "../../core/wire-format.ts";
import { guarded } from "../../sqlite/open.ts";
import type { StoredEvidence, StoreReads } from "../store.ts";
import { STORE_FILE, type ObjectTable } from "./layout.ts";
import { decodeHeaders } from "./rows.ts";

/** A row as an array, in the order of {@link COLUMNS}: a third of the time goes into naming the fields of an object. */
type Row = readonly SQLOutputValue[];

/**
 * Bytes come as text, which costs half of what they cost as bytes. That loses nothing: a payload that was not UTF-8 is
 * malformed, and of those the text is only read where a number is to blame. A wire format's prefix (5 or 17 bytes, core/wire-format.ts) holds bytes
 * below 0x02, which no JSON text begins with; behind it stands the payload.
 */
const PAYLOAD = `CAST(CASE WHEN substr(raw, 1, 1) >= x'02' THEN raw
  WHEN substr(raw, 1, 1) = x'00' THEN substr(raw, 6) ELSE substr(raw, 18) END AS TEXT)`;

const COLUMNS: Readonly<Record<ObjectTable["kind"], string>> = {
  validated: `offset - ?1, version, hex(headers), ${PAYLOAD}`,
  receipt: `offset - ?1, version, hex(headers), ${PAYLOAD}`,
  failed: `offset - ?1, version, hex(headers), CASE WHEN code NOT LIKE 'malformed-%' OR code = '${LOSSY_NUMBER}' THEN ${PAYLOAD} END, code, fingerprint`,
};

/** The reads that judging history again needs. */
export function openEvidence(
  db: DatabaseSync,
  path: string,
  tables: () => readonly ObjectTable[],
): Pick<StoreReads, "evidence" | "origin" | "firstSince"> {
  const guard = <T>(run: () => T): T => guarded(STORE_FILE, path, run);
  const prepared = new Map<string, StatementSync>();
  const headers = cacheHeaders();
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
          return rows.map((row) => readEvidence(kind, row, headers)).filter((one) => one !== null);
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

function readEvidence(kind: StoredEvidence["kind"], row: Row, headersOf: ReadHeaders): StoredEvidence | null {
  try {
    const headers = headersOf(row[2] as string);
    const text = row[3] as string | null;
    return {
      at: row[0] as number,
      kind,
      version: row[1] as number | null,
      code: (row[4] ?? null) as string | null,
      fingerprint: (row[5] ?? null) as string | null,
      headers,
      text: text === null || !isStructuredEvent(headers) ? text : dataText(text, headers),
    };
  } catch {
    return null;
  }
}

function dataText(text: string, headers: StoredEvidence["headers"]): string {
  return Buffer.from(payloadBytes(Buffer.from(text), headers)).toString("utf8");
}

type ReadHeaders = (hex: string) => StoredEvidence["headers"];

const NO_HEADERS: StoredEvidence["headers"] = [];
/** Headers that repeat are found again; past so many, or longer than that, they are read anew. */
const CACHED_MAX = 1_024;
const CACHED_HEX_MAX = 2_048;

/**
 * Headers come as hexadecimal text for the reason payloads come as text, and so that equal headers, which one producer
 * sends again and again, are one object. No headers are no text.
 */
function cacheHeaders(): ReadHeaders {
  const found = new Map<string, StoredEvidence["headers"]>();
  return (hex) => {
    if (hex === "") return NO_HEADERS;
    const known = found.get(hex);
    if (known !== undefined) return known;
    const made = decodeHeaders(Buffer.from(hex, "hex"));
    if (found.size >= CACHED_MAX) found.clear();
    if (hex.length <= CACHED_HEX_MAX) found.set(hex, made);
    return made;
  };
}

/** Few tables hold rows of one stream, and mostly one holds nearly all: sorting nearly sorted runs is cheap. */
function mergeByOffset(pages: readonly (readonly StoredEvidence[])[]): readonly StoredEvidence[] {
  const filled = pages.filter((page) => page.length > 0);
  return filled.length === 1 ? (filled[0] ?? []) : filled.flat().toSorted((a, b) => a.at - b.at);
}
