import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { Row } from "./rows.ts";

/** Queries of the reading connection, with 64-bit integers as `bigint`. */
export type OrderedReading = {
  readonly all: (sql: string, ...values: SQLInputValue[]) => readonly Row[];
  /** Returns each row as an array of its columns: an object with column names costs more than the values. */
  readonly tuples: (sql: string, ...values: SQLInputValue[]) => readonly (readonly SQLOutputValue[])[];
};

/** The most rows in a page, about 16 MB with values of at most {@link INLINE_BYTES_MAX}. */
export const PAGE_MAX = 1_000;
/** Rows with longer values are looked up one by one: the lookup costs little compared with such a value. */
export const INLINE_BYTES_MAX = 16_384;

/** The character that replaces invalid UTF-8 when a text is read. Different invalid bytes become the same text. */
const REPLACEMENT = "\ufffd";

/** Whether a text that was read has exactly these bytes. False too when the text has replaced characters and cannot show it. */
export function isText(payload: SQLOutputValue | undefined, bytes: Uint8Array): boolean {
  if (typeof payload !== "string" || payload.length > bytes.length) return false;
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = buffer.toString("utf8");
  return payload === text && !text.includes(REPLACEMENT);
}

/** Whether a table has exactly our columns in our order, and a rowid. */
export function isAsLaidOut({ all }: OrderedReading, table: string, ours: readonly string[]): boolean {
  const names = all("SELECT name FROM pragma_table_xinfo(?) ORDER BY cid", table).map(({ name }) => name);
  if (names.length !== ours.length || !ours.every((name, index) => names[index] === name)) return false;
  return (
    all("SELECT 1 FROM pragma_table_list(?) WHERE schema = 'main' AND type = 'table' AND wr = 0", table).length > 0
  );
}
