import { Long, type Db } from "mongodb";
import type { AdviceNote, AdviceReads } from "../advice.ts";
import type { Document } from "./bson-reader.ts";
import { WRITE_CONCERN } from "./connect.ts";
import { firstOf, RAW } from "./read-raw.ts";
import { guarded } from "./unavailable.ts";

const ADVICE = "sigma_advice";

export async function putAdvice(db: Db, { fingerprint, atMs, text }: AdviceNote): Promise<void> {
  const change = { $set: { atMs: Long.fromNumber(atMs), text } };
  await db
    .collection<{ _id: string }>(ADVICE)
    .updateOne({ _id: fingerprint }, change, { upsert: true, writeConcern: WRITE_CONCERN });
}

export function adviceReadsOf(db: Db): AdviceReads {
  return {
    advice: async (fingerprint) =>
      guarded(async () => {
        const found = await firstOf(db.collection<Document>(ADVICE).find({ _id: fingerprint }, RAW));
        return found === null ? null : { fingerprint, atMs: Number(found["atMs"]), text: String(found["text"]) };
      }),
    adviceSince: async (fromMs) =>
      guarded(async () => db.collection(ADVICE).countDocuments({ atMs: { $gte: Long.fromNumber(fromMs) } })),
  };
}
