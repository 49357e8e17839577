import type { DatabaseSync } from "node:sqlite";
import {
  ID_BYTES,
  idsTable,
  openFactPlaces,
  PLACE,
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
  const next = typeof run === "bigint" ? run + 1n : 0n;
  const all = (typeof settled === "bigint" ? settled : 0n) + BigInt(SLICES);
  db.prepare(`INSERT INTO ${runs} VALUES (?, ?, 0, x'')`).run(next, all);
}

/** How many facts of a collection their ids do not lead to. */
export function unindexedFacts(tuples: Tuples, collection: string): number {
  const places = openFactPlaces(tuples, collection);
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
    places.follow();
    count += page.filter(([id, place]) => {
      if (!(id instanceof Uint8Array) || id.length !== ID_BYTES) return true;
      // A fact may have been removed meanwhile.
      return places.placeOf(id) !== place && tuples(isThere, place ?? null, id).length > 0;
    }).length;
    after = page.length < PAGE ? null : (page.at(-1)?.[1] as bigint);
  }
  return count;
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
  const idsOf = `SELECT group_concat(hex(_id), '') FROM (SELECT f._id ${facts} WHERE ${there} ORDER BY f.${PLACE})`;
  const unsettled = `SELECT count(*) ${facts}
    LEFT JOIN ${idsTable(collection)} i ON i.id = f._id AND i.place = f.${PLACE}
    WHERE ${there} AND NOT (f._id >= ? AND f._id < ?) AND NOT (f._id >= ? AND f._id < ?) AND i.place IS NULL`;
  const runs = tuples(`SELECT place, ids, settled FROM ${runsTable(collection)} ORDER BY run`);
  const settled = (runs.at(-1)?.[2] ?? 0n) as bigint;
  const covered: Range[] = [];
  let before = 0n;
  for (const [from, ids, until] of runs as readonly (readonly [bigint, Uint8Array, bigint])[]) {
    const to = from + BigInt(Math.floor(ids.length / ID_BYTES));
    const waiting = waitingRanges(before, settled);
    before = until;
    if (to === from || tuples(idsOf, from, to)[0]?.[0] !== Buffer.from(ids).toString("hex").toUpperCase()) continue;
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
const AFTER_ALL = new Uint8Array(ID_BYTES + 1).fill(0xff);

/** What is wrong with the indexes of collections, a sentence each. A fact that its id does not lead to could be stored a second time. */
export function indexFaults(tuples: Tuples, collections: readonly string[]): readonly string[] {
  return collections.flatMap((collection) => {
    const count = unindexedFacts(tuples, collection);
    return count === 0
      ? []
      : [`the index of ids leads to another place, or to none, for ${count} of validated_${collection}`];
  });
}

/** Makes the index of a collection anew where it is wrong. @returns how many facts their ids did not lead to. */
export function mendIndex(db: DatabaseSync, collection: string, dryRun: boolean): number {
  const unindexed = unindexedFacts(preparedTuples(db), collection);
  if (unindexed > 0 && !dryRun) indexFacts(db, collection);
  return unindexed;
}
