import { Consumer } from "@platformatic/kafka";
import { Unavailable } from "../../core/unavailable.ts";
import type { KafkaConnection } from "../kafka-connection.ts";
import type { Stream } from "../source.ts";
import { baseOptions, guarded, isBrokerError } from "./client.ts";
import { streamOf, topicsOf } from "./topics.ts";

/** The streams of topics, asked of the cluster. A topic that is made anew has the same name and other streams. */
export type TopicDirectory = {
  /** As they were when they were last asked for, or as they are. */
  readonly known: (topic: string) => Promise<readonly Stream[]>;
  /** As they are at some moment after the call; none when there is no such topic. */
  readonly now: (topic: string) => Promise<readonly Stream[]>;
  readonly close: () => Promise<void>;
};

/** Calls for one topic that come while it is asked for share the next question. */
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

/** The driver says of a topic that is not there that its caller is wrong, and names only the first. */
export function isMissing(error: unknown, topic: string): boolean {
  if (error instanceof Error && error.message === `Unknown topic ${topic}.`) return true;
  return isBrokerError(error, "UNKNOWN_TOPIC_OR_PARTITION");
}

/** A topic that was deleted and made anew meanwhile: its old stream ended, and what came last may be in neither. */
export function topicReplaced(what: string, topic: string): Unavailable {
  return new Unavailable(
    "LOG_TOPIC_REPLACED",
    `Cannot ${what} topic "${topic}": it was made anew meanwhile`,
    "try again: its new streams are taken up within seconds",
  );
}
