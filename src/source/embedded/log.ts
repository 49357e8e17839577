import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SourceRecord } from "../../core/record.ts";
import { Unavailable } from "../../core/unavailable.ts";
import { guarded, openDatabase, rollback, type FileKind, type OpenOptions } from "../../sqlite/open.ts";
import type { Appended, Fetched, FetchLimits, Log, NewRecord, Source, Stream } from "../source.ts";
import { checksumOf, decodeBatch, encodeBatch } from "./batch.ts";
import { partitionOf } from "./partitioner.ts";

export type EmbeddedLogOptions = OpenOptions & {
  /** Topics to keep; one that is not in the file yet is made. A topic never loses partitions. */
  readonly topics: readonly { readonly name: string; readonly partitions: number }[];
  /** Milliseconds since the epoch, for the records' timestamps. */
  readonly now: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
};

/** The embedded log is both sides of a log in one. */
export type EmbeddedLog = Source & Log;

const KIND: FileKind = { code: "LOG", name: "log", applicationId: 0x5347_4c47, version: 1 };

/** One row of the file holds at most this: a small read need not load a large batch. */
const BATCH = { recordsMax: 5_000, bytesMax: 1_048_576 } as const;
/** Another process's appends are noticed after at most this. */
const POLL_MS = 100;

const LAYOUT = `
  CREATE TABLE log_meta (cluster_id TEXT NOT NULL) STRICT;
  CREATE TABLE log_topics (topic_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL) STRICT;
  CREATE TABLE log_batches (
    stream TEXT NOT NULL,
    next_offset INTEGER NOT NULL,
    base_offset INTEGER NOT NULL,
    timestamp_ms INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    records BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX log_batches_position ON log_batches (stream, next_offset);
`;

type Topic = { readonly name: string; readonly streams: readonly Stream[]; next: number };

type Pending = {
  readonly topic: Topic;
  readonly records: readonly NewRecord[];
  readonly resolve: (appended: readonly Appended[]) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * A partitioned, append-only log in one SQLite file: the source of the embedded engine, and what HTTP appends to before
 * it acknowledges (P9). Appends that arrive in one turn of the event loop share one transaction and one fsync.
 */
export function openEmbeddedLog(options: EmbeddedLogOptions): EmbeddedLog {
  const { path, now } = options;
  const db = openDatabase(KIND, options, (created) => createLayout(created, options));
  const guard = <T>(run: () => T): T => guarded(KIND, path, run);
  const topics = guard(() => loadTopics(db, options));
  const streams = [...topics.values()].flatMap((topic) => topic.streams);
  const statements = guard(() => prepare(db));
  const wakers = new Set<() => void>();
  let pending: Pending[] = [];

  const flush = (): void => {
    const group = pending;
    pending = [];
    try {
      const appended = guard(() => appendGroup(db, statements, group, now()));
      group.forEach(({ resolve }, index) => resolve(appended[index] ?? []));
      for (const wake of wakers) wake();
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  };

  const boundsOf = (stream: Stream): { start: bigint; end: bigint } => {
    const row = statements.bounds.get(stream.id);
    return { start: (row?.["start"] as bigint | null | undefined) ?? 0n, end: (row?.["end"] as bigint | null | undefined) ?? 0n };
  };

  const fetch = async (
    stream: Stream,
    from: bigint,
    limits: FetchLimits,
    signal: AbortSignal,
    until?: bigint,
  ): Promise<Fetched> => {
    const read = (): Fetched => guard(() => readFrom(statements, boundsOf, path, { stream, from, limits, until }));
    const first = read();
    if (first.kind !== "empty" || limits.waitMs <= 0 || signal.aborted) return first;
    await waitForRecords(wakers, limits.waitMs, signal, () => boundsNow(guard, boundsOf, stream) > from);
    return signal.aborted ? first : read();
  };

  return {
    streams: async () => streams,
    fetch,
    bounds: async (stream) => guard(() => boundsOf(stream)),
    commitHint: () => undefined,
    topics: () => [...topics.keys()],
    append: async (name, records) => {
      const topic = topics.get(name);
      if (topic === undefined) throw new Error(`Cannot append to topic "${name}": it is not configured`);
      if (records.length === 0) return [];
      return new Promise((resolve, reject) => {
        if (pending.length === 0) setImmediate(flush);
        pending.push({ topic, records, resolve, reject });
      });
    },
    close: async () => {
      if (pending.length > 0) flush();
      if (db.isOpen) db.close();
    },
  };
}

function boundsNow(guard: <T>(run: () => T) => T, boundsOf: (stream: Stream) => { end: bigint }, stream: Stream): bigint {
  return guard(() => boundsOf(stream)).end;
}

function createLayout(db: DatabaseSync, { randomBytes }: EmbeddedLogOptions): void {
  db.exec(LAYOUT);
  db.prepare("INSERT INTO log_meta (cluster_id) VALUES (?)").run(newId(randomBytes));
}

/** As Kafka prints its ids: 16 random bytes in base64url, 22 characters. */
function newId(randomBytes: (count: number) => Uint8Array): string {
  return Buffer.from(randomBytes(16)).toString("base64url");
}

function loadTopics(db: DatabaseSync, { topics, randomBytes, readOnly = false }: EmbeddedLogOptions): ReadonlyMap<string, Topic> {
  const cluster = String(db.prepare("SELECT cluster_id FROM log_meta").get()?.["cluster_id"]);
  const find = db.prepare("SELECT topic_id, partitions FROM log_topics WHERE name = ?");
  const found = new Map<string, Topic>();
  for (const { name, partitions } of topics) {
    if (!readOnly) {
      db.prepare("INSERT INTO log_topics (topic_id, name, partitions) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING").run(newId(randomBytes), name, partitions);
      db.prepare("UPDATE log_topics SET partitions = ? WHERE name = ? AND partitions < ?").run(partitions, name, partitions);
    }
    const row = find.get(name);
    if (row === undefined) continue;
    const ids = Array.from({ length: Number(row["partitions"]) }, (_, partition) => ({
      id: `${cluster}/${String(row["topic_id"])}/${partition}`,
      topic: name,
      partition,
    }));
    found.set(name, { name, streams: ids, next: 0 });
  }
  return found;
}

type Statements = {
  readonly bounds: StatementSync;
  readonly insert: StatementSync;
  readonly read: StatementSync;
};

function prepare(db: DatabaseSync): Statements {
  const bounds = db.prepare(`SELECT
    (SELECT base_offset FROM log_batches WHERE stream = ?1 ORDER BY next_offset LIMIT 1) AS start,
    (SELECT max(next_offset) FROM log_batches WHERE stream = ?1) AS end`);
  const read = db.prepare(
    "SELECT base_offset, next_offset, timestamp_ms, checksum, records FROM log_batches WHERE stream = ? AND next_offset > ? ORDER BY next_offset LIMIT 1",
  );
  // Offsets are 64-bit: read as a JavaScript number, one beyond 2^53 would throw.
  bounds.setReadBigInts(true);
  read.setReadBigInts(true);
  const insert = db.prepare(
    "INSERT INTO log_batches (stream, base_offset, next_offset, timestamp_ms, checksum, records) VALUES (?, ?, ?, ?, ?, ?)",
  );
  return { bounds, insert, read };
}

/** One transaction for every append that is waiting. */
function appendGroup(
  db: DatabaseSync,
  statements: Statements,
  group: readonly Pending[],
  timestampMs: number,
): readonly (readonly Appended[])[] {
  db.exec("BEGIN IMMEDIATE");
  try {
    const ends = new Map<string, bigint>();
    const byStream = new Map<Stream, NewRecord[]>();
    const appended = group.map(({ topic, records }) => {
      // Records without a key stay together: one partition for each append, in turn.
      const sticky = topic.next % topic.streams.length;
      topic.next += 1;
      return records.map((record) => {
        const stream = streamFor(topic, record, sticky);
        const offset = ends.get(stream.id) ?? endOf(statements, stream);
        ends.set(stream.id, offset + 1n);
        const list = byStream.get(stream);
        if (list === undefined) byStream.set(stream, [record]);
        else list.push(record);
        return { partition: stream.partition, offset };
      });
    });
    for (const [stream, records] of byStream) {
      const end = ends.get(stream.id) ?? 0n;
      writeBatches(statements, stream, end - BigInt(records.length), records, timestampMs);
    }
    db.exec("COMMIT");
    return appended;
  } catch (error) {
    rollback(db);
    throw error;
  }
}

function streamFor(topic: Topic, record: NewRecord, sticky: number): Stream {
  const { streams } = topic;
  const partition =
    record.partition ?? (record.key === null ? sticky : partitionOf(record.key, streams.length));
  const stream = streams[partition];
  if (stream === undefined) throw new Error(`Cannot append to ${topic.name}/${partition}: the topic has ${streams.length} partitions`);
  return stream;
}

function endOf(statements: Statements, stream: Stream): bigint {
  return (statements.bounds.get(stream.id)?.["end"] as bigint | null | undefined) ?? 0n;
}

function writeBatches(
  { insert }: Statements,
  stream: Stream,
  from: bigint,
  records: readonly NewRecord[],
  timestampMs: number,
): void {
  let base = from;
  for (let start = 0; start < records.length; ) {
    let end = start;
    let bytes = 0;
    while (end < records.length && end - start < BATCH.recordsMax && (end === start || bytes < BATCH.bytesMax)) {
      bytes += records[end]?.value?.length ?? 0;
      end += 1;
    }
    const blob = encodeBatch(records.slice(start, end));
    const next = base + BigInt(end - start);
    insert.run(stream.id, base, next, timestampMs, checksumOf(blob), blob);
    base = next;
    start = end;
  }
}

type Read = { readonly stream: Stream; readonly from: bigint; readonly limits: FetchLimits; readonly until: bigint | undefined };

function readFrom(
  statements: Statements,
  boundsOf: (stream: Stream) => { start: bigint; end: bigint },
  path: string,
  { stream, from, limits, until }: Read,
): Fetched {
  const records: SourceRecord[] = [];
  let bytes = 0;
  let next = from;
  const full = (): boolean => records.length >= limits.recordsMax || (records.length > 0 && bytes >= limits.bytesMax);
  while (!full() && (until === undefined || next < until)) {
    const row = statements.read.get(stream.id, next);
    const base = row?.["base_offset"] as bigint | undefined;
    if (row === undefined || base === undefined) break;
    if (base > next) return { kind: "below-start", logStart: base };
    for (const record of unpack(row, stream, next, path)) {
      if (full() || (until !== undefined && next >= until)) break;
      records.push(record);
      bytes += record.value?.length ?? 0;
      next += 1n;
    }
  }
  if (records.length > 0) return { kind: "records", from, to: next, records };
  const { end } = boundsOf(stream);
  return from > end ? { kind: "beyond-end", logEnd: end } : { kind: "empty" };
}

function* unpack(row: Record<string, unknown>, stream: Stream, from: bigint, path: string): Generator<SourceRecord> {
  const base = row["base_offset"] as bigint;
  const count = Number((row["next_offset"] as bigint) - base);
  const blob = row["records"] as Uint8Array;
  if (BigInt(checksumOf(blob)) !== row["checksum"]) {
    const message = `Cannot read log "${path}": the batch at offset ${base} of ${stream.topic}/${stream.partition} is damaged`;
    throw new Unavailable("LOG_CORRUPT", message, "restore the file from a backup");
  }
  const timestampMs = Number(row["timestamp_ms"]);
  const { id, topic, partition } = stream;
  let offset = from;
  for (const { key, headers, value } of decodeBatch(blob, count, Number(from - base))) {
    yield { position: { stream: id, topic, partition, offset }, timestampMs, key, headers, value };
    offset += 1n;
  }
}

/** Until an append here, an append elsewhere (looked for every {@link POLL_MS}), the end of the wait, or an abort. */
async function waitForRecords(wakers: Set<() => void>, waitMs: number, signal: AbortSignal, found: () => boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const done = (): void => resolve();
  const poll = setInterval(() => {
    try {
      if (found()) resolve();
    } catch (error) {
      reject(error);
    }
  }, POLL_MS);
  const timer = setTimeout(done, waitMs);
  wakers.add(done);
  signal.addEventListener("abort", done, { once: true });
  try {
    await promise;
  } finally {
    clearInterval(poll);
    clearTimeout(timer);
    wakers.delete(done);
    signal.removeEventListener("abort", done);
  }
}
