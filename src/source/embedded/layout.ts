import { hash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { atomically, type FileKind } from "../../sqlite/open.ts";
import type { Stream } from "../source.ts";

/** The file of the embedded log. */
export const LOG_FILE: FileKind = {
  code: "LOG",
  name: "log",
  applicationId: 0x5347_4c47,
  version: 1,
  older: "use the older program that wrote it",
  // The log is written and read sequentially.
  cacheKib: 16_384,
  walPages: 4_000,
  recovery:
    "restore it from a backup; or move it away and run `sigma streams accept-log`, which records what was not decided as lost",
  check: null,
  identity: "SELECT cluster_id AS id FROM log_meta",
};

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

/** A topic of the opened log. */
export type Topic = {
  readonly name: string;
  readonly streams: readonly Stream[];
  /** Number of appends so far, for the round-robin placement of records without a key. */
  turn: number;
};

export type TopicSettings = { readonly name: string; readonly partitions: number };

/** Makes an id in Kafka's form: 16 random bytes in base64url, 22 characters. */
type NewId = () => string;

export function createLogLayout(db: DatabaseSync, newId: NewId): void {
  db.exec(LAYOUT);
  db.prepare("INSERT INTO log_meta (cluster_id) VALUES (?)").run(newId());
}

/** The topics of a file that are not among `some`. */
export function topicsBesides(db: DatabaseSync, some: readonly TopicSettings[]): readonly TopicSettings[] {
  const rows = db.prepare("SELECT name, partitions FROM log_topics ORDER BY name").all();
  return rows
    .map((row) => ({ name: String(row["name"]), partitions: Number(row["partitions"]) }))
    .filter(({ name }) => !some.some((one) => one.name === name));
}

/**
 * Opens topics of a file, by name. Creates missing topics and adds missing partitions, unless the file is read-only.
 * Writes nothing when nothing is missing: opening must not wait for another process that writes.
 */
export function openTopics(
  db: DatabaseSync,
  topics: readonly TopicSettings[],
  readOnly: boolean,
): ReadonlyMap<string, Topic> {
  const find = db.prepare("SELECT topic_id, partitions FROM log_topics WHERE name = ?");
  const lacking = topics.filter(({ name, partitions }) => Number(find.get(name)?.["partitions"] ?? 0) < partitions);
  const cluster = String(db.prepare("SELECT cluster_id FROM log_meta").get()?.["cluster_id"]);
  if (lacking.length > 0 && !readOnly) addTopics(db, cluster, lacking);
  const found = new Map<string, Topic>();
  for (const { name } of topics) {
    const row = find.get(name);
    if (row === undefined) continue;
    const streams = Array.from({ length: Number(row["partitions"]) }, (_, partition) => ({
      id: `${cluster}/${String(row["topic_id"])}/${partition}`,
      topic: name,
      partition,
    }));
    found.set(name, { name, streams, turn: 0 });
  }
  return found;
}

function addTopics(db: DatabaseSync, cluster: string, topics: readonly TopicSettings[]): void {
  // Another process may add the same topics at the same time: the first insert wins, and both processes then read that
  // row.
  const add = db.prepare(`INSERT INTO log_topics (topic_id, name, partitions) VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET partitions = max(partitions, excluded.partitions)`);
  atomically(db, () => {
    for (const { name, partitions } of topics) add.run(topicIdOf(cluster, name), name, partitions);
  });
}

/**
 * The id of a topic, derived from the file's id and the topic's name. A file restored from a backup of before the topic
 * existed then creates the same topic again: the store notices the missing records instead of taking it for a new
 * topic.
 */
function topicIdOf(cluster: string, name: string): string {
  return hash("sha256", `${cluster}/${name}`, "buffer").subarray(0, ID_BYTES).toString("base64url");
}

const ID_BYTES = 16;
