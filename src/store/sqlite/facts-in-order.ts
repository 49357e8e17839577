import type { SQLOutputValue } from "node:sqlite";
import { uuidBytes } from "../../core/uuid.ts";
import { originText } from "../../core/origin.ts";
import type { PassedRow, ValidatedRow } from "../store.ts";
import { PLACE, type FactPlaces } from "./fact-places.ts";
import { ERASED, FACT, ORIGIN } from "./layout.ts";
import { contractText } from "../contract-text.ts";
import { payloadOf } from "./rows.ts";
import { INLINE_BYTES_MAX, isAsLaidOut, isText, PAGE_MAX, type OrderedReading } from "./ordered-reading.ts";
import type { StagedRows } from "./staged.ts";

/** Size of the first page, since its rows may not be those of the entry. Each further page is four times as large. */
const PAGE_MIN = 32;
/** How many facts to skip when searching the fact of a row. Skipped facts have no row here, because other records hold their ids. */
const AHEAD_MAX = 256;
/** Reading a run stops after this many rows that differ. A run with fewer equal rows than this was not worth its lookup. */
const VAIN = 16;

/**
 * Finds the facts that are stored exactly as staged, by reading rows in the order of the table. The facts of an entry were inserted in
 * one transaction, so their rows mostly follow each other, and reading the next row costs a tenth of looking up an id. A row is matched
 * to a fact by its id, never by its position in the table.
 * @returns one byte for each staged fact: 1 when it was found equal; 0 says nothing, and the fact must be looked up by its id.
 */
export function factsInOrder(
  reading: OrderedReading & { readonly places: FactPlaces },
  collection: string,
  { stream, rows }: StagedRows<PassedRow>,
): Uint8Array {
  const seen = new Uint8Array(rows.length);
  const table = `validated_${collection}`;
  if (!isAsLaidOut(reading, table, [PLACE, ...FACT, ERASED, ORIGIN])) return seen;
  const isStored = matcher(BigInt(stream));
  // Facts whose ids other records hold have no row here. After each run that was not worth it, twice as many facts are skipped (they
  // will be looked up by id), so that an entry of duplicates only costs a few extra lookups.
  let left = VAIN;
  for (let place = 0; place < rows.length;) {
    const { id } = rows[place] as PassedRow;
    const first = reading.places.placeOf(uuidBytes(id));
    const run = first === null ? null : readOn(reading, table, rows, place, first, isStored);
    for (const at of run?.stored ?? []) seen[at] = 1;
    const isVain = run === null || run.stored.length < VAIN;
    place = Math.max(run?.end ?? 0, place + (isVain ? left : 1));
    left = isVain ? left * 2 : VAIN;
  }
  return seen;
}

type Matcher = (row: PassedRow, stored: readonly SQLOutputValue[]) => boolean;

/** Consecutive rows: the places of the facts that they equal, and the place after the last fact whose row was read. */
type Run = { readonly stored: readonly number[]; readonly end: number };

/** Reads consecutive rows from the place `first` on, while they belong to facts at places from `start` on. */
function readOn(
  { tuples }: OrderedReading,
  table: string,
  rows: readonly PassedRow[],
  start: number,
  first: SQLOutputValue,
  isStored: Matcher,
): Run {
  const sql = `SELECT ${PLACE}, CASE typeof(_id) WHEN 'blob' THEN hex(_id) END,
    CASE WHEN octet_length(payload) <= ${INLINE_BYTES_MAX} THEN payload END, contract, declared, stream, offset, at, ${ERASED}, ${ORIGIN}
    FROM ${table} WHERE ${PLACE} >= ? ORDER BY ${PLACE} LIMIT ?`;
  const stored: number[] = [];
  let [end, others] = [start, 0];
  for (let [next, limit] = [first, PAGE_MIN]; ; limit = Math.min(limit * 4, PAGE_MAX)) {
    const page = tuples(sql, next, limit);
    for (const row of page) {
      const at = placeOf(rows, end, row[1] ?? null);
      if (at === -1) return { stored, end };
      end = at + 1;
      if (isStored(rows[at] as PassedRow, row)) stored.push(at);
      else others += 1;
      if (end === rows.length || others === VAIN) return { stored, end };
    }
    const last = page.at(-1)?.[0];
    if (page.length < limit || typeof last !== "bigint") return { stored, end };
    next = last + 1n;
  }
}

/** The place of the fact with this id among the next AHEAD_MAX facts; -1 when it is none of them. */
function placeOf(rows: readonly PassedRow[], from: number, hex: SQLOutputValue): number {
  if (typeof hex !== "string") return -1;
  const end = Math.min(rows.length, from + AHEAD_MAX);
  for (let at = from; at < end; at += 1) if (isIdOf((rows[at] as PassedRow).id, hex)) return at;
  return -1;
}

const HYPHEN = 0x2d;
/** The bit that turns an ASCII capital letter into a small one, and is set in digits already. */
const SMALL = 0x20;

/** Whether capital hex digits, as SQLite's hex() returns them, are those of a UUID. */
function isIdOf(id: string, hex: string): boolean {
  if (hex.length !== 32) return false;
  for (let index = 0, digit = 0; index < id.length; index += 1) {
    const code = id.charCodeAt(index);
    if (code === HYPHEN) continue;
    if ((hex.charCodeAt(digit) | SMALL) !== code) return false;
    digit += 1;
  }
  return true;
}

function matcher(stream: bigint): Matcher {
  // The contract of the fact before, which nearly every fact shares.
  let known: ValidatedRow["contract"] | null = null;
  let text = "";
  // Columns are read by index, because destructuring an array runs an iterator for every row.
  return (row, stored) => {
    if (row.kind !== "validated" || stored[8] !== null) return false;
    if (stored[5] !== stream || stored[6] !== row.position.offset) return false;
    if (row.contract !== known) {
      known = row.contract;
      text = contractText(row.contract);
    }
    return (
      stored[3] === text &&
      stored[4] === (row.declaredBy === "default" ? null : row.declaredBy) &&
      stored[7] === BigInt(row.timestampMs) &&
      stored[9] === originText(row.headers) &&
      isText(stored[2], payloadOf(row))
    );
  };
}
