import { Unavailable } from "../core/unavailable.ts";
import type { Appended } from "../source/source.ts";
import type { LogEndNote } from "../store/log-end.ts";
import type { Store } from "../store/store.ts";

/** How often the store is told how far the log was shown, in milliseconds. */
const NOTE_EVERY_MS = 250;

export type LogEnds = {
  readonly note: (topic: string, appended: readonly Appended[]) => void;
  /** Writes what is not written yet. */
  readonly close: () => Promise<void>;
};

/**
 * Remembers in the store how far the log was shown to whoever appended to it. The store and the log are two files: an append
 * does not wait for both, so a log that loses what was acknowledged in the last quarter of a second before a crash, and
 * was not decided yet, is not found out.
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
  /** One at a time: while the store is away each takes as long as the store may take, and none waits behind it. */
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
