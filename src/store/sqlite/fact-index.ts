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
  // Ids that wait in runs are not in the index yet; it may have them by the time the runs are read.
  const sql = `SELECT f._id, f.${PLACE} FROM validated_${collection} f
    LEFT JOIN ${idsTable(collection)} i ON i.id = f._id AND i.place = f.${PLACE} WHERE i.place IS NULL`;
  const open = tuples(sql);
  places.follow();
  const isThere = `SELECT 1 FROM validated_${collection} WHERE ${PLACE} = ? AND _id = ?`;
  return open.filter(([id, place]) => {
    if (!(id instanceof Uint8Array) || id.length !== ID_BYTES) return true;
    // A fact may have been removed meanwhile.
    return places.placeOf(id) !== place && tuples(isThere, place ?? null, id).length > 0;
  }).length;
}

/** What is wrong with the indexes of collections, a sentence each. A fact that its id does not lead to could be stored a second time. */
export function indexFaults(tuples: Tuples, collections: readonly string[]): readonly string[] {
  return collections.flatMap((collection) => {
    const count = unindexedFacts(tuples, collection);
    return count === 0
      ? []
      : [
          `the index of ids leads to another place, or to none, for ${count} of validated_${collection}: run \`sigma store repair\``,
        ];
  });
}

/** Makes the index of a collection anew where it is wrong. @returns how many facts their ids did not lead to. */
export function mendIndex(db: DatabaseSync, collection: string, dryRun: boolean): number {
  const unindexed = unindexedFacts(preparedTuples(db), collection);
  if (unindexed > 0 && !dryRun) indexFacts(db, collection);
  return unindexed;
}
