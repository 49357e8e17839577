import { Unavailable } from "../core/unavailable.ts";
import type { Appended } from "../source/source.ts";
import type { LogEndNote } from "../store/log-end.ts";
import type { Store } from "../store/store.ts";

/** How often the ends of acknowledged appends are written to the store, in milliseconds. */
const NOTE_EVERY_MS = 250;

export type LogEnds = {
  /** Notes appended records, whose offsets the producer is about to see. */
  readonly note: (topic: string, appended: readonly Appended[]) => void;
  /** Writes the remaining ends, and stops. */
  readonly close: () => Promise<void>;
};

/**
 * Keeps in the store the highest offset of each stream that was acknowledged to a producer, so that a log that lost
 * acknowledged records is found out. Store and log are two files, and an append does not wait for both. So a loss of records
 * that were acknowledged in the last 250 ms before a crash, and not decided yet, goes unnoticed.
 */
export function startLogEnds(store: Pick<Store, "noteLogEnds">): LogEnds {
  let due = new Map<string, LogEndNote>();
  let writing: Promise<void> | null = null;
  const write = async (): Promise<void> => {
    if (due.size === 0) return;
    const notes = due;
    due = new Map();
    try {
      await store.noteLogEnds([...notes.values()]);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      for (const [stream, note] of notes) raise(due, stream, note);
    }
  };
  /** Writes one at a time: while the store is down a write takes as long as its timeout, and no second one queues behind it. */
  const next = (): Promise<void> => (writing ??= write().finally(() => (writing = null)));
  const timer = setInterval(() => void next(), NOTE_EVERY_MS).unref();
  return {
    note: (topic, appended) => {
      for (const { stream, partition, offset } of appended) {
        raise(due, stream, { stream, topic, partition, end: offset + 1n });
      }
    },
    close: async () => {
      clearInterval(timer);
      await writing;
      await next();
    },
  };
}

function raise(ends: Map<string, LogEndNote>, stream: string, note: LogEndNote): void {
  const known = ends.get(stream);
  if (known === undefined || known.end < note.end) ends.set(stream, note);
}
