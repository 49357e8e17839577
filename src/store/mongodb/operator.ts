import { MongoServerError, type Db } from "mongodb";
import type { HaltNote, OperatorAction } from "../../ledger/operator-log.ts";
import { WRITE_CONCERN } from "./connect.ts";
import { wholeOf } from "./entry-document.ts";
import { DUPLICATE_KEY } from "./unavailable.ts";

type ActionDocument = Omit<OperatorAction, "seq"> & { _id: bigint | number };
type HaltDocument = Omit<HaltNote, "stream"> & { _id: string };

export async function insertAction(db: Db, { seq, ...action }: OperatorAction): Promise<"inserted" | "exists"> {
  const log = db.collection<ActionDocument>("sigma_operator_log");
  try {
    await log.insertOne({ _id: BigInt(seq), ...action }, { writeConcern: WRITE_CONCERN });
    return "inserted";
  } catch (error) {
    if (error instanceof MongoServerError && error.code === DUPLICATE_KEY) return "exists";
    throw error;
  }
}

export async function putHalt(db: Db, stream: string, note: HaltNote | null): Promise<void> {
  const halts = db.collection<HaltDocument>("sigma_halts");
  if (note === null) return void (await halts.deleteOne({ _id: stream }, { writeConcern: WRITE_CONCERN }));
  const { stream: _, ...fields } = note;
  await halts.replaceOne({ _id: stream }, fields, { upsert: true, writeConcern: WRITE_CONCERN });
}

export async function readActions(db: Db, fromSeq: number, limit: number): Promise<readonly OperatorAction[]> {
  const log = db.collection<ActionDocument>("sigma_operator_log");
  const found = await log
    .find({ _id: { $gte: BigInt(fromSeq) } })
    .sort({ _id: 1 })
    .limit(limit)
    .toArray();
  return found.map(({ _id, prevHash, at, actor, action, target, reason, detail, hash }) => ({
    seq: wholeOf(_id),
    prevHash,
    at,
    actor,
    action,
    target,
    reason,
    detail,
    hash,
  }));
}

export async function readHalts(db: Db): Promise<readonly HaltNote[]> {
  const found = await db.collection<HaltDocument>("sigma_halts").find().sort({ _id: 1 }).toArray();
  return found.map(({ _id, topic, partition, code, message, remedy }) => ({
    stream: String(_id as unknown),
    topic,
    partition,
    code,
    message,
    remedy,
  }));
}
