import { Int32, Long, type Db, type Document } from "mongodb";
import { dayOf, DAY_HOURS, type DayCounter, type HourCount, type HourCounter, type HourTotal } from "../groups.ts";
import { WRITE_CONCERN } from "./connect.ts";
import type { Update } from "./raise.ts";
import type { StoredHour } from "./stored-groups.ts";

// One document counts the failures of a group and stream in one day: the whole day in `count`, its hours in `hours`, by their number
// within the day. One update raises both, so they cannot differ, and a list of 30 days reads a document a day.

export const DAYS = "sigma_group_days";

/** Keeps 64-bit integers exact. */
const EXACT = { promoteLongs: false } as const;

/** The updates that add the failures of an entry, by hour, to the days that have not counted it. */
export function raiseDays(
  fingerprint: string,
  stream: number,
  hours: ReadonlyMap<number, number>,
  seq: Long,
): readonly Update[] {
  return [...byDay(hours)].map(([day, own]): Update => {
    const count = own.reduce((sum, [, one]) => sum + one, 0);
    const within = own.map(([hour, one]) => [`hours.${hour % DAY_HOURS}`, Long.fromNumber(one)] as const);
    return {
      q: { _id: idOf(fingerprint, day, stream), seq: { $lt: seq } },
      u: {
        $set: { seq },
        $inc: { count: Long.fromNumber(count), ...Object.fromEntries<Long>(within) },
        $setOnInsert: { fingerprint, day: new Int32(day), stream: new Int32(stream) },
      },
      upsert: true,
    };
  });
}

/**
 * The updates that make the days of one group and stream what is stored of it.
 * @param hasGone whether some of its failures are gone: their hours are known from the counter alone, which keeps the greater number.
 */
export function recountDays(
  fingerprint: string,
  stream: number,
  stored: readonly StoredHour[],
  seq: Long,
  hasGone: boolean,
): readonly Update[] {
  return [...byDay(new Map(stored.map(({ hour, count }) => [hour, count])))].map(([day, own]): Update => {
    const kept: Document = {};
    for (const [hour, count] of own) {
      const name = String(hour % DAY_HOURS);
      kept[name] = hasGone ? { $max: [`$hours.${name}`, count] } : count;
    }
    const terms = { fingerprint: { $literal: fingerprint }, day: new Int32(day), stream: new Int32(stream), seq };
    const hours: Document = hasGone ? { $mergeObjects: ["$hours", kept] } : kept;
    return {
      q: { _id: idOf(fingerprint, day, stream), seq: { $lte: seq } },
      // `hours` is unset first: else the new object would be merged into the old one.
      u: [
        ...(hasGone ? [] : [{ $unset: "hours" }]),
        { $set: { ...terms, hours } },
        { $set: { count: { $sum: { $map: { input: { $objectToArray: "$hours" }, in: "$$this.v" } } } } },
      ],
      upsert: true,
    };
  });
}

/** {@link GroupReads.groupHours}. @param ids a condition for the ids. */
export async function hoursSince(db: Db, fromHour: number, ids: Document): Promise<readonly HourCount[]> {
  const query = { ...ids, day: { $gte: dayOf(fromHour) } };
  const found = await db
    .collection(DAYS)
    .find(query as object, EXACT)
    .toArray();
  return found.flatMap((one): readonly HourCount[] => {
    const { fingerprint, stream, day } = one;
    return Object.entries(one["hours"] as Readonly<Record<string, unknown>>)
      .map(([hour, count]) => ({ hour: Number(day) * DAY_HOURS + Number(hour), count: Number(count) }))
      .filter(({ hour }) => hour >= fromHour)
      .map((own) => ({ fingerprint: String(fingerprint), stream: Number(stream), ...own }));
  });
}

/** {@link GroupReads.groupDayCounters}. */
export async function dayCounters(db: Db): Promise<readonly DayCounter[] | null> {
  const found = await daysIn(db);
  return found === null ? null : found.map(readDay);
}

/** {@link GroupReads.groupHourCounters}. */
export async function hourCounters(db: Db): Promise<readonly HourCounter[] | null> {
  const found = await daysIn(db);
  if (found === null) return null;
  return found.flatMap((one) => {
    const { day, ...rest } = readDay(one);
    const hours = Object.entries((one["hours"] ?? {}) as Readonly<Record<string, unknown>>);
    return hours.map(([hour, count]) => ({ ...rest, hour: day * DAY_HOURS + Number(hour), count: Number(count) }));
  });
}

function readDay(one: Document): DayCounter {
  const { fingerprint, stream, day, count, seq } = one;
  return {
    fingerprint: String(fingerprint),
    stream: Number(stream),
    day: Number(day),
    count: Number(count),
    seq: Number(seq),
  };
}

/** Every document of days; null where a gateway of this build has not made the collection yet. */
async function daysIn(db: Db): Promise<readonly Document[] | null> {
  const [there] = await db.listCollections({ name: DAYS }, { nameOnly: true }).toArray();
  return there === undefined ? null : db.collection(DAYS).find({}, EXACT).toArray();
}

/**
 * {@link GroupReads.hourTotals}, in no order. Whole days, and of the day in which the hour lies the hours from it on: asked for at a
 * time, because one question that looks into the hours of each day takes a third more of the server.
 */
export async function totalsSince(db: Db, fromHour: number): Promise<readonly HourTotal[]> {
  const day = dayOf(fromHour);
  const rest = Array.from({ length: (day + 1) * DAY_HOURS - fromHour }, (_, n) => `$hours.${DAY_HOURS - 1 - n}`);
  const found = await Promise.all([
    sumsOf(db, { day }, rest.length === DAY_HOURS ? "$count" : { $sum: rest }),
    sumsOf(db, { day: { $gt: day } }, "$count"),
  ]);
  const totals = new Map<string, HourTotal>();
  for (const one of found.flat()) {
    const key = `${one.fingerprint}/${one.stream}`;
    totals.set(key, { ...one, count: one.count + (totals.get(key)?.count ?? 0) });
  }
  return [...totals.values()].filter(({ count }) => count > 0);
}

async function sumsOf(db: Db, query: Document, count: string | Document): Promise<readonly HourTotal[]> {
  const group = { _id: { f: "$fingerprint", s: "$stream" }, count: { $sum: count } };
  const found = await db
    .collection(DAYS)
    .aggregate([{ $match: query }, { $group: group }], EXACT)
    .toArray();
  return found.map(readTotal);
}

function readTotal({ _id: of, count }: Document): HourTotal {
  const { f, s } = of as { readonly f: unknown; readonly s: unknown };
  return { fingerprint: String(f), stream: Number(s), count: Number(count) };
}

/** Where the first databases of this layout have a document for each hour. */
const HOURS = "sigma_group_hours";

/**
 * Moves the counters of hours of the first databases of this layout into days, and drops their collection. It is done before the
 * gateway counts anything, and a day that is there already stays: so of two gateways that start at once, and after a crash, both may
 * do it. Gateways of both builds at once would count an entry twice.
 */
export async function moveHours(db: Db): Promise<void> {
  const isThere = async (): Promise<boolean> =>
    (await db.listCollections({ name: HOURS }, { nameOnly: true }).toArray()).length > 0;
  if (!(await isThere())) return;
  const day = { $toInt: { $floor: { $divide: ["$hour", DAY_HOURS] } } };
  const hour = { k: { $toString: { $mod: ["$hour", DAY_HOURS] } }, v: "$count" };
  const sums = { count: { $sum: "$count" }, seq: { $max: "$seq" }, hours: { $push: hour } };
  const id = { $concat: ["$_id.f", "/", { $toString: "$_id.d" }, "/", { $toString: "$_id.s" }] };
  const terms = { fingerprint: "$_id.f", day: "$_id.d", stream: "$_id.s", hours: { $arrayToObject: "$hours" } };
  const pipeline = [
    { $group: { _id: { f: "$fingerprint", d: day, s: "$stream" }, ...sums } },
    { $set: { ...terms, _id: id } },
    { $merge: { into: DAYS, on: "_id", whenMatched: "keepExisting", whenNotMatched: "insert" } },
  ];
  try {
    await db
      .collection(HOURS)
      .aggregate(pipeline, { allowDiskUse: true, writeConcern: WRITE_CONCERN, readConcern: { level: "majority" } })
      .toArray();
    await db.dropCollection(HOURS, { writeConcern: WRITE_CONCERN });
  } catch (error) {
    // Another gateway was quicker.
    if (await isThere()) throw error;
  }
}

function idOf(fingerprint: string, day: number, stream: number): string {
  return `${fingerprint}/${day}/${stream}`;
}

/** Numbers by hour, by day. */
function byDay<T>(hours: ReadonlyMap<number, T>): ReadonlyMap<number, readonly (readonly [number, T])[]> {
  return Map.groupBy(hours, ([hour]) => dayOf(hour));
}
