import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { uuidText } from "../../core/uuid.ts";
import { exactInteger } from "../../json/exact-integer.ts";
import { parseContractText } from "../contract-text.ts";
import {
  withReason,
  type FailureOrder,
  type FailurePageQuery,
  type FailureReads,
  type FailureRecord,
} from "../failures.ts";
import type { StreamNote } from "../stream-note.ts";
import { assertCollectionName, ORIGIN, type ObjectTable } from "./layout.ts";
import type { OrderedReading } from "./ordered-reading.ts";
import { readFailure } from "./rows.ts";
import type { Streams } from "./streams.ts";

/** The most failures of one origin that are read. */
const FROM_MAX = 100;
/** The order in which {@link readRecord} takes them. A page may look at a thousand rows: arrays are read faster than objects. */
const LIGHT = "stream, offset, code, reason, fingerprint, contract, declared, identity, at, producer, origin";

/** The reads of failures. */
export function openFailureReads(
  all: OrderedReading["tuples"],
  tables: () => readonly ObjectTable[],
  streams: Streams,
  has: (table: string) => boolean,
): FailureReads {
  const readAll = (collection: string, rows: readonly Tuple[]): readonly FailureRecord[] => {
    const notes = new Map<unknown, StreamNote | null>();
    const found: FailureRecord[] = [];
    for (const row of rows) {
      const [number] = row;
      let stream = notes.get(number);
      if (stream === undefined) notes.set(number, (stream = streams.byNumber(Number(number))));
      if (stream !== null) found.push(readRecord(collection, stream, row));
    }
    return found;
  };
  const whole = new Set<string>();
  // A file that nobody wrote since has no such column; once there, it stays.
  const lightOf = (collection: string): string => {
    if (whole.has(collection)) return LIGHT;
    const sql = "SELECT 1 FROM pragma_table_info(?) WHERE name = ?";
    const isThere = all(sql, `failed_${collection}`, ORIGIN).length > 0;
    if (isThere) whole.add(collection);
    return isThere ? LIGHT : LIGHT.replace(`, ${ORIGIN}`, `, NULL AS ${ORIGIN}`);
  };
  return {
    failureCollections: async () =>
      tables().flatMap(({ name, kind }) => (kind === "failed" ? [name.slice("failed_".length)] : [])),
    failurePage: async (collection, query) => {
      assertCollectionName(collection);
      if (!has(`failed_${collection}`)) return [];
      const { sql, values } = pageOf(collection, query, lightOf(collection));
      return readAll(collection, all(sql, ...values));
    },
    failuresAt: async (collection, stream, offsets) => {
      assertCollectionName(collection);
      if (!has(`failed_${collection}`)) return [];
      const sql = `SELECT ${lightOf(collection)} FROM failed_${collection} WHERE stream = ? AND offset = ?`;
      return readAll(
        collection,
        inOrder(offsets).flatMap((offset) => all(sql, stream.number, offset)),
      );
    },
    failuresFrom: async (collection, origin) => {
      assertCollectionName(collection);
      const light = lightOf(collection);
      if (light !== LIGHT) return [];
      const sql = `SELECT ${light} FROM failed_${collection} WHERE origin = ? ORDER BY stream, offset LIMIT ?`;
      return readAll(collection, all(sql, origin, FROM_MAX));
    },
    failureRecord: async (collection, stream, offset) => {
      assertCollectionName(collection);
      if (!has(`failed_${collection}`)) return null;
      const sql = `SELECT ${lightOf(collection)}, payload FROM failed_${collection} WHERE stream = ? AND offset = ?`;
      return readAll(collection, all(sql, stream.number, offset))[0] ?? null;
    },
  };
}

function inOrder(offsets: readonly bigint[]): readonly bigint[] {
  return offsets.toSorted((a, b) => (a < b ? -1 : 1));
}

/** Each condition and the order follow one index: (at, stream, offset), alone or behind the fingerprint or the code. */
export function pageOf(
  collection: string,
  query: FailurePageQuery,
  light: string = LIGHT,
): { readonly sql: string; readonly values: SQLInputValue[] } {
  const { along, fromMs, toMs, after, limit, withPayload } = query;
  const conditions: string[] = [];
  const values: SQLInputValue[] = [];
  const demand = (condition: string, ...given: SQLInputValue[]): void => {
    conditions.push(condition);
    values.push(...given);
  };
  const [index, column, value] = indexOf(along);
  if (column !== null) demand(`${column} = ?`, value);
  if (fromMs !== null) demand("at >= ?", fromMs);
  if (toMs !== null) demand("at < ?", toMs);
  if (after !== null) demand("(at, stream, offset) < (?, ?, ?)", after.atMs, after.stream.number, after.offset);
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const columns = withPayload ? `${light}, payload` : light;
  // Without a hint SQLite, which has no statistics here, might choose another index and sort.
  const sql = `SELECT ${columns} FROM failed_${collection} INDEXED BY failed_${collection}_${index} ${where}
    ORDER BY at DESC, stream DESC, offset DESC LIMIT ?`;
  return { sql, values: [...values, limit] };
}

function indexOf(along: FailureOrder): readonly [index: string, column: string | null, value: SQLInputValue] {
  switch (along.kind) {
    case "time":
      return ["time", null, null];
    case "group":
      return ["group", "fingerprint", along.fingerprint];
    case "code":
      return ["code", "code", along.code];
  }
}

type Tuple = readonly SQLOutputValue[];

function readRecord(collection: string, stream: StreamNote, row: Tuple): FailureRecord {
  const [
    ,
    offset,
    code = null,
    reason = null,
    fingerprint = null,
    contract,
    declared,
    identity,
    at,
    producer,
    origin,
    payload,
  ] = row;
  return withReason(
    {
      collection,
      stream,
      offset: offset as bigint,
      atMs: exactInteger(at as bigint),
      code: String(code),
      fingerprint: String(fingerprint),
      contract: parseContractText(textOf(contract) ?? ""),
      declaredBy: textOf(declared),
      producer: textOf(producer),
      origin: textOf(origin),
      identity: identity instanceof Uint8Array ? uuidText(identity) : null,
      payloadText: payloadTextOf(payload),
    },
    () => readFailure({ reason, code, fingerprint })?.reason ?? null,
  );
}

function textOf(value: SQLOutputValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}

/** A payload is bound as bytes in a column of text, which SQLite keeps as they were given: bytes, or text where a person changed it. */
function payloadTextOf(payload: SQLOutputValue | undefined): string | null {
  if (payload instanceof Uint8Array) return Buffer.from(payload).toString("utf8");
  return typeof payload === "string" ? payload : null;
}
