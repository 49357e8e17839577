import type { Producer } from "@platformatic/kafka";

/** Lets a producer know of the partitions that a topic has. */
export type TellPartitions = (producer: Producer, topic: string, count: number) => Promise<void>;

/**
 * The driver remembers for 5 s how many partitions a topic has, and sends a record for one that it does not know to another one. So a
 * producer asks anew before it sends to a topic that got more.
 */
export function createTellPartitions(): TellPartitions {
  const known = new WeakMap<Producer, Map<string, number>>();
  return async (producer, topic, count) => {
    const topics = known.get(producer) ?? new Map<string, number>();
    known.set(producer, topics);
    // One that never sent there asks by itself.
    if ((topics.get(topic) ?? count) !== count) await producer.metadata({ topics: [topic], forceUpdate: true });
    topics.set(topic, count);
  };
}
