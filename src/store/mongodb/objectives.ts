import { Int32, Long, type Db } from "mongodb";
import type { CountStep, ObjectiveCount } from "../objective-count.ts";
import { WRITE_CONCERN } from "./connect.ts";
import { documentsOf, firstOf, RAW } from "./read-raw.ts";

const COLLECTION = "sigma_objectives";

type OwnDocument = { _id: string };

/** Begins as {@link beginOf}, so that the index of `_id` finds an indicator from a time on. */
function idOf({ indicator, stepS, startS, writer }: ObjectiveCount): string {
  return `${beginOf(indicator, stepS, startS)}|${writer}`;
}

/** Digits of a time in seconds, enough for 30,000 years, so that texts are ordered as times are. */
const DIGITS = 12;

function beginOf(indicator: string, stepS: CountStep, startS: number): string {
  return `${indicator}|${stepS}|${String(Math.max(0, startS)).padStart(DIGITS, "0")}`;
}

export async function putObjectiveCounts(db: Db, counts: readonly ObjectiveCount[]): Promise<void> {
  if (counts.length === 0) return;
  await db.collection<OwnDocument>(COLLECTION).bulkWrite(
    counts.map((count) => ({
      replaceOne: {
        filter: { _id: idOf(count) },
        replacement: {
          indicator: count.indicator,
          step: new Int32(count.stepS),
          start: Long.fromNumber(count.startS),
          good: Long.fromNumber(count.good),
          bad: Long.fromNumber(count.bad),
          writer: count.writer,
        },
        upsert: true,
      },
    })),
    { ordered: false, writeConcern: WRITE_CONCERN },
  );
}

export async function dropObjectiveCounts(db: Db, stepS: CountStep, beforeS: number): Promise<void> {
  const old = { step: { $eq: stepS }, start: { $lt: Long.fromNumber(beforeS) } };
  await db.collection(COLLECTION).deleteMany(old, { writeConcern: WRITE_CONCERN });
}

export async function readObjectiveCounts(
  db: Db,
  indicator: string,
  stepS: CountStep,
  fromS: number,
): Promise<readonly ObjectiveCount[]> {
  const range = { _id: { $gte: beginOf(indicator, stepS, fromS), $lt: `${indicator}|${stepS}}` } };
  const found = await documentsOf(db.collection<OwnDocument>(COLLECTION).find(range, RAW).sort({ _id: 1 }));
  return found.map((one) => ({
    indicator,
    stepS,
    startS: Number(one["start"]),
    writer: String(one["writer"]),
    good: Number(one["good"]),
    bad: Number(one["bad"]),
  }));
}

export async function readObjectiveBegan(db: Db, indicator: string): Promise<number | null> {
  const starts = [60, 3600].map(async (stepS) => {
    const range = { _id: { $gte: `${indicator}|${stepS}|`, $lt: `${indicator}|${stepS}}` } };
    const first = await firstOf(db.collection<OwnDocument>(COLLECTION).find(range, RAW).sort({ _id: 1 }));
    return first === null ? Infinity : Number(first["start"]);
  });
  const began = Math.min(...(await Promise.all(starts)));
  return began === Infinity ? null : began;
}
