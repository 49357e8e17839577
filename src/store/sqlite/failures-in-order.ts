import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { FailedRow } from "../store.ts";
import { FAILURE } from "./layout.ts";
import { INLINE_BYTES_MAX, isAsLaidOut, isText, PAGE_MAX, type OrderedReading } from "./ordered-reading.ts";
import { bindFailure } from "./rows.ts";
import type { StagedRows } from "./staged.ts";

const [OFFSET, PAYLOAD] = [FAILURE.indexOf("offset"), FAILURE.indexOf("payload")];

/**
 * Finds the failures that are stored exactly as staged, by reading pages in the order of their positions.
 * @returns one byte for each staged failure: 1 when it was found equal; 0 says nothing, and the failure must be looked up by its
 * position.
 */
export function failuresInOrder(
  reading: OrderedReading,
  collection: string,
  { stream, rows }: StagedRows<FailedRow>,
): Uint8Array {
  const seen = new Uint8Array(rows.length);
  const table = `failed_${collection}`;
  if (!isAsLaidOut(reading, table, FAILURE)) return seen;
  const sql = `SELECT ${FAILURE.map(column).join(", ")} FROM ${table}
    WHERE stream = ? AND offset >= ? ORDER BY stream, offset LIMIT ?`;
  for (let place = 0; place < rows.length;) {
    const limit = Math.min(rows.length - place, PAGE_MAX);
    const page = reading.tuples(sql, stream, (rows[place] as FailedRow).position.offset, limit);
    for (const stored of page) {
      const offset = stored[OFFSET];
      if (typeof offset !== "bigint") return seen;
      while (place < rows.length && (rows[place] as FailedRow).position.offset < offset) place += 1;
      const row = rows[place];
      if (row === undefined) return seen;
      if (row.position.offset !== offset) continue;
      if (isStored(bindFailure(row, stream), stored)) seen[place] = 1;
      place += 1;
    }
    if (page.length < limit) return seen;
  }
  return seen;
}

/** The SQL of a column. A value longer than INLINE_BYTES_MAX is read as 0, which equals nothing. */
function column(name: (typeof FAILURE)[number]): string {
  return name === "payload" || name === "raw"
    ? `CASE WHEN octet_length(${name}) <= ${INLINE_BYTES_MAX} THEN ${name} WHEN ${name} IS NOT NULL THEN 0 END`
    : name;
}

function isStored(expected: readonly SQLInputValue[], stored: readonly SQLOutputValue[]): boolean {
  return expected.every((value, index) => {
    const other = stored[index];
    if (typeof value === "number") return other === BigInt(value);
    if (!(value instanceof Uint8Array)) return other === value;
    return index === PAYLOAD ? isText(other, value) : other instanceof Uint8Array && Buffer.compare(value, other) === 0;
  });
}
