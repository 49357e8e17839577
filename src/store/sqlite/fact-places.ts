import { UUID_BYTES } from "../../core/uuid.ts";
import type { SQLInputValue, SQLOutputValue } from "node:sqlite";

// Where facts are, by their machine ids. The places come from an index of two tables. A machine id is a hash, so an index into which
// each fact is written at once has another page to write for each of them, and SQLite writes whole pages. This index is written late:
// the ids of an insert are first appended as one run, and those that begin with the same bits, which lie side by side in the index,
// are settled together, in turn (fact-ids.ts). So a page is written once for many ids.
//
// The facts are the truth. An id is taken where a fact with it is at the place that the index names; an entry whose fact is gone says
// nothing. Every fact has an entry, in a run or among the settled ids, from the transaction that stored it on.

/** The column of a fact that the index names. VACUUM may give other rowids to a table without such a column. */
export const PLACE = "place";
/** In how many parts ids are settled, by their first seven bits. */
export const SLICES = 128;

/** The table of settled ids. */
export function idsTable(collection: string): string {
  return `sigma_ids_${collection}`;
}

/** The table of runs: the ids that one insert added, in the order of their places, which follow one another. */
export function runsTable(collection: string): string {
  return `sigma_id_runs_${collection}`;
}

export type Tuple = readonly SQLOutputValue[];

/** Reads rows as arrays, with 64-bit integers as `bigint`. */
export type Tuples = (sql: string, ...values: SQLInputValue[]) => readonly Tuple[];
/** Looks an id up among those that are settled. */
type SettledPlace = (id: Uint8Array) => bigint | null;

/** Finds the places of facts by their ids. */
export type FactPlaces = {
  /** Reads what other connections added since. To be called before ids are looked up, in the same transaction if there is one. */
  readonly follow: () => void;
  /**
   * The place of the fact with an id, if there is one: the fact there may have another id, or be gone.
   * @param key the id as latin1 text, where the caller has it.
   */
  readonly placeOf: (id: Uint8Array, key?: string) => bigint | null;
};

/**
 * The places of some facts, by the keys of their ids, for which keeping all runs is not worth it: {@link FactPlaces} has up to
 * 260,000 ids in memory, and each fact stored meanwhile costs it some time. The runs are read from the newest on, and no further than
 * needed: what is asked for was mostly stored just now. All 260,000 take 3 ms, of 3,000 facts 5 (measured).
 */
export function placesOfSome(
  tuples: Tuples,
  collection: string,
  ids: readonly Uint8Array[],
): ReadonlyMap<string, bigint> {
  const wanted = new Map(ids.map((id) => [keyOf(id), id]));
  // Few ids begin as one that is wanted does, so only few become a text.
  const isWanted = new Uint8Array(2 ** 16);
  for (const id of ids) isWanted[beginning(id, 0)] = 1;
  const found = new Map<string, bigint>();
  const look = (place: bigint, run: Uint8Array): void => {
    if (placesEnd(place, run) > PLACE_MAX) return;
    for (let from = 0; from + UUID_BYTES <= run.length; from += UUID_BYTES) {
      if (isWanted[beginning(run, from)] === 0) continue;
      const key = keyOf(run.subarray(from));
      if (wanted.delete(key)) found.set(key, place + BigInt(from / UUID_BYTES));
    }
  };
  const sql = `SELECT run, place, ids FROM ${runsTable(collection)} WHERE run < ? ORDER BY run DESC LIMIT ${RUNS_AT_ONCE}`;
  for (let before: bigint | null = NEWEST; before !== null && wanted.size > 0;) {
    const runs = tuples(sql, before) as readonly (readonly [bigint, bigint, Uint8Array])[];
    for (const [, place, run] of runs) look(place, run);
    before = runs.length < RUNS_AT_ONCE ? null : (runs.at(-1)?.[0] ?? null);
  }
  const settledPlace = settledIn(tuples, collection);
  for (const [key, id] of wanted) {
    const place = settledPlace(id);
    if (place !== null) found.set(key, place);
  }
  return found;
}

const RUNS_AT_ONCE = 8;
const NEWEST = 2n ** 63n - 1n;

function beginning(id: Uint8Array, from: number): number {
  return ((id[from] as number) << 8) | (id[from + 1] as number);
}

/** The ids that wait in runs, by slice. */
export type Waiting = FactPlaces & {
  readonly slices: Map<string, bigint>[];
  /** How far the runs were read: the last of them, and how many slices were settled by then. */
  readonly at: { run: bigint; settled: bigint };
  readonly forget: () => void;
};

/** The places of a collection whose tables exist. Reading is cheap where nothing was added. */
export function openFactPlaces(tuples: Tuples, collection: string): FactPlaces {
  return openWaiting(tuples, collection, settledIn(tuples, collection));
}

function settledIn(tuples: Tuples, collection: string): SettledPlace {
  const sql = placeSql(collection);
  return (id) => (tuples(sql, id)[0]?.[0] ?? null) as bigint | null;
}

export function placeSql(collection: string): string {
  return `SELECT place FROM ${idsTable(collection)} WHERE id = ?`;
}

export function openWaiting(tuples: Tuples, collection: string, settledPlace: SettledPlace): Waiting {
  const slices = Array.from({ length: SLICES }, () => new Map<string, bigint>());
  const at = { run: NO_RUN, settled: 0n };
  const later = `SELECT run, settled, place, ids FROM ${runsTable(collection)} WHERE run > ? ORDER BY run`;
  const forget = (): void => {
    slices.forEach((slice) => slice.clear());
    [at.run, at.settled] = [NO_RUN, 0n];
  };
  return {
    slices,
    at,
    forget,
    follow: () => {
      for (const [run, settled, place, ids] of tuples(later, at.run) as readonly Run[]) {
        const bytes = Buffer.from(ids.buffer, ids.byteOffset, ids.length);
        const to = placesEnd(place, ids) > PLACE_MAX ? 0 : bytes.length;
        for (let from = 0, next = place; from + UUID_BYTES <= to; from += UUID_BYTES, next += 1n)
          slices[(bytes[from] as number) >>> 1]?.set(bytes.toString("latin1", from, from + UUID_BYTES), next);
        // Where runs in between were dropped, all slices had their turn since, that of this run too where it is the first that is left.
        if (settled - at.settled >= SLICES) slices.forEach((slice) => slice.clear());
        else for (let one = at.settled; one < settled; one += 1n) turnOf(slices, one).clear();
        [at.run, at.settled] = [run, settled];
      }
    },
    placeOf: (id, key = keyOf(id)) => sliceOf(slices, id).get(key) ?? settledPlace(id),
  };
}

const NO_RUN = -1n;
const PLACE_MAX = 2n ** 63n - 1n;

/** The last place of a run, or the one before its first. In a damaged run there is no such place. */
export function placesEnd(place: bigint, ids: Uint8Array): bigint {
  return place + BigInt(Math.floor(ids.length / UUID_BYTES)) - 1n;
}

type Run = readonly [run: bigint, settled: bigint, place: bigint, ids: Uint8Array];

/** The slice whose turn it is to be settled. */
export function turnOf(slices: readonly Map<string, bigint>[], turn: bigint): Map<string, bigint> {
  return slices[Number(BigInt.asUintN(63, turn) % BigInt(SLICES))] as Map<string, bigint>;
}

export function sliceOf(slices: readonly Map<string, bigint>[], id: Uint8Array): Map<string, bigint> {
  return slices[(id[0] as number) >>> 1] as Map<string, bigint>;
}

/** The `key` of an id: a text of one character (latin1) for each byte, which a map compares as a whole. */
export function keyOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, UUID_BYTES).toString("latin1");
}
