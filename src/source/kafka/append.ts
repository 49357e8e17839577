import type { KafkaConnection } from "../kafka-connection.ts";
import { Producer, ProduceAcks } from "@platformatic/kafka";
import { partitionOf } from "../partitioner.ts";
import type { Appended, NewRecord } from "../source.ts";
import { Unavailable } from "../../core/unavailable.ts";
import { baseOptions, guarded } from "./client.ts";

export type Appender = {
  readonly append: (topic: string, records: readonly NewRecord[]) => Promise<readonly Appended[]>;
  readonly close: () => Promise<void>;
};

/**
 * Appends with an idempotent producer and waits for all in-sync replicas. A producer whose send failed is not used again:
 * what became of its sequence numbers is not known. The records of that send may be in the log; they were not acknowledged.
 */
export function createAppender(connection: KafkaConnection): Appender {
  let producer: Producer | null = null;
  let turn = 0;
  const current = (): Producer => {
    producer ??= new Producer({ ...baseOptions(connection), idempotent: true, acks: ProduceAcks.ALL });
    return producer;
  };
  const drop = (failed: Producer): void => {
    if (producer === failed) producer = null;
    void failed.close(true).catch(() => undefined);
  };
  return {
    append: async (topic, records) => {
      if (records.length === 0) return [];
      const using = current();
      try {
        return await guarded(async () => {
          const partitions = await countPartitions(using, topic);
          const keyless = turn % partitions;
          if (records.some(({ key, partition }) => key === null && partition === null)) turn += 1;
          const chosen = records.map(
            ({ key, partition }) => partition ?? (key === null ? keyless : partitionOf(key, partitions)),
          );
          const sent = await using.send({
            messages: records.map((record, at) => messageOf(topic, record, chosen[at] ?? 0)),
          });
          return positionsOf(chosen, sent.offsets ?? []);
        });
      } catch (error) {
        drop(using);
        throw error;
      }
    },
    close: async () => {
      const last = producer;
      producer = null;
      await last?.close(true).catch(() => undefined);
    },
  };
}

async function countPartitions(producer: Producer, topic: string): Promise<number> {
  const { topics } = await producer.metadata({ topics: [topic] });
  const found = topics.get(topic)?.partitionsCount ?? 0;
  if (found > 0) return found;
  const message = `Cannot append to topic "${topic}": it does not exist`;
  throw new Unavailable("LOG_TOPIC_MISSING", message, "create the topic");
}

function messageOf(topic: string, { key, headers, value }: NewRecord, partition: number) {
  return {
    topic,
    partition,
    ...(key !== null && { key: bufferOf(key) }),
    ...(value !== null && { value: bufferOf(value) }),
    // Two buffers are two keys of a map: names may repeat, and keep their order.
    ...(headers.length > 0 && {
      headers: new Map(headers.map(([name, bytes]) => [Buffer.from(name, "utf8"), bufferOf(bytes)])),
    }),
  };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The broker answers with the first offset of each partition; the records of one send follow one another. */
function positionsOf(
  chosen: readonly number[],
  offsets: readonly { readonly partition: number; readonly offset: bigint }[],
): readonly Appended[] {
  const next = new Map(offsets.map(({ partition, offset }) => [partition, offset]));
  return chosen.map((partition) => {
    const offset = next.get(partition);
    if (offset === undefined) throw new Error(`Kafka acknowledged no offset for partition ${partition}`);
    next.set(partition, offset + 1n);
    return { partition, offset };
  });
}
