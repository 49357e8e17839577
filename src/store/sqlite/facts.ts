import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { UUID_BYTES, uuidBytes } from "../../core/uuid.ts";
import { atomically } from "../../sqlite/open.ts";
import { openFactIds, type FactIds } from "./fact-ids.ts";
import { mendIndex } from "./fact-index.ts";
import { PLACE, type Tuple } from "./fact-places.ts";
import { assertCollectionName, ERASED, FACT, factCollections, ORIGIN } from "./layout.ts";
import { HOLDER_COLUMNS, packHolders, type PackedHolders } from "./packed-holders.ts";
import type { PackedFacts } from "./packed-rows.ts";
import { preparedTuple } from "./tuples.ts";

type Bound = readonly (readonly SQLInputValue[])[];

/** The writes of facts, and the reads that belong to them. Each happens in the caller's transaction. */
export type FactWrites = {
  /** Inserts facts whose ids are free. @returns the places in the stage of the others. */
  readonly insertFacts: (collection: string, facts: PackedFacts) => readonly number[];
  /** The facts with these machine ids, 16 bytes each. */
  readonly holders: (collection: string, ids: Uint8Array) => PackedHolders;
  /** @param rows the values of each fact, in the order of the columns {@link FACT}, {@link ERASED} and {@link ORIGIN}. */
  readonly replaceFacts: (collection: string, rows: Bound) => void;
  readonly removeFacts: (collection: string, ids: readonly string[]) => void;
  /** Makes the index of machine ids anew where facts are not found by their ids. @returns how many facts that were. */
  readonly mendIndex: (dryRun: boolean) => number;
  /** Forgets what was kept in memory of a transaction that was rolled back. */
  readonly forget: () => void;
};

/** Statements on the facts of a collection. They take and give places as `bigint`. */
type OfCollection = {
  readonly ids: FactIds;
  readonly isThere: StatementSync;
  readonly byPlace: StatementSync;
  readonly insertFact: StatementSync;
  readonly insertErased: StatementSync;
  /** Inserts and replaces a fact or an erased fact, with all columns. */
  readonly insertAny: StatementSync;
  readonly replaceAny: StatementSync;
  readonly remove: StatementSync;
};

/** The statements of a collection are prepared at its first use. */
export function prepareFacts(db: DatabaseSync): FactWrites {
  const prepared = new Map<string, OfCollection>();
  const into = (collection: string): OfCollection => {
    let known = prepared.get(collection);
    if (known === undefined) prepared.set(collection, (known = prepareCollection(db, collection)));
    known.ids.follow();
    return known;
  };
  const forget = (): void => prepared.forEach(({ ids }) => ids.forget());
  return {
    insertFacts: (collection, facts) => insertFacts(into(collection), facts),
    // A dry run of a repair asks for the holders of facts whose table somebody dropped.
    holders: (collection, ids) =>
      prepared.has(collection) || hasFacts(db, collection) ? holdersOf(into(collection), ids) : packHolders([]),
    replaceFacts: (collection, rows) => replaceFacts(into(collection), rows),
    removeFacts: (collection, ids) => removeFacts(into(collection), ids),
    mendIndex: (dryRun) => {
      const mend = (): number =>
        factCollections(db).reduce((sum, collection) => sum + mendIndex(db, collection, dryRun), 0);
      forget();
      return dryRun ? mend() : atomically(db, mend);
    },
    forget,
  };
}

function insertFacts(into: OfCollection, facts: PackedFacts): readonly number[] {
  const { ids: index, insertFact, insertErased } = into;
  const { stream, places, ids, offsets, times, terms, termsOf, payloads, ends, erased, origins } = facts;
  const taken: number[] = [];
  const bytes = Buffer.from(ids.buffer, ids.byteOffset, ids.length);
  for (let at = 0, from = 0; at < places.length; at += 1) {
    const to = ends[at] as number;
    const id = ids.subarray(at * UUID_BYTES, (at + 1) * UUID_BYTES);
    const key = bytes.toString("latin1", at * UUID_BYTES, (at + 1) * UUID_BYTES);
    if (isTaken(into, id, key)) taken.push(places[at] as number);
    else {
      const { contract, declared } = termsOf[terms[at] as number] as PackedFacts["termsOf"][number];
      const [offset, time] = [offsets[at] as bigint, times[at] as bigint];
      const origin = origins?.[at] ?? null;
      const payload = payloads.subarray(from, to);
      const made = insertFact.run(id, payload, contract, declared, stream, offset, time, origin);
      index.add(id, made.lastInsertRowid as bigint, key);
    }
    from = to;
  }
  for (const { place, values } of erased) {
    const id = values[0] as Uint8Array;
    if (isTaken(into, id)) taken.push(place);
    else index.add(id, insertErased.run(...values).lastInsertRowid as bigint);
  }
  index.settle();
  return taken;
}

/** Whether a fact with this id is stored. An entry of the index whose fact is gone, or is another by now, does not count. */
function isTaken({ ids, isThere }: OfCollection, id: Uint8Array, key?: string): boolean {
  const place = ids.placeOf(id, key);
  return place !== null && isThere.get(place, id) !== undefined;
}

function holdersOf({ ids, byPlace }: OfCollection, asked: Uint8Array): PackedHolders {
  const rows = Array.from({ length: asked.length / UUID_BYTES }, (_, index) => {
    const id = asked.subarray(index * UUID_BYTES, (index + 1) * UUID_BYTES);
    const place = ids.placeOf(id);
    return place === null ? undefined : (byPlace.get(place, id) as unknown as Tuple | undefined);
  });
  return packHolders(rows);
}

function replaceFacts(into: OfCollection, rows: Bound): void {
  const { ids, insertAny, replaceAny } = into;
  for (const values of rows) {
    const id = values[0] as Uint8Array;
    const place = ids.placeOf(id);
    if (place !== null && replaceAny.run(...values, place, id).changes > 0n) continue;
    ids.add(id, insertAny.run(...values).lastInsertRowid as bigint);
  }
  ids.settle();
}

function removeFacts({ ids, remove }: OfCollection, keys: readonly string[]): void {
  for (const key of keys) {
    const id = uuidBytes(key);
    const place = ids.placeOf(id);
    if (place !== null && remove.run(place, id).changes > 0n) ids.remove(id);
  }
}

function hasFacts(db: DatabaseSync, collection: string): boolean {
  const table = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?");
  return table.get(`validated_${collection}`) !== undefined;
}

function prepareCollection(db: DatabaseSync, collection: string): OfCollection {
  assertCollectionName(collection);
  const table = `validated_${collection}`;
  const facts = (sql: string): StatementSync => {
    const made = db.prepare(sql);
    made.setReadBigInts(true);
    return made;
  };
  const there = `FROM ${table} WHERE ${PLACE} = ? AND _id = ?`;
  const all = [...FACT, ERASED, ORIGIN];
  const sets = all.map((column) => `${column} = ${boundAs(column)}`).join(", ");
  return {
    ids: openFactIds(db, collection),
    isThere: facts(`SELECT 1 ${there}`),
    byPlace: preparedTuple(db, `SELECT ${HOLDER_COLUMNS} ${there}`),
    insertFact: facts(insertFactSql(table, [...FACT, ORIGIN])),
    insertErased: facts(insertFactSql(table, [...FACT, ERASED])),
    insertAny: facts(insertFactSql(table, all)),
    replaceAny: facts(`UPDATE ${table} SET ${sets} WHERE ${PLACE} = ? AND _id = ?`),
    remove: facts(`DELETE ${there}`),
  };
}

function insertFactSql(table: string, columns: readonly string[]): string {
  return `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(boundAs).join(", ")})`;
}

/** A payload is bound as bytes and stored as text: decoding it to a string first costs as much again as the insert. */
export function boundAs(column: string): string {
  return column === "payload" ? "CAST(? AS TEXT)" : "?";
}
