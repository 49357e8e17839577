import { UUID_BYTES } from "../../core/uuid.ts";
import type { DatabaseSync } from "node:sqlite";
import {
  idsTable,
  keyOf,
  PLACE,
  placesEnd,
  placesOfSome,
  runsTable,
  SLICES,
  type Tuple,
  type Tuples,
} from "./fact-places.ts";
import { preparedTuple, preparedTuples } from "./tuples.ts";

// The tables of the index of machine ids as a whole: made, made anew, and compared with the facts.

/**
 * Creates the two tables of a collection if they are missing. `settled` of a run: how many slices were settled before and with it.
 * @returns whether one was missing.
 */
export function createIds(db: DatabaseSync, collection: string): boolean {
  const names = [idsTable(collection), runsTable(collection)];
  const there = db.prepare("SELECT count(*) AS count FROM sqlite_schema WHERE type = 'table' AND name IN (?, ?)");
  if (there.get(...names)?.["count"] === names.length) return false;
  db.exec(`
    CREATE TABLE IF NOT EXISTS ${idsTable(collection)} (
      id BLOB PRIMARY KEY,
      place INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS ${runsTable(collection)} (
      run INTEGER PRIMARY KEY,
      settled INTEGER NOT NULL,
      place INTEGER NOT NULL,
      ids BLOB NOT NULL
    ) STRICT;`);
  return true;
}

/**
 * Makes the index of a collection anew from its facts. The runs are dropped but for an empty one, by whose number other connections see that
 * all slices are settled.
 */
export function indexFacts(db: DatabaseSync, collection: string): void {
  const [index, runs] = [idsTable(collection), runsTable(collection)];
  createIds(db, collection);
  const [run, settled] = (preparedTuple(db, `SELECT max(run), max(settled) FROM ${runs}`).get() ?? []) as Tuple;
  db.exec(`DELETE FROM ${index}; DELETE FROM ${runs};
    INSERT INTO ${index} SELECT _id, min(${PLACE}) FROM validated_${collection} GROUP BY _id ORDER BY _id`);
  const next = isNumber(run) ? run + 1n : 0n;
  const all = (isNumber(settled) ? settled : 0n) + BigInt(SLICES);
  db.prepare(`INSERT INTO ${runs} VALUES (?, ?, 0, x'')`).run(next, all);
}

/** Numbers of runs and of settled slices stay below this; none is reached by counting. */
const NUMBER_MAX = 2n ** 62n;

function isNumber(value: Tuple[number] | undefined): value is bigint {
  return typeof value === "bigint" && value >= 0n && value < NUMBER_MAX;
}

/** How many facts of a collection their ids do not lead to, or would not once more are stored. */
export function unindexedFacts(tuples: Tuples, collection: string): number {
  return Math.max(factsNotFound(tuples, collection), idsInWrongRuns(tuples, collection));
}

/** Behind a run whose numbers cannot be counted on, no other could be written. */
function idsInWrongRuns(tuples: Tuples, collection: string): number {
  const isWrong = `run NOT BETWEEN 0 AND ${NUMBER_MAX - 1n} OR settled NOT BETWEEN 0 AND ${NUMBER_MAX - 1n}`;
  const sql = `SELECT sum(max(length(ids) / ${UUID_BYTES}, 1)) FROM ${runsTable(collection)} WHERE ${isWrong}`;
  return Number(tuples(sql)[0]?.[0] ?? 0n);
}

function factsNotFound(tuples: Tuples, collection: string): number {
  const covered = coveredByRuns(tuples, collection);
  // The other facts should be among the settled ids; the ids of some may have come into runs meanwhile, or wait in a run that is damaged.
  const sql = `SELECT f._id, f.${PLACE} FROM validated_${collection} f
    LEFT JOIN ${idsTable(collection)} i ON i.id = f._id AND i.place = f.${PLACE}
    WHERE ${covered.map(({ from, to }) => `f.${PLACE} NOT BETWEEN ${from} AND ${to - 1n} AND `).join("")} i.place IS NULL
      AND f.${PLACE} > ? ORDER BY f.${PLACE} LIMIT ${PAGE}`;
  const isThere = `SELECT 1 FROM validated_${collection} WHERE ${PLACE} = ? AND _id = ?`;
  let count = 0;
  for (let after: bigint | null = LEAST_PLACE; after !== null;) {
    const page = tuples(sql, after);
    const places = placesOfSome(
      tuples,
      collection,
      page.flatMap(([id]) => (isId(id) ? [id] : [])),
    );
    count += page.filter(([id, place]) => {
      if (!isId(id)) return true;
      // A fact may have been removed meanwhile.
      return places.get(keyOf(id)) !== place && tuples(isThere, place ?? null, id).length > 0;
    }).length;
    after = page.length < PAGE ? null : (page.at(-1)?.[1] as bigint);
  }
  return count;
}

function isId(value: Tuple[number] | undefined): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array && value.length === UUID_BYTES;
}

/** Facts are read in pages: without its index, none of millions has an entry. */
const PAGE = 10_000;
const LEAST_PLACE = -(2n ** 63n);

type Range = { readonly from: bigint; readonly to: bigint };

/**
 * The ranges of places of runs whose facts all have their entries: their ids are those of the run, and the slices of which a reader of the
 * runs takes them for settled are settled. SQLite does the comparing: fact by fact it takes several times as long here.
 */
function coveredByRuns(tuples: Tuples, collection: string): readonly Range[] {
  const facts = `FROM validated_${collection} f`;
  const there = `f.${PLACE} >= ? AND f.${PLACE} < ?`;
  const idsOf = `SELECT CAST(group_concat(_id, '') AS BLOB) FROM (SELECT f._id ${facts} WHERE ${there} ORDER BY f.${PLACE})`;
  const isRun = (stored: Tuple[number] | undefined, ids: Uint8Array): boolean =>
    stored instanceof Uint8Array && Buffer.compare(stored, ids) === 0;
  const unsettled = `SELECT count(*) ${facts}
    LEFT JOIN ${idsTable(collection)} i ON i.id = f._id AND i.place = f.${PLACE}
    WHERE ${there} AND NOT (f._id >= ? AND f._id < ?) AND NOT (f._id >= ? AND f._id < ?) AND i.place IS NULL`;
  const runs = tuples(`SELECT place, ids, settled FROM ${runsTable(collection)} ORDER BY run`);
  const settled = (runs.at(-1)?.[2] ?? 0n) as bigint;
  const covered: Range[] = [];
  let before = 0n;
  for (const [from, ids, until] of runs as readonly (readonly [bigint, Uint8Array, bigint])[]) {
    const to = placesEnd(from, ids) + 1n;
    const waiting = waitingRanges(before, settled);
    before = until;
    if (to === from || to >= 2n ** 63n || !isRun(tuples(idsOf, from, to)[0]?.[0], ids)) continue;
    if (tuples(unsettled, from, to, ...waiting)[0]?.[0] !== 0n) continue;
    const last = covered.at(-1);
    if (last?.to === from) covered[covered.length - 1] = { from: last.from, to };
    else covered.push({ from, to });
  }
  return covered;
}

/**
 * The ids that wait of a run, where so many slices were settled before it and by now: two ranges, the first and the one after the last of
 * each. What a reader takes for settled follows from the same two numbers ({@link FactPlaces}).
 */
function waitingRanges(before: bigint, now: bigint): readonly Uint8Array[] {
  const turns = now - before;
  const [from, to] = [
    Number(BigInt.asUintN(63, now) % BigInt(SLICES)),
    Number(BigInt.asUintN(63, before) % BigInt(SLICES)),
  ];
  if (turns >= SLICES) return [AFTER_ALL, AFTER_ALL, AFTER_ALL, AFTER_ALL];
  if (turns <= 0n) return [idAt(0), AFTER_ALL, AFTER_ALL, AFTER_ALL];
  return from < to ? [idAt(from), idAt(to), AFTER_ALL, AFTER_ALL] : [idAt(from), AFTER_ALL, idAt(0), idAt(to)];
}

/** The first bytes of a slice's ids. */
function idAt(slice: number): Uint8Array {
  return Uint8Array.of(slice * 2);
}

/** Behind every id. */
const AFTER_ALL = new Uint8Array(UUID_BYTES + 1).fill(0xff);

/** What is wrong with the indexes of collections, a sentence each. A fact that its id does not lead to could be stored a second time. */
export function indexFaults(tuples: Tuples, collections: readonly string[]): readonly string[] {
  return collections.flatMap((collection) => {
    const count = unindexedFacts(tuples, collection);
    return count === 0
      ? []
      : [`the index of ids leads to another place, or to none, for ${count} of validated_${collection}`];
  });
}

/**
 * Makes the index of a collection anew where it is wrong. Exact copies of a fact, which no entry can lead to besides the fact, are removed.
 * @returns how many facts their ids did not lead to.
 */
export function mendIndex(db: DatabaseSync, collection: string, dryRun: boolean): number {
  const unindexed = unindexedFacts(preparedTuples(db), collection);
  if (unindexed > 0 && !dryRun) {
    removeCopies(db, collection);
    indexFacts(db, collection);
  }
  return unindexed;
}

function removeCopies(db: DatabaseSync, collection: string): void {
  const table = `validated_${collection}`;
  const columns = db.prepare("SELECT name FROM pragma_table_info(?)").all(table);
  const others = columns.map(({ name }) => String(name)).filter((name) => name !== PLACE);
  const isCopy = others.map((name) => `copy."${name}" IS kept."${name}"`).join(" AND ");
  db.exec(`DELETE FROM ${table} WHERE ${PLACE} IN (
    SELECT copy.${PLACE} FROM (SELECT _id, min(${PLACE}) AS first FROM ${table} GROUP BY _id HAVING count(*) > 1) twice
    JOIN ${table} kept ON kept.${PLACE} = twice.first
    JOIN ${table} copy ON copy._id = twice._id AND copy.${PLACE} <> twice.first
    WHERE ${isCopy})`);
}
