import type { KafkaConnection } from "../kafka-connection.ts";
import { Consumer } from "@platformatic/kafka";
import { Unavailable } from "../../core/unavailable.ts";
import type { Log, Source, Stream } from "../source.ts";
import { createAppender } from "./append.ts";
import { baseOptions, guarded, TOPIC_REMEDY } from "./client.ts";
import { isMissing } from "./directory.ts";
import { joinGroup, type GroupOptions } from "./membership.ts";
import { createStreamReader, type StreamReader } from "./reader.ts";
import { refuseCompaction, streamOf, topicsOf, type Topics } from "./topics.ts";

export type KafkaSourceOptions = {
  readonly connection: KafkaConnection;
  readonly topics: readonly string[];
  /** Topics that records can be appended to besides `topics`, and that are not read here. */
  readonly appended?: readonly string[];
  /** Topics that the process itself appends to, and that must exist. */
  readonly alsoNeeded?: readonly string[];
  /** The consumer group that assigns the partitions; null reads every partition, for audit and tools. */
  readonly group: GroupOptions | null;
  /** Compacted topics that the operator has accepted. */
  readonly acceptCompacted: readonly string[];
  /** Longest wait of the broker for a fetch that finds no record, in milliseconds. */
  readonly fetchWaitMs: number;
};

/** A process that reads more streams than this does not fetch ahead. */
const STREAMS_AHEAD = 2;

/**
 * Opens Kafka as a source and a log. The caller keeps the position: the group's committed offsets are written as a hint
 * and never read.
 * @throws `Unavailable` at once when a topic is missing or compacted.
 */
export async function openKafkaSource(options: KafkaSourceOptions): Promise<Source & Log> {
  const { connection, topics, group, acceptCompacted, fetchWaitMs } = options;
  const { appended = [], alsoNeeded = [] } = options;
  const known = await describeTopics(connection, topics);
  if (alsoNeeded.length > 0) await describeTopics(connection, alsoNeeded);
  await refuseCompaction(connection, topics, acceptCompacted);
  const membership = group === null ? null : await joinGroup(connection, topics, group);
  const appender = createAppender(connection);
  const readers = new Map<string, StreamReader>();
  const readerOf = (stream: Stream): StreamReader => {
    const found = readers.get(stream.id);
    if (found !== undefined) return found;
    const made = createStreamReader(connection, stream, fetchWaitMs, () => readers.size <= STREAMS_AHEAD);
    readers.set(stream.id, made);
    return made;
  };
  const forgetLost = (): void => {
    for (const [id, reader] of readers) {
      if (membership?.streams().some((stream) => stream.id === id) === true) continue;
      readers.delete(id);
      void reader.close();
    }
  };
  return {
    streams: async () => membership?.streams() ?? allStreams(known),
    isAssigned: () => membership?.isAssigned() ?? true,
    onStreamsChange: (listener) =>
      membership?.onChange(() => {
        listener();
        forgetLost();
      }),
    fetch: async (stream, from, limits, signal, until) => readerOf(stream).fetch(from, limits, signal, until),
    bounds: async (stream) => readerOf(stream).bounds(),
    keepPlace: () => membership?.keepPlace(),
    commitHint: (stream, settledTo) => membership?.commitHint(stream, settledTo),
    topics: () => [...topics, ...appended],
    streamsOf: appender.streamsOf,
    append: async (topic, records, closedFor) => {
      try {
        return await appender.append(topic, records, closedFor);
      } catch (error) {
        if (error instanceof Unavailable && error.code === "LOG_TOPIC_REPLACED") membership?.refresh();
        throw error;
      }
    },
    close: async () => {
      await Promise.all([
        membership?.close(),
        appender.close(),
        ...[...readers.values()].map(async (one) => one.close()),
      ]);
      readers.clear();
    },
  };
}

function allStreams(topics: Topics): readonly Stream[] {
  return [...topics.byName].flatMap(([topic, { partitions }]) =>
    Array.from({ length: partitions }, (_, partition) => streamOf(topics, topic, partition)).filter(
      (stream) => stream !== null,
    ),
  );
}

async function describeTopics(connection: KafkaConnection, topics: readonly string[]): Promise<Topics> {
  const client = new Consumer({ ...baseOptions(connection), groupId: "sigma-aetl-reader" });
  try {
    const missing: string[] = [];
    for (const topic of topics) if (!(await exists(client, topic))) missing.push(topic);
    if (missing.length === 0)
      return await guarded(async () => topicsOf(await client.metadata({ topics: [...topics] })));
    const message = `Cannot use ${missing.map((topic) => `topic "${topic}"`).join(", ")}: it does not exist`;
    throw new Unavailable("LOG_TOPIC_MISSING", message, TOPIC_REMEDY);
  } finally {
    await client.close(true).catch(() => undefined);
  }
}

async function exists(client: Consumer, topic: string): Promise<boolean> {
  return guarded(async () => {
    try {
      return (await client.metadata({ topics: [topic] })).topics.has(topic);
    } catch (error) {
      if (isMissing(error, topic)) return false;
      throw error;
    }
  });
}
