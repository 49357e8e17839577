import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { Row } from "./rows.ts";

/** What is needed to read rows one behind the other, 64-bit integers as `bigint`. */
export type OrderedReading = {
  readonly all: (sql: string, ...values: SQLInputValue[]) => readonly Row[];
  /** The columns of each row, without their names: these cost more than the values. */
  readonly tuples: (sql: string, ...values: SQLInputValue[]) => readonly (readonly SQLOutputValue[])[];
};

/** Rows read at once: with values of at most {@link INLINE_BYTES_MAX} some 16 MB. */
export const PAGE_MAX = 1_000;
/** Rows with longer values are looked up one by one: what that costs is nothing beside them. */
export const INLINE_BYTES_MAX = 16_384;

/** What bytes that are no UTF-8 are read as: other bytes may be read as the same. */
const REPLACEMENT = "\ufffd";

/** Whether a text that was read is exactly these bytes. False as well where that cannot be told from the text. */
export function isText(payload: SQLOutputValue | undefined, bytes: Uint8Array): boolean {
  if (typeof payload !== "string" || payload.length > bytes.length) return false;
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = buffer.toString("utf8");
  return payload === text && !text.includes(REPLACEMENT);
}

/** Whether a table has our columns, none less and none more, and rows in an order. */
export function isAsLaidOut({ all }: OrderedReading, table: string, ours: readonly string[]): boolean {
  const names = all("SELECT name FROM pragma_table_xinfo(?) ORDER BY cid", table).map(({ name }) => name);
  if (names.length !== ours.length || !ours.every((name, index) => names[index] === name)) return false;
  return (
    all("SELECT 1 FROM pragma_table_list(?) WHERE schema = 'main' AND type = 'table' AND wr = 0", table).length > 0
  );
}
