import type { SQLOutputValue } from "node:sqlite";
import { uuidBytes } from "../../core/uuid.ts";
import type { PassedRow, ValidatedRow } from "../store.ts";
import { ERASED, FACT } from "./layout.ts";
import { contractText, payloadOf } from "./rows.ts";
import { INLINE_BYTES_MAX, isAsLaidOut, isText, PAGE_MAX, type OrderedReading } from "./ordered-reading.ts";
import type { StagedRows } from "./staged.ts";

/** Rows read the first time, when nobody knows yet whether they are those of the entry; then four times as many, and so on. */
const PAGE_MIN = 32;
/** So many facts one behind the other may be held by others before the place in the table is looked for anew. */
const AHEAD_MAX = 256;
/** So many rows may be other than they should be, or so few as they should be, before it is not worth reading on. */
const VAIN = 16;

/**
 * Which facts are stored, each under its id and each column just as it should be, by their places: 1 where it was seen. The facts of
 * an entry were inserted in one transaction, so their rows mostly follow each other, and reading on costs a tenth of looking an id up.
 * Where a row stands proves nothing: it is a fact's by the id that it has. Of any other fact nothing is said here, neither that it is
 * missing nor that it differs: that is told by its id.
 */
export function factsInOrder(
  reading: OrderedReading,
  collection: string,
  { stream, rows }: StagedRows<PassedRow>,
): Uint8Array {
  const seen = new Uint8Array(rows.length);
  const table = `validated_${collection}`;
  if (!isAsLaidOut(reading, table, [...FACT, ERASED])) return seen;
  const isStored = matcher(BigInt(stream));
  // What is held by others has no row here. Each time that a place is looked for in vain twice as many are left to their ids, so that an
  // entry of nothing but duplicates costs a few looks more.
  let left = VAIN;
  for (let place = 0; place < rows.length;) {
    const { id } = rows[place] as PassedRow;
    const [first] = reading.tuples(`SELECT rowid FROM ${table} WHERE _id = ?`, uuidBytes(id));
    const run = first === undefined ? null : readOn(reading, table, rows, place, first[0] ?? 0n, isStored);
    for (const at of run?.stored ?? []) seen[at] = 1;
    const isVain = run === null || run.stored.length < VAIN;
    place = Math.max(run?.end ?? 0, place + (isVain ? left : 1));
    left = isVain ? left * 2 : VAIN;
  }
  return seen;
}

type Matcher = (row: PassedRow, stored: readonly SQLOutputValue[]) => boolean;

/** The places of facts that are as they should be, and the place behind the last whose row was seen. */
type Run = { readonly stored: readonly number[]; readonly end: number };

/** Reads on from a row, while rows are those of the facts from a place on. */
function readOn(
  { tuples }: OrderedReading,
  table: string,
  rows: readonly PassedRow[],
  start: number,
  first: SQLOutputValue,
  isStored: Matcher,
): Run {
  const sql = `SELECT rowid, CASE typeof(_id) WHEN 'blob' THEN hex(_id) END,
    CASE WHEN octet_length(payload) <= ${INLINE_BYTES_MAX} THEN payload END, contract, declared, stream, offset, at, ${ERASED}
    FROM ${table} WHERE rowid >= ? ORDER BY rowid LIMIT ?`;
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

/** Where the fact with an id is among the next ones: those between have rows elsewhere. -1 when it is none of them. */
function placeOf(rows: readonly PassedRow[], from: number, hex: SQLOutputValue): number {
  if (typeof hex !== "string") return -1;
  const end = Math.min(rows.length, from + AHEAD_MAX);
  for (let at = from; at < end; at += 1) if (isIdOf((rows[at] as PassedRow).id, hex)) return at;
  return -1;
}

const HYPHEN = 0x2d;
/** What makes a capital letter small, and leaves a digit as it is. */
const SMALL = 0x20;

/** Whether digits in capitals, as SQLite writes them, are those of a UUID. */
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
  // Nearly every fact has the contract of the one before.
  let known: ValidatedRow["contract"] | null = null;
  let text = "";
  // By index: an array taken apart is walked by an iterator, row for row.
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
      isText(stored[2], payloadOf(row))
    );
  };
}
