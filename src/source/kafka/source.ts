import type { KafkaConnection } from "../kafka-connection.ts";
import { Consumer } from "@platformatic/kafka";
import { Unavailable } from "../../core/unavailable.ts";
import type { Log, Source, Stream } from "../source.ts";
import { createAppender } from "./append.ts";
import { baseOptions, guarded } from "./client.ts";
import { joinGroup, type GroupOptions } from "./membership.ts";
import { createStreamReader, type StreamReader } from "./reader.ts";
import { refuseCompaction, streamOf, topicsOf, type Topics } from "./topics.ts";

export type KafkaSourceOptions = {
  readonly connection: KafkaConnection;
  readonly topics: readonly string[];
  /** The consumer group that shares out the partitions; null reads every partition, for audit and tools. */
  readonly group: GroupOptions | null;
  /** Topics that may be compacted, by the operator's word. */
  readonly acceptCompacted: readonly string[];
  /** How long the broker holds a fetch that finds nothing. */
  readonly fetchWaitMs: number;
};

/**
 * Kafka as a source and a log. The position is the caller's: the group's committed offsets are written as a hint and never
 * read. Topics must exist; one that is missing or compacted is `Unavailable` at once.
 */
export async function openKafkaSource(options: KafkaSourceOptions): Promise<Source & Log> {
  const { connection, topics, group, acceptCompacted, fetchWaitMs } = options;
  const known = await describeTopics(connection, topics);
  await refuseCompaction(connection, topics, acceptCompacted);
  const membership = group === null ? null : await joinGroup(connection, topics, group);
  const appender = createAppender(connection);
  const readers = new Map<string, StreamReader>();
  const readerOf = (stream: Stream): StreamReader => {
    const found = readers.get(stream.id);
    if (found !== undefined) return found;
    const made = createStreamReader(connection, stream, fetchWaitMs);
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
    commitHint: (stream, settledTo) => membership?.commitHint(stream, settledTo),
    topics: () => topics,
    append: async (topic, records) => appender.append(topic, records),
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
    const known = await guarded(async () => topicsOf(await client.metadata({ topics: [...topics] })));
    const missing = topics.filter((topic) => !known.byName.has(topic));
    if (missing.length === 0) return known;
    const message = `Cannot read ${missing.map((topic) => `topic "${topic}"`).join(", ")}: it does not exist`;
    throw new Unavailable("LOG_TOPIC_MISSING", message, "create the topic, or remove it from sources");
  } finally {
    await client.close(true).catch(() => undefined);
  }
}
