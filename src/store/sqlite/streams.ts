import type { DatabaseSync } from "node:sqlite";
import type { StreamNote } from "../stream-note.ts";
import type { Row } from "./rows.ts";

/** The numbers of streams. */
export type Streams = {
  /** Every stream that has a number, by number. */
  readonly all: () => readonly StreamNote[];
  /** Null when no stream has the number. */
  readonly byNumber: (number: number) => StreamNote | null;
  /** Returns a stream with its number, and assigns one if it has none. */
  readonly note: (stream: Omit<StreamNote, "number">) => StreamNote;
};

/** Opens the numbers of streams. Numbers never change, so those that were read are cached. */
export function openStreams(db: DatabaseSync): Streams {
  const known = new Map<number, StreamNote>();
  const all = (): readonly StreamNote[] => {
    const rows = db.prepare("SELECT * FROM sigma_streams ORDER BY number").all();
    const notes = rows.map(readNote);
    for (const note of notes) known.set(note.number, note);
    return notes;
  };
  const byName = (stream: string): StreamNote | null => {
    for (const note of known.values()) if (note.stream === stream) return note;
    const row = db.prepare("SELECT * FROM sigma_streams WHERE stream = ?").get(stream);
    if (row === undefined) return null;
    const note = readNote(row);
    known.set(note.number, note);
    return note;
  };
  return {
    all,
    byNumber: (number) => known.get(number) ?? all().find((note) => note.number === number) ?? null,
    note: ({ stream, topic, partition }) => {
      const there = byName(stream);
      if (there !== null) return there;
      const sql = `INSERT INTO sigma_streams SELECT coalesce(max(number), 0) + 1, ?, ?, ? FROM sigma_streams
        WHERE true ON CONFLICT (stream) DO NOTHING`;
      db.prepare(sql).run(stream, topic, partition);
      const made = byName(stream);
      if (made === null) throw new Error("Cannot number a stream: the row that was just written is not there");
      return made;
    },
  };
}

function readNote(row: Row): StreamNote {
  return {
    number: Number(row["number"]),
    stream: String(row["stream"]),
    topic: String(row["topic"]),
    partition: Number(row["partition"]),
  };
}
