import type { KafkaSourceOptions } from "../../../src/source/kafka/source.ts";
import { LAW_TOPIC } from "../law-topic.ts";

/** A source of every partition of the laws' topic. */
export function lawOptions(brokers: string): KafkaSourceOptions {
  return {
    connection: { brokers: [brokers], tls: null, sasl: null },
    topics: [LAW_TOPIC.name],
    group: null,
    acceptCompacted: [],
    fetchWaitMs: 250,
  };
}
