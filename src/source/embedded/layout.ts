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
  // Written and read from end to end.
  cacheKib: 16_384,
  walPages: 4_000,
  recovery:
    "restore it from a backup; or move it away and run `sigma streams accept-log`, which records what was not decided as lost",
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

/** A topic the log was opened with. */
export type Topic = {
  readonly name: string;
  readonly streams: readonly Stream[];
  /** Counts appends, so that records without a key take the partitions in turn. */
  turn: number;
};

export type TopicSettings = { readonly name: string; readonly partitions: number };

/** As Kafka prints its ids: 16 random bytes in base64url, 22 characters. */
type NewId = () => string;

export function createLogLayout(db: DatabaseSync, newId: NewId): void {
  db.exec(LAYOUT);
  db.prepare("INSERT INTO log_meta (cluster_id) VALUES (?)").run(newId());
}

/** The topics that are in a file besides some. */
export function topicsBesides(db: DatabaseSync, some: readonly TopicSettings[]): readonly TopicSettings[] {
  const rows = db.prepare("SELECT name, partitions FROM log_topics ORDER BY name").all();
  return rows
    .map((row) => ({ name: String(row["name"]), partitions: Number(row["partitions"]) }))
    .filter(({ name }) => !some.some((one) => one.name === name));
}

/**
 * The topics of a file, by name. One that is missing is made, one that has fewer partitions than asked for gets more; a
 * read-only file gives what it has. Nothing is written when nothing is new: opening must not wait for another writer.
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
  // Another process may add the same ones at the same time: the first wins, and both then read what it wrote.
  const add = db.prepare(`INSERT INTO log_topics (topic_id, name, partitions) VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET partitions = max(partitions, excluded.partitions)`);
  atomically(db, () => {
    for (const { name, partitions } of topics) add.run(topicIdOf(cluster, name), name, partitions);
  });
}

/**
 * The id of a topic follows from the file's and from its name. A file of before the topic was made, put back from a backup,
 * then makes the same topic: the store finds that it lacks records, instead of taking it for another one.
 */
function topicIdOf(cluster: string, name: string): string {
  return hash("sha256", `${cluster}/${name}`, "buffer").subarray(0, ID_BYTES).toString("base64url");
}

const ID_BYTES = 16;
