import { Int32, Long, type Db, type Document } from "mongodb";
import type { StreamNote } from "../stream-note.ts";
import { volumeKey, type VolumeCounter, type VolumeKind, type VolumeReads, type VolumeTally } from "../volume.ts";
import { WRITE_CONCERN } from "./connect.ts";
import { raise, type Update } from "./raise.ts";
import { guarded } from "./unavailable.ts";

const VOLUME = "sigma_volume";

type Stored = { readonly _id: string; readonly stream: number; readonly seq: Long; readonly first: Long };

const DELETED_AT_ONCE = 1_000;

/** Stands for no hour: hours are compared with numbers. */
const NO_HOUR = -1;

/** Raises the counters; {@link VolumeWrites.countVolume}. */
export async function countVolume(
  db: Db,
  { number }: StreamNote,
  seq: number,
  tallies: readonly VolumeTally[],
): Promise<void> {
  const raised = Long.fromNumber(seq);
  const updates = tallies.map((tally): Update => ({
    q: { _id: idOf(number, tally), seq: { $lt: raised } },
    u: {
      $set: { seq: raised },
      $inc: { count: Long.fromNumber(tally.count) },
      $setOnInsert: { ...fieldsOf(number, tally), first: raised },
    },
    upsert: true,
  }));
  await raise(db, VOLUME, updates);
}

/** {@link VolumeWrites.recountVolume}. Counters that count on meanwhile have counted a later entry, and keep what they count. */
export async function recountVolume(
  db: Db,
  { number }: StreamNote,
  first: number,
  seq: number,
  tallies: readonly VolumeTally[],
): Promise<void> {
  const [begin, now] = [Long.fromNumber(first), Long.fromNumber(seq)];
  const updates = tallies.map((tally): Update => ({
    q: { _id: idOf(number, tally), seq: { $lte: now } },
    u: { $set: { ...fieldsOf(number, tally), count: Long.fromNumber(tally.count), first: begin, seq: now } },
    upsert: true,
  }));
  await raise(db, VOLUME, updates);
  const counters = db.collection<Stored>(VOLUME);
  const again = new Set(tallies.map((tally) => idOf(number, tally)));
  const there = await counters.find({ stream: number }, { projection: { _id: 1 } }).toArray();
  const others = there.map(({ _id }) => _id).filter((id) => !again.has(id));
  for (let from = 0; from < others.length; from += DELETED_AT_ONCE) {
    const some = { _id: { $in: others.slice(from, from + DELETED_AT_ONCE) }, seq: { $lte: now } };
    await counters.deleteMany(some, { writeConcern: WRITE_CONCERN });
  }
  await counters.updateMany({ stream: number }, { $set: { first: begin } }, { writeConcern: WRITE_CONCERN });
}

function idOf(stream: number, tally: VolumeTally): string {
  return `${stream}/${volumeKey(tally)}`;
}

function fieldsOf(stream: number, tally: VolumeTally): Document {
  const { hour, kind, subject, version, producer, isOthers } = tally;
  return {
    hour: new Int32(hour ?? NO_HOUR),
    stream: new Int32(stream),
    kind,
    subject,
    version: version === null ? null : new Int32(version),
    producer,
    others: isOthers,
  };
}

export function volumeReadsOf(db: Db): VolumeReads {
  const counters = db.collection(VOLUME);
  return {
    volume: async ({ fromHour, toHour, hours, subject, producer, byProducer, limit }) =>
      guarded(async () => {
        const only = { ...(subject === null ? {} : { subject }), ...(producer === null ? {} : { producer }) };
        const span = { $subtract: ["$hour", { $mod: ["$hour", hours] }] };
        const fields = ["stream", "kind", "subject", ...(byProducer ? ["version", "producer", "others"] : [])];
        const of = { hour: span, ...Object.fromEntries(fields.map((field) => [field, `$${field}`])) };
        const found = counters.aggregate([
          { $match: { hour: { $gte: Math.max(0, fromHour), $lt: toHour }, ...only } },
          { $group: { _id: of, count: { $sum: "$count" } } },
          { $sort: { "_id.hour": 1 } },
          { $limit: limit },
        ]);
        return (await found.toArray()).map(({ _id, count }) => {
          const key = _id as Readonly<Record<string, unknown>>;
          return {
            ...readTally({ version: null, producer: null, ...key, count: Number(count) }),
            hour: Number(key["hour"]),
            stream: Number(key["stream"]),
          };
        });
      }),
    volumeCounters: async (stream) => guarded(async () => (await counters.find({ stream }).toArray()).map(readCounter)),
    volumeStarts: async () =>
      guarded(async () => {
        const group = { _id: "$stream", first: { $first: "$first" } };
        const found = counters.aggregate([
          { $sort: { stream: 1, first: 1 } },
          { $group: group },
          { $sort: { _id: 1 } },
        ]);
        return (await found.toArray()).map(({ _id, first }) => ({ stream: Number(_id), first: Number(first) }));
      }),
  };
}

function readTally(one: Document): VolumeTally {
  const hour = Number(one["hour"]);
  return {
    kind: String(one["kind"]) as VolumeKind,
    subject: String(one["subject"]),
    version: one["version"] === null ? null : Number(one["version"]),
    producer: one["producer"] === null ? null : String(one["producer"]),
    isOthers: one["others"] === true,
    hour: hour === NO_HOUR ? null : hour,
    count: Number(one["count"]),
  };
}

function readCounter(one: Document): VolumeCounter {
  return { ...readTally(one), first: Number(one["first"]), seq: Number(one["seq"]) };
}
