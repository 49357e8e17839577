import { Int32, Long, type Db, type Document } from "mongodb";
import { exactInteger, type ExactInteger } from "../../json/exact-integer.ts";
import { contractText, parseContractText } from "../contract-text.ts";
import type { GroupCounter, GroupReads, GroupTally, HourCount, HourTotal } from "../groups.ts";
import type { StreamNote } from "../stream-note.ts";
import { dayCounters, DAYS, hourCounters, hoursSince, raiseDays, totalsSince } from "./group-days.ts";
import type { ObjectCollection } from "./places.ts";
import { raise, type Update } from "./raise.ts";
import { groupsAt, storedTotals } from "./stored-groups.ts";
import { guarded } from "./unavailable.ts";

export const GROUPS = "sigma_groups";

/** Keeps 64-bit integers exact. */
export const EXACT = { promoteLongs: false } as const;

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
  const days: Update[] = [];
  const counters = groups.map(({ fingerprint, code, contract, count, firstMs, lastMs, hours }): Update => {
    days.push(...raiseDays(fingerprint, number, hours, raised));
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
  const [added] = await Promise.all([raise(db, GROUPS, counters), raise(db, DAYS, days)]);
  return withoutOthers(
    db,
    number,
    [...added].map((at) => groups[at]?.fingerprint ?? ""),
  );
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
        const ids = fingerprint === undefined ? {} : { _id: idsOf(fingerprint) };
        const byHour = (a: HourCount, b: HourCount): number =>
          compareTexts(a.fingerprint, b.fingerprint) || a.hour - b.hour || a.stream - b.stream;
        return (await hoursSince(db, fromHour, ids)).toSorted(byHour);
      }),
    groupHourCounters: async () => guarded(async () => hourCounters(db)),
    groupDayCounters: async () => guarded(async () => dayCounters(db)),
    hourTotals: async (fromHour) => guarded(async () => (await totalsSince(db, fromHour)).toSorted(byFingerprint)),
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
