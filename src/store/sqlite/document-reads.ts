import type { SQLInputValue } from "node:sqlite";
import { uuidBytes, uuidText } from "../../core/uuid.ts";
import type { DocumentPlace, RefusalOf, StoreReads } from "../store.ts";
import { compareFacts, compareFailed, compareReceipts } from "./compare.ts";
import { holderOf } from "./holders.ts";
import { keyOf, openFactPlaces, PLACE, placesOfSome, type FactPlaces } from "./fact-places.ts";
import { assertCollectionName, type ObjectTable } from "./layout.ts";
import type { OrderedReading } from "./ordered-reading.ts";
import { HOLDER_COLUMNS, holdersFrom, packHolders } from "./packed-holders.ts";
import { readFailure, type Row } from "./rows.ts";
import { stagedRowsOf, stageFacts, stageFailed } from "./staged.ts";
import type { Streams } from "./streams.ts";

/** The reading connection. It returns 64-bit integers as `bigint`. */
type Reading = OrderedReading & {
  readonly get: (sql: string, ...values: SQLInputValue[]) => Row | undefined;
  /** Whether the file has this table. */
  readonly has: (table: string) => boolean;
  readonly guard: <T>(run: () => T) => T;
  readonly tables: () => readonly ObjectTable[];
  readonly path: string;
};

type DocumentReads = Pick<
  StoreReads,
  | "streamNotes"
  | "holders"
  | "stageFacts"
  | "stageFailed"
  | "refusalOf"
  | "compareFacts"
  | "compareFailed"
  | "compareReceipts"
  | "failureAt"
  | "documentPlaces"
>;

/** The reads of facts, failures and receipts. A collection that has no table has no documents. */
export function openDocumentReads(reading: Reading, streams: Streams): DocumentReads {
  const { all, get, tuples, has, guard, tables, path } = reading;
  const known = new Map<string, FactPlaces>();
  const placesIn = (collection: string): FactPlaces => {
    let places = known.get(collection);
    if (places === undefined) known.set(collection, (places = openFactPlaces(tuples, collection)));
    places.follow();
    return places;
  };
  return {
    streamNotes: async () => guard(streams.all),
    holders: async (collection, ids) => {
      assertCollectionName(collection);
      if (!has(`validated_${collection}`)) return new Map();
      const sql = `SELECT ${HOLDER_COLUMNS} FROM validated_${collection} WHERE ${PLACE} = ? AND _id = ?`;
      return guard(() => {
        const wanted = ids.map(uuidBytes);
        const places = placesOfSome(tuples, collection, wanted);
        const rows = wanted.map((id) => {
          const place = places.get(keyOf(id));
          return place === undefined ? undefined : tuples(sql, place, id)[0];
        });
        return holdersFrom(packHolders(rows), ids, streams, path);
      });
    },
    stageFacts,
    stageFailed,
    refusalOf,
    compareFacts: async (collection, facts) => {
      assertCollectionName(collection);
      const staged = stagedRowsOf(facts);
      if (!has(`validated_${collection}`)) return allMissing(staged.rows.length);
      return guard(() => {
        const places = placesIn(collection);
        return compareFacts({ ...reading, places }, collection, staged, (row) => holderOf(row, streams));
      });
    },
    compareFailed: async (collection, failed) => {
      assertCollectionName(collection);
      const staged = stagedRowsOf(failed);
      if (!has(`failed_${collection}`)) return allMissing(staged.rows.length);
      return guard(() => compareFailed(reading, collection, staged));
    },
    compareReceipts: async ({ number }, receipts) => compareReceipts(get, number, receipts),
    failureAt: async (collection, { number }, offset) => {
      assertCollectionName(collection);
      if (!has(`failed_${collection}`)) return null;
      const row = get(`SELECT * FROM failed_${collection} WHERE stream = ? AND offset = ?`, number, offset);
      return row === undefined ? null : readFailure(row);
    },
    documentPlaces: () => placesOf(all, tables()),
  };
}

function allMissing(count: number): ReadonlyMap<number, { readonly kind: "missing" }> {
  return new Map(Array.from({ length: count }, (_, place) => [place, { kind: "missing" }]));
}

/** SQLite can store every record: its limit of 1 GB for a value is larger than any record. */
export const refusalOf: RefusalOf = () => null;

const PAGE = 1_000;

async function* placesOf(
  all: Reading["all"],
  tables: readonly ObjectTable[],
): AsyncGenerator<readonly DocumentPlace[]> {
  for (const { name, kind } of tables) {
    const collection = kind === "receipt" ? "" : name.slice(name.indexOf("_") + 1);
    // The table of receipts has no rowid, so its pages follow its primary key.
    const sql =
      kind === "receipt"
        ? "SELECT * FROM sigma_receipts WHERE (stream, offset) > (?, ?) ORDER BY stream, offset LIMIT ?"
        : `SELECT rowid AS row, * FROM ${name} WHERE rowid > ? AND ? = 0 ORDER BY rowid LIMIT ?`;
    for (let after: readonly [SQLInputValue, SQLInputValue] = [kind === "receipt" ? -1n : 0n, 0n]; ;) {
      const page = all(sql, ...after, PAGE);
      yield page.map((row) => placeOf(kind, collection, row));
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      after = kind === "receipt" ? [last["stream"] ?? null, last["offset"] ?? null] : [last["row"] ?? null, 0n];
    }
  }
}

function placeOf(kind: DocumentPlace["kind"], collection: string, row: Row): DocumentPlace {
  const [id, of, stream, offset] = [row["_id"], row["of"], Number(row["stream"]), row["offset"] as bigint];
  const named = id instanceof Uint8Array ? uuidText(id) : of instanceof Uint8Array ? uuidText(of) : "";
  return { kind, collection, id: kind === "failed" ? `${stream}@${offset}` : named, stream, offset };
}
