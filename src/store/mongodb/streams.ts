import { Int32, MongoServerError, type Db } from "mongodb";
import { Unavailable } from "../../core/unavailable.ts";
import type { StreamNote } from "../stream-note.ts";
import type { Document } from "./bson-reader.ts";
import { WRITE_CONCERN } from "./connect.ts";
import { documentsOf, firstOf, RAW } from "./read-raw.ts";
import { DUPLICATE_KEY } from "./unavailable.ts";

/** The numbers of streams. */
export type Streams = {
  /** Every stream that has a number, by number. */
  readonly all: () => Promise<readonly StreamNote[]>;
  /** Null when no stream has the number. */
  readonly byNumber: (number: number) => Promise<StreamNote | null>;
  /** Returns a stream with its number, and assigns one if it has none. */
  readonly note: (stream: Omit<StreamNote, "number">) => Promise<StreamNote>;
};

/** A try fails only when another process took the number, for a stream of its own; more tries than there are streams is no race. */
const TRIES_MAX = 10_000;

/** Opens the numbers of streams. Numbers never change, so those that were read are cached. */
export function createStreams(db: Db): Streams {
  const streams = db.collection<Document & { _id: never }>("sigma_streams");
  const known = new Map<number, StreamNote>();
  const all = async (): Promise<readonly StreamNote[]> => {
    const notes = (await documentsOf(streams.find({}, RAW).sort({ _id: 1 }))).map(readNote);
    for (const note of notes) known.set(note.number, note);
    return notes;
  };
  const byName = async (stream: string): Promise<StreamNote | null> => {
    for (const note of known.values()) if (note.stream === stream) return note;
    const found = await firstOf(streams.find({ stream: { $eq: stream } }, RAW));
    if (found === null) return null;
    const note = readNote(found);
    known.set(note.number, note);
    return note;
  };
  const give = async (given: Omit<StreamNote, "number">): Promise<StreamNote> => {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const there = await byName(given.stream);
      if (there !== null) return there;
      const last = await firstOf(streams.find({}, RAW).sort({ _id: -1 }));
      await insertNote(db, { number: (last === null ? 0 : Number(last._id)) + 1, ...given });
    }
    throw new Unavailable("STORE_TROUBLE", "Cannot number a stream: every number is taken", "look at sigma_streams");
  };
  let turn: Promise<unknown> = Promise.resolve();
  return {
    all,
    byNumber: async (number) => known.get(number) ?? (await all()).find((note) => note.number === number) ?? null,
    // One at a time, because concurrent calls for the partitions of a topic would all try the same number.
    note: async (given) => {
      const noted = turn.then(async () => give(given));
      turn = noted.catch(() => undefined);
      return noted;
    },
  };
}

/** A duplicate key is no error: number or stream is taken, and the next majority read of the caller shows by whom. */
async function insertNote(db: Db, { number, stream, topic, partition }: StreamNote): Promise<void> {
  const note = { _id: new Int32(number), stream, topic, partition: new Int32(partition) };
  try {
    await db.collection<{ _id: Int32 }>("sigma_streams").insertOne(note, { writeConcern: WRITE_CONCERN });
  } catch (error) {
    if (!(error instanceof MongoServerError && error.code === DUPLICATE_KEY)) throw error;
  }
}

function readNote(document: Document): StreamNote {
  return {
    number: Number(document._id),
    stream: String(document["stream"]),
    topic: String(document["topic"]),
    partition: Number(document["partition"]),
  };
}
