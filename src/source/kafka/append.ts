import type { KafkaConnection } from "../kafka-connection.ts";
import { Producer, ProduceAcks } from "@platformatic/kafka";
import type { Header } from "../../core/record.ts";
import { NEVER_CLOSED, placeRecords, takesTurn } from "../partitioner.ts";
import type { Appended, ClosedFor, NewRecord, Stream } from "../source.ts";
import { Unavailable } from "../../core/unavailable.ts";
import { baseOptions, guarded } from "./client.ts";
import { createTellPartitions } from "./known-partitions.ts";
import { createTopicDirectory, topicReplaced, type TopicDirectory } from "./directory.ts";

export type Appender = {
  readonly append: (
    topic: string,
    records: readonly NewRecord[],
    closedFor?: ClosedFor,
  ) => Promise<readonly Appended[]>;
  /** Asks the cluster for every stream of a topic; an empty list when the topic does not exist. */
  readonly streamsOf: (topic: string) => Promise<readonly Stream[]>;
  readonly close: () => Promise<void>;
};

/**
 * Appends with an idempotent producer and waits for all in-sync replicas. A producer whose send failed is closed and
 * not used again, because its sequence numbers are in an unknown state. The records of the failed send may be in the
 * log, but they were not acknowledged.
 *
 * A send names its topic by name, not by id. The append therefore asks for the topic's ids again after the send: Kafka
 * never reuses an id, so if the ids are the same before and after, that topic took the records. This costs one more
 * exchange, which concurrent appends share.
 */
export function createAppender(connection: KafkaConnection): Appender {
  const directory = createTopicDirectory(connection);
  const tellPartitions = createTellPartitions();
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
  const place = async (
    topic: string,
    records: readonly NewRecord[],
    closedFor: ClosedFor,
  ): Promise<readonly Stream[]> => {
    const known = await directory.known(topic);
    try {
      return placeRecords(known.length === 0 ? await existing(directory, topic) : known, records, turn, closedFor);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      // The closed stream may belong to a deleted topic of the same name: ask the cluster again.
      return placeRecords(await existing(directory, topic), records, turn, closedFor);
    } finally {
      if (takesTurn(records)) turn += 1;
    }
  };
  return {
    append: async (topic, records, closedFor = NEVER_CLOSED) => {
      if (records.length === 0) return [];
      const placed = await place(topic, records, closedFor);
      const using = current();
      const offsets = await guarded(async () => {
        await tellPartitions(using, topic, (await directory.known(topic)).length);
        const sent = await using.send({
          messages: records.map((record, at) => messageOf(topic, record, placed[at]?.partition ?? 0)),
        });
        return sent.offsets ?? [];
      }).catch((error: unknown) => {
        drop(using);
        throw error;
      });
      const after = new Set((await directory.now(topic)).map(({ id }) => id));
      // This check comes before `positionsOf`. In a topic that was recreated with fewer partitions the driver sends the record
      // to another partition, which `positionsOf` would report as a bug.
      if (placed.some(({ id }) => !after.has(id))) throw topicReplaced("append to", topic);
      return positionsOf(placed, offsets);
    },
    streamsOf: directory.now,
    close: async () => {
      const last = producer;
      producer = null;
      await Promise.all([last?.close(true).catch(() => undefined), directory.close()]);
    },
  };
}

async function existing(directory: TopicDirectory, topic: string): Promise<readonly Stream[]> {
  const streams = await directory.now(topic);
  if (streams.length > 0) return streams;
  const message = `Cannot append to topic "${topic}": it does not exist`;
  throw new Unavailable("LOG_TOPIC_MISSING", message, "create the topic");
}

function messageOf(topic: string, { key, headers, value }: NewRecord, partition: number) {
  return {
    topic,
    partition,
    ...(key !== null && { key: bufferOf(key) }),
    ...(value !== null && { value: bufferOf(value) }),
    ...headersToSend(headers),
  };
}

/** Headers as the driver takes them. Each name is a buffer of its own, so the map keeps repeated names apart, in their order. */
export function headersToSend(headers: readonly Header[]): { readonly headers?: Map<Buffer, Buffer> } {
  if (headers.length === 0) return {};
  return { headers: new Map(headers.map(([name, bytes]) => [Buffer.from(name, "utf8"), bufferOf(bytes)])) };
}

/** The same bytes as a buffer. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The broker answers with the first offset of each partition; the records of one send have consecutive offsets. */
function positionsOf(
  placed: readonly Stream[],
  offsets: readonly { readonly partition: number; readonly offset: bigint }[],
): readonly Appended[] {
  const next = new Map(offsets.map(({ partition, offset }) => [partition, offset]));
  return placed.map(({ id, partition }) => {
    const offset = next.get(partition);
    if (offset === undefined) throw new Error(`Kafka acknowledged no offset for partition ${partition}`);
    next.set(partition, offset + 1n);
    return { stream: id, partition, offset };
  });
}
