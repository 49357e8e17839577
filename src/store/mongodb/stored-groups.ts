import { Long, type Collection, type Db, type Document, type Filter } from "mongodb";
import { HOUR_MS, HOURS_END_MS, type GoneFailures } from "../groups.ts";
import type { StreamNote } from "../stream-note.ts";
import { placeId } from "./failure-document.ts";
import type { ObjectCollection } from "./places.ts";

/** The stored failures of one group. */
export type StoredTotal = {
  readonly code: string;
  readonly contract: string | null;
  readonly count: Long;
  readonly firstMs: Long;
  readonly lastMs: Long;
};

/** The stored failures of one group in one hour. */
export type StoredHour = { readonly fingerprint: string; readonly hour: number; readonly count: Long };

/** Keeps 64-bit integers exact. By another index the server might look at more than the page. */
const EXACT = { promoteLongs: false, hint: { _id: 1 } } as const;

const AT = { $toLong: "$source.at" };

/** Failures that one request goes over: a request for all of a stream's would take longer than a request may, once there are millions. */
const PAGE = 100_000;

/**
 * The stored failures of a stream below an offset, by fingerprint.
 * @param page as many failures of its topic and partition as one request goes over.
 */
export async function storedTotals(
  db: Db,
  collections: readonly ObjectCollection[],
  stream: StreamNote,
  below: bigint,
  gone: GoneFailures["below"],
  page: number = PAGE,
): Promise<ReadonlyMap<string, StoredTotal>> {
  const found = new Map<string, StoredTotal>();
  const sums = { count: { $sum: Long.ONE }, firstMs: { $min: AT }, lastMs: { $max: AT } };
  const group = { _id: "$fingerprint", code: { $first: "$code" }, contract: { $first: "$contract" }, ...sums };
  for (const { name } of collections) {
    const of = matchOf(stream, below, goneOf(gone, name));
    for await (const ids of pagesOf(db.collection(name), stream, page)) {
      const pipeline = [{ $match: { ...ids, ...of } }, { $group: group }];
      const totals = db.collection(name).aggregate<StoredTotal & { readonly _id: string }>(pipeline, EXACT);
      for (const { _id, ...total } of await totals.toArray()) {
        const there = found.get(_id);
        found.set(_id, there === undefined ? total : sumOf(there, total));
      }
    }
  }
  return found;
}

/** The stored failures of a stream below an offset, by fingerprint and hour. @param page as of {@link storedTotals}. */
export async function storedHours(
  db: Db,
  collections: readonly ObjectCollection[],
  stream: StreamNote,
  below: bigint,
  gone: GoneFailures["below"],
  page: number = PAGE,
): Promise<readonly StoredHour[]> {
  const found = new Map<string, StoredHour>();
  const hour = { $toInt: { $floor: { $divide: [AT, Long.fromNumber(HOUR_MS)] } } };
  const group = { _id: { fingerprint: "$fingerprint", hour }, count: { $sum: Long.ONE } };
  const within = { "source.at": { $gte: new Date(0), $lt: new Date(HOURS_END_MS) } };
  for (const { name } of collections) {
    const of = { ...matchOf(stream, below, goneOf(gone, name)), ...within };
    for await (const ids of pagesOf(db.collection(name), stream, page)) {
      const pipeline = [{ $match: { ...ids, ...of } }, { $group: group }];
      type Hour = { readonly _id: Omit<StoredHour, "count">; readonly count: Long };
      for (const { _id, count } of await db.collection(name).aggregate<Hour>(pipeline, EXACT).toArray()) {
        const key = `${_id.fingerprint}/${_id.hour}`;
        found.set(key, { ..._id, count: count.add(found.get(key)?.count ?? Long.ZERO) });
      }
    }
  }
  return [...found.values()];
}

/** The offset below which failures of a collection are gone. */
function goneOf(gone: GoneFailures["below"], collection: string): bigint {
  return gone.get(collection.slice("failed_".length)) ?? LEAST_OFFSET;
}

const LEAST_OFFSET = -(2n ** 63n);

type Failure = { readonly _id: string };

/** Filters that cut the failures of a topic and partition into pages, in the order of their ids. */
async function* pagesOf(
  collection: Collection<Failure>,
  { topic, partition }: StreamNote,
  page: number,
): AsyncGenerator<Filter<Failure>, void> {
  // These ids lie between "@" and the next character, "A".
  let start = `${topic}/${partition}@`;
  const end = `${topic}/${partition}A`;
  for (;;) {
    const next = await collection.findOne({ _id: { $gte: start, $lt: end } }, { ...BY_ID, skip: page });
    yield { _id: { $gte: start, $lt: next?._id ?? end } };
    if (next === null) return;
    start = next._id;
  }
}

const BY_ID = { projection: { _id: 1 }, sort: { _id: 1 } } as const;

function matchOf({ number }: StreamNote, below: bigint, from: bigint): Document {
  return {
    "source.stream": number,
    "source.offset": { $gte: Long.fromBigInt(from), $lt: Long.fromBigInt(below) },
  };
}

function sumOf(one: StoredTotal, other: StoredTotal): StoredTotal {
  return {
    ...one,
    count: one.count.add(other.count),
    firstMs: one.firstMs.lessThan(other.firstMs) ? one.firstMs : other.firstMs,
    lastMs: one.lastMs.greaterThan(other.lastMs) ? one.lastMs : other.lastMs,
  };
}

/** Offsets in one query. */
const OFFSETS_MAX = 1_000;

/** {@link GroupReads.groupsAt}. */
export async function groupsAt(
  db: Db,
  collection: string,
  stream: StreamNote,
  offsets: readonly bigint[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (let from = 0; from < offsets.length; from += OFFSETS_MAX) {
    const ids = offsets.slice(from, from + OFFSETS_MAX).map((offset) => placeId(stream, offset));
    const pipeline = [{ $match: { _id: { $in: ids } } }, { $group: { _id: "$fingerprint", count: { $sum: 1 } } }];
    for (const one of await db.collection(`failed_${collection}`).aggregate(pipeline).toArray()) {
      const fingerprint = String(one["_id"]);
      counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + Number(one["count"]));
    }
  }
  return counts;
}
