import { Int32, Long, MongoServerError, type Db, type Document } from "mongodb";
import { exactInteger, type ExactInteger } from "../../json/exact-integer.ts";
import { contractText, parseContractText } from "../contract-text.ts";
import type { GroupCounter, GroupReads, GroupTally, HourCount, HourTotal } from "../groups.ts";
import type { StreamNote } from "../stream-note.ts";
import { WRITE_CONCERN } from "./connect.ts";
import type { ObjectCollection } from "./places.ts";
import { groupsAt, storedTotals } from "./stored-groups.ts";
import { DUPLICATE_KEY, guarded } from "./unavailable.ts";

export const GROUPS = "sigma_groups";
export const HOURS = "sigma_group_hours";

/** Keeps 64-bit integers exact. */
export const EXACT = { promoteLongs: false } as const;

export type Update = { readonly q: Document; readonly u: Document; readonly upsert: true };

/** Raises the counters of the groups; {@link GroupWrites.countFailures}. */
export async function countFailures(
  db: Db,
  { number }: StreamNote,
  seq: number,
  groups: readonly GroupTally[],
): Promise<readonly string[]> {
  if (groups.length === 0) return [];
  const raised = Long.fromNumber(seq);
  const below = { $lt: raised };
  const hours: Update[] = [];
  const counters = groups.map(({ fingerprint, code, contract, count, firstMs, lastMs, hours: byHour }): Update => {
    for (const [hour, inHour] of byHour) hours.push(hourUpdate(fingerprint, number, hour, inHour, raised));
    const named = contract === null ? null : contractText(contract);
    return {
      q: { _id: `${fingerprint}/${number}`, seq: below },
      u: {
        $set: { seq: raised },
        $inc: { count: Long.fromNumber(count) },
        $min: { firstMs: longOf(firstMs) },
        $max: { lastMs: longOf(lastMs) },
        $setOnInsert: { fingerprint, stream: new Int32(number), code, contract: named },
      },
      upsert: true,
    };
  });
  const [added] = await Promise.all([raise(db, GROUPS, counters), raise(db, HOURS, hours)]);
  return withoutOthers(
    db,
    number,
    [...added].map((at) => groups[at]?.fingerprint ?? ""),
  );
}

function hourUpdate(fingerprint: string, stream: number, hour: number, count: number, seq: Long): Update {
  return {
    q: { _id: `${fingerprint}/${hour}/${stream}`, seq: { $lt: seq } },
    u: {
      $set: { seq },
      $inc: { count: Long.fromNumber(count) },
      $setOnInsert: { fingerprint, hour: new Int32(hour), stream: new Int32(stream) },
    },
    upsert: true,
  };
}

/** The most updates in one command. */
const UPDATES_MAX = 1_000;

/**
 * Runs conditional upserts. A counter that fails the condition refuses the insert that follows by its `_id`: it has counted the
 * entry already. As for documents, that refusal counts only without a write concern error, for which the driver throws.
 * @returns the indexes of the updates that made a new counter.
 */
export async function raise(db: Db, collection: string, updates: readonly Update[]): Promise<ReadonlySet<number>> {
  const made = new Set<number>();
  for (let from = 0; from < updates.length; from += UPDATES_MAX) {
    const answer = await db.command({
      update: collection,
      updates: updates.slice(from, from + UPDATES_MAX),
      ordered: false,
      writeConcern: WRITE_CONCERN,
    });
    for (const { code, errmsg } of (answer["writeErrors"] ?? []) as readonly { code: number; errmsg: string }[])
      if (code !== DUPLICATE_KEY) throw new MongoServerError({ code, message: errmsg });
    for (const { index } of (answer["upserted"] ?? []) as readonly { index: number }[]) made.add(from + index);
  }
  return made;
}

/** The fingerprints of which no other stream has a counter. */
async function withoutOthers(db: Db, stream: number, added: readonly string[]): Promise<readonly string[]> {
  const alone: string[] = [];
  for (const fingerprint of added) {
    const query = { _id: idsOf(fingerprint), stream: { $ne: stream } };
    if ((await db.collection(GROUPS).findOne(query as object, { projection: { _id: 1 } })) === null)
      alone.push(fingerprint);
  }
  return alone;
}

/** A condition for the ids of one fingerprint: "/" and the next character, "0", enclose them. */
function idsOf(fingerprint: string): Document {
  return { $gte: `${fingerprint}/`, $lt: `${fingerprint}0` };
}

function longOf(value: ExactInteger): Long {
  return typeof value === "bigint" ? Long.fromBigInt(value) : Long.fromNumber(value);
}

/** The reads of the counters. */
export function groupReadsOf(db: Db, collections: () => Promise<readonly ObjectCollection[]>): GroupReads {
  return {
    groupCounters: async (fingerprint) =>
      guarded(async () => {
        const query = fingerprint === undefined ? {} : { _id: idsOf(fingerprint) };
        const found = await db.collection(GROUPS).find(query, EXACT).toArray();
        return found.map(readCounter).toSorted(byFingerprint);
      }),
    groupHours: async (fromHour, fingerprint) =>
      guarded(async () => {
        const ofGroup = fingerprint === undefined ? {} : { _id: idsOf(fingerprint) };
        const query = { ...ofGroup, hour: { $gte: fromHour } };
        const found = await db.collection(HOURS).find(query, EXACT).toArray();
        const byHour = (a: HourCount, b: HourCount): number =>
          compareTexts(a.fingerprint, b.fingerprint) || a.hour - b.hour || a.stream - b.stream;
        return found.map(readHour).toSorted(byHour);
      }),
    hourTotals: async (fromHour) =>
      guarded(async () => {
        const group = { _id: { f: "$fingerprint", s: "$stream" }, count: { $sum: "$count" } };
        const pipeline = [{ $match: { hour: { $gte: fromHour } } }, { $group: group }];
        const found = await db.collection(HOURS).aggregate(pipeline, EXACT).toArray();
        return found.map(readTotal).toSorted(byFingerprint);
      }),
    groupsAt: async (...given) => guarded(async () => groupsAt(db, ...given)),
    storedGroups: async (stream, below, gone = new Map()) =>
      guarded(async () => {
        const found = await storedTotals(db, await collections(), stream, below, gone);
        return new Map([...found].map(([fingerprint, { count }]) => [fingerprint, Number(count)]));
      }),
  };
}

function byFingerprint(a: HourTotal, b: HourTotal): number {
  return compareTexts(a.fingerprint, b.fingerprint) || a.stream - b.stream;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function readCounter(one: Document): GroupCounter {
  return {
    fingerprint: String(one["fingerprint"]),
    stream: Number(one["stream"]),
    code: String(one["code"]),
    contract: typeof one["contract"] === "string" ? parseContractText(one["contract"]) : null,
    count: Number(one["count"]),
    seq: Number(one["seq"]),
    firstMs: exactOf(one["firstMs"]),
    lastMs: exactOf(one["lastMs"]),
  };
}

function exactOf(value: unknown): ExactInteger {
  return value instanceof Long ? exactInteger(value.toBigInt()) : Number(value);
}

function readHour(one: Document): HourCount {
  return {
    fingerprint: String(one["fingerprint"]),
    stream: Number(one["stream"]),
    hour: Number(one["hour"]),
    count: Number(one["count"]),
  };
}

function readTotal({ _id: of, count }: Document): HourTotal {
  const { f, s } = of as { readonly f: unknown; readonly s: unknown };
  return { fingerprint: String(f), stream: Number(s), count: Number(count) };
}
