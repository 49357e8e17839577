import { Consumer } from "@platformatic/kafka";
import { Unavailable } from "../../core/unavailable.ts";
import type { KafkaConnection } from "../kafka-connection.ts";
import type { Stream } from "../source.ts";
import { baseOptions, guarded, isBrokerError } from "./client.ts";
import { streamOf, topicsOf } from "./topics.ts";

/**
 * Looks up the streams of topics in the cluster. A topic that was deleted and created again has the same name and other
 * streams.
 */
export type TopicDirectory = {
  /** The streams from the last lookup, or from the cluster when there was none. */
  readonly known: (topic: string) => Promise<readonly Stream[]>;
  /** The streams in the cluster at some moment after the call; an empty list when the topic does not exist. */
  readonly now: (topic: string) => Promise<readonly Stream[]>;
  readonly close: () => Promise<void>;
};

/** Calls that arrive while a lookup of the same topic is running share the next lookup. */
export function createTopicDirectory(connection: KafkaConnection): TopicDirectory {
  let client: Consumer | null = null;
  const found = new Map<string, readonly Stream[]>();
  const asking = new Map<string, { readonly running: Promise<unknown>; next: Promise<readonly Stream[]> | null }>();

  const ask = async (topic: string): Promise<readonly Stream[]> => {
    client ??= new Consumer({ ...baseOptions(connection), groupId: "sigma-aetl-reader" });
    const streams = await streamsOf(client, topic);
    found.set(topic, streams);
    return streams;
  };
  const start = (topic: string): Promise<readonly Stream[]> => {
    const running = ask(topic);
    const one: { running: Promise<unknown>; next: Promise<readonly Stream[]> | null } = { running, next: null };
    asking.set(topic, one);
    const end = (): void => {
      if (one.next === null && asking.get(topic) === one) asking.delete(topic);
    };
    running.then(end, end);
    return running;
  };
  const now = async (topic: string): Promise<readonly Stream[]> => {
    const current = asking.get(topic);
    if (current === undefined) return start(topic);
    const again = (): Promise<readonly Stream[]> => start(topic);
    current.next ??= current.running.then(again, again);
    return current.next;
  };
  return {
    known: async (topic) => found.get(topic) ?? now(topic),
    now,
    close: async () => {
      const last = client;
      client = null;
      await last?.close(true).catch(() => undefined);
    },
  };
}

async function streamsOf(client: Consumer, topic: string): Promise<readonly Stream[]> {
  return guarded(async () => {
    try {
      const topics = topicsOf(await client.metadata({ topics: [topic], forceUpdate: true }));
      const { partitions } = topics.byName.get(topic) ?? { partitions: 0 };
      return Array.from({ length: partitions }, (_, partition) => streamOf(topics, topic, partition)).filter(
        (stream) => stream !== null,
      );
    } catch (error) {
      if (isMissing(error, topic)) return [];
      throw error;
    }
  });
}

/**
 * Whether an error means that the topic does not exist. The driver reports this as a mistake of its caller, and names
 * only the first missing topic.
 */
export function isMissing(error: unknown, topic: string): boolean {
  if (error instanceof Error && error.message === `Unknown topic ${topic}.`) return true;
  return isBrokerError(error, "UNKNOWN_TOPIC_OR_PARTITION");
}

/**
 * The error for a topic that was deleted and created again during an operation. Its old streams have ended, and the
 * records of the operation may be in neither topic.
 */
export function topicReplaced(what: string, topic: string): Unavailable {
  return new Unavailable(
    "LOG_TOPIC_REPLACED",
    `Cannot ${what} topic "${topic}": it was made anew meanwhile`,
    "try again: its new streams are taken up within seconds",
  );
}
