import { UUID_BYTES } from "../../core/uuid.ts";
import type { DatabaseSync } from "node:sqlite";
import {
  idsTable,
  keyOf,
  openWaiting,
  placeSql,
  runsTable,
  sliceOf,
  SLICES,
  turnOf,
  type FactPlaces,
  type Tuple,
} from "./fact-places.ts";
import { preparedTuple, preparedTuples } from "./tuples.ts";

/** The most ids that are added while one slice is settled: so at most some 260,000 ids wait in runs, whatever a batch has. */
const IDS_FOR_A_SLICE = 4_096;

/** The index of a collection, as the writing connection has it. Everything happens in the caller's transaction. */
export type FactIds = FactPlaces & {
  /** Notes the place of a fact that was just inserted. Places of one run follow one another. */
  readonly add: (id: Uint8Array, place: bigint, key?: string) => void;
  /** Writes what was added as a run, and settles the slices whose turn it is. */
  readonly settle: () => void;
  readonly remove: (id: Uint8Array) => void;
  /** Forgets what was read and added, since a transaction was rolled back. */
  readonly forget: () => void;
};

export function openFactIds(db: DatabaseSync, collection: string): FactIds {
  const [index, runs] = [idsTable(collection), runsTable(collection)];
  const look = preparedTuple(db, placeSql(collection));
  const waiting = openWaiting(preparedTuples(db), collection, (id) => {
    // Called for each fact: nothing is allocated for an id that is new.
    const found = look.get(id) as unknown as Tuple | undefined;
    return found === undefined ? null : (found[0] as bigint);
  });
  const { slices, at } = waiting;
  const putRun = db.prepare(`INSERT INTO ${runs} VALUES (?, ?, ?, ?)`);
  const dropRuns = db.prepare(`DELETE FROM ${runs} WHERE settled <= ?`);
  const put = db.prepare(`INSERT INTO ${index} VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET place = excluded.place`);
  const drop = db.prepare(`DELETE FROM ${index} WHERE id = ?`);
  const added = { ids: Buffer.allocUnsafe(UUID_BYTES * IDS_FOR_A_SLICE), count: 0, place: 0n };
  const settleSlice = (slice: Map<string, bigint>): void => {
    for (const [key, place] of [...slice].toSorted(byKey)) put.run(Buffer.from(key, "latin1"), place);
    slice.clear();
  };
  const settle = (): void => {
    if (added.count === 0) return;
    const until = at.settled + BigInt(Math.ceil(added.count / IDS_FOR_A_SLICE));
    for (; at.settled < until; at.settled += 1n) settleSlice(turnOf(slices, at.settled));
    at.run += 1n;
    putRun.run(at.run, at.settled, added.place, added.ids.subarray(0, added.count * UUID_BYTES));
    dropRuns.run(at.settled - BigInt(SLICES));
    added.count = 0;
  };
  return {
    ...waiting,
    settle,
    forget: () => {
      waiting.forget();
      added.count = 0;
    },
    add: (id, place, key = keyOf(id)) => {
      if (added.count > 0 && place !== added.place + BigInt(added.count)) settle();
      if (added.count === 0) added.place = place;
      if (added.ids.length === added.count * UUID_BYTES)
        added.ids = Buffer.concat([added.ids, Buffer.alloc(added.ids.length)]);
      added.ids.set(id, added.count * UUID_BYTES);
      added.count += 1;
      sliceOf(slices, id).set(key, place);
    },
    remove: (id) => {
      sliceOf(slices, id).delete(keyOf(id));
      drop.run(id);
    },
  };
}

function byKey([a]: readonly [string, bigint], [b]: readonly [string, bigint]): number {
  return a < b ? -1 : 1;
}
