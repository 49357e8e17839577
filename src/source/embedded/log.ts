import { guarded, openDatabase, type OpenOptions } from "../../sqlite/open.ts";
import { scrub } from "../../sqlite/scrub.ts";
import { NEVER_CLOSED, placeRecords, takesTurn } from "../partitioner.ts";
import type { Appended, Fetched, Log, Source } from "../source.ts";
import { appendGroup, prepareAppend, skipOffsets, type Append } from "./append.ts";
import { createLogLayout, topicsBesides, LOG_FILE, openTopics, type TopicSettings } from "./layout.ts";
import { eraseOffsets } from "./erase.ts";
import { forgetBatches } from "./forget.ts";
import { prepareRead, readBounds, readRecords, readSkipped } from "./read.ts";

export type EmbeddedLogOptions = OpenOptions & {
  /** Topics to open; missing ones are created. A topic never loses partitions. */
  readonly topics: readonly TopicSettings[];
  /** Whether to open every other topic in the file too. */
  readonly all?: boolean;
  /** Milliseconds since the epoch, for the records' timestamps. */
  readonly now: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
};

/** The embedded log is a source and a log in one. */
export type EmbeddedLog = Source & Log & Required<Pick<Log, "skipTo" | "forget" | "erase" | "scrub">>;

/** Longest delay until appends of another process are noticed. */
const POLL_MS = 100;

type Pending = Append & {
  readonly resolve: (appended: readonly Appended[]) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Opens a partitioned, append-only log in one SQLite file. It is the source of the embedded engine, and HTTP appends to
 * it before it acknowledges a request (P9). Appends that arrive in the same turn of the event loop share one
 * transaction and one fsync.
 * @throws `Unavailable` with a code that begins with `LOG_`.
 */
export function openEmbeddedLog(options: EmbeddedLogOptions): EmbeddedLog {
  const { path, now, topics: settings, readOnly = false, all = false, randomBytes } = options;
  const newId = (): string => Buffer.from(randomBytes(16)).toString("base64url");
  const { db, made, assertThere } = openDatabase(
    LOG_FILE,
    options,
    (file) => createLogLayout(file, newId),
    (file) => ({
      topics: openTopics(file, all ? [...settings, ...topicsBesides(file, settings)] : settings, readOnly),
      reading: prepareRead(file),
      appending: prepareAppend(file),
    }),
  );
  const guard = <T>(run: () => T): T =>
    guarded(LOG_FILE, path, () => {
      assertThere();
      return run();
    });
  const { topics, reading, appending } = made;
  const streams = [...topics.values()].flatMap((topic) => topic.streams);
  const wakers = new Set<() => void>();
  const wakeAll = (): void => {
    for (const wake of wakers) wake();
  };
  const writer = createWriter((group) => guard(() => appendGroup(db, appending, group, now())), wakeAll);

  return {
    streams: async () => streams,
    fetch: async (stream, from, limits, signal, until) => {
      const read = (): Fetched => guard(() => readRecords(reading, path, { stream, from, limits, until }));
      const first = read();
      const over = until !== undefined && from >= until;
      if (first.kind !== "empty" || over || limits.waitMs <= 0 || signal.aborted) return first;
      const found = (): boolean => guard(() => readBounds(reading, stream)).end > from;
      const outcome = await waitUntil(found, wakers, limits.waitMs, signal);
      return outcome === "found" ? read() : first;
    },
    bounds: async (stream) => guard(() => readBounds(reading, stream)),
    skipped: async (stream, from, to) => guard(() => readSkipped(reading, stream, { from, to })),
    commitHint: () => undefined,
    topics: () => [...topics.keys()],
    streamsOf: async (name) => topics.get(name)?.streams ?? [],
    append: async (name, records, closedFor = NEVER_CLOSED) => {
      const topic = topics.get(name);
      if (topic === undefined) throw new Error(`Cannot append to topic "${name}": it is not configured`);
      if (records.length === 0) return [];
      // The records are placed before this append joins a group: an invalid append must not fail the others.
      const placed = placeRecords(topic.streams, records, topic.turn, closedFor);
      if (takesTurn(records)) topic.turn += 1;
      return writer.append({ streams: placed, records });
    },
    skipTo: async (stream, to) => {
      writer.flush();
      guard(() => skipOffsets(db, appending, stream, to, now()));
      wakeAll();
    },
    forget: async (stream, below, beforeMs) => guard(() => forgetBatches(db, stream, below, beforeMs)),
    erase: async (stream, ranges) => {
      writer.flush();
      guard(() => eraseOffsets(db, stream, ranges));
    },
    scrub: async () => guard(() => scrub(db, LOG_FILE, path)),
    close: async () => {
      if (!db.isOpen) return;
      writer.flush();
      db.close();
    },
  };
}

type Writer = { readonly append: (append: Append) => Promise<readonly Appended[]>; readonly flush: () => void };

/** Groups the appends of one turn of the event loop. */
function createWriter(
  write: (group: readonly Append[]) => readonly (readonly Appended[])[],
  written: () => void,
): Writer {
  let pending: Pending[] = [];
  const flush = (): void => {
    const group = pending;
    pending = [];
    if (group.length === 0) return;
    try {
      const appended = write(group);
      group.forEach(({ resolve }, index) => resolve(appended[index] ?? []));
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
    written();
  };
  return {
    append: async (append) =>
      new Promise((resolve, reject) => {
        if (pending.length === 0) setImmediate(flush);
        pending.push({ ...append, resolve, reject });
      }),
    flush,
  };
}

/**
 * Waits until `found` is true, the time is over or the signal aborts. `found` is called after every append of this
 * process, and every {@link POLL_MS} for appends of other processes. An error of `found` rejects the wait.
 */
async function waitUntil(
  found: () => boolean,
  wakers: Set<() => void>,
  waitMs: number,
  signal: AbortSignal,
): Promise<"found" | "over"> {
  const { promise, resolve, reject } = Promise.withResolvers<"found" | "over">();
  const look = (): void => {
    try {
      if (found()) resolve("found");
    } catch (error) {
      reject(error);
    }
  };
  const end = (): void => resolve("over");
  const poll = setInterval(look, POLL_MS);
  const timer = setTimeout(end, waitMs);
  wakers.add(look);
  signal.addEventListener("abort", end, { once: true });
  try {
    return await promise;
  } finally {
    clearInterval(poll);
    clearTimeout(timer);
    wakers.delete(look);
    signal.removeEventListener("abort", end);
  }
}
