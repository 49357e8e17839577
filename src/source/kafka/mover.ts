import { Admin, Consumer, ProduceAcks, type Message, type Producer } from "@platformatic/kafka";
import { Unavailable } from "../../core/unavailable.ts";
import type { KafkaConnection } from "../kafka-connection.ts";
import type { MovedRecord, Mover, OpenMover } from "../mover.ts";
import type { Stream } from "../source.ts";
import { bufferOf, headersToSend } from "./append.ts";
import { baseOptions, guarded, isBrokerError } from "./client.ts";
import { createTopicDirectory, topicReplaced, type TopicDirectory } from "./directory.ts";
import { createTellPartitions } from "./known-partitions.ts";
import { begin, createProducer, endAgain, lastEnd, RETRY, type Begun, type End } from "./transaction.ts";

type TopicsOf = (topic: string) => readonly string[];

/** Opens movers, which share the clients that they need beside their producers. */
export type Movers = { readonly open: OpenMover; readonly close: () => Promise<void> };

/**
 * Bytes of records in one request. Kafka's default for the largest batch of a topic is 1 MiB, headers included, and one
 * request makes one batch for each partition. A larger record goes alone.
 */
const SEND_BYTES = 524_288;
/** Most bytes of a record besides key, value and headers, and of a header besides name and value: lengths, time and offset as varints. */
const FRAME_BYTES = { record: 40, header: 10 } as const;

/**
 * Moves with Kafka's transactions. Each stream has a transactional id of its own, made of the names of group, topic and partition:
 * InitProducerId with this id ends the open transaction of an earlier mover and fences it (KIP-98), and returns only when
 * that transaction is complete, its position included. So the position that is read afterwards is the one to go on from, and
 * no membership of the group has to be proved (KIP-447): a router that does not know yet that it lost a partition cannot commit.
 *
 * The position is the group's committed offset. The id of the stream is committed with it: a topic that was made anew begins
 * anew, even where Kafka has not yet forgotten the old offset. An offset that a person committed has no stream id, and counts.
 *
 * @param topicsOf the topics to which the records of a source topic are moved.
 */
export function createMovers(connection: KafkaConnection, groupId: string, topicsOf: TopicsOf): Movers {
  const directory = createTopicDirectory(connection);
  const tellPartitions = createTellPartitions();
  const admin = new Admin(baseOptions(connection));
  const open = async (stream: Stream): Promise<Mover> => {
    const { producer, consumer } = await guarded(async () => {
      const coordinatorId = await coordinatorOf(connection, groupId);
      return {
        producer: createProducer(connection, transactionalIdOf(groupId, stream), stream.id),
        consumer: { groupId, generationId: -1, memberId: "", coordinatorId },
      };
    });
    try {
      return await guarded(async () => {
        const { movedTo, transaction: first } = await recover(producer, stream, {
          connection,
          admin,
          groupId,
          topics: topicsOf(stream.topic),
        });
        let next: Begun | null = first;
        return {
          movedTo,
          partitionsOf: async (topic) => {
            const { length: count } = await existing(directory, topic);
            await guarded(async () => tellPartitions(producer, topic, count));
            return count;
          },
          move: async (records, to) => {
            const transaction = next ?? (await guarded(async () => begin(producer)));
            next = null;
            await transact(directory, transaction, records, async () => {
              // Of the consumer, the driver reads the group's name.
              await transaction.addConsumer({ groupId } as Consumer);
              await transaction.addOffset(lastOf(stream, to, consumer));
            });
          },
          close: async () => producer.close(true).catch(() => undefined),
        };
      });
    } catch (error) {
      await producer.close(true).catch(() => undefined);
      throw error;
    }
  };
  return {
    open,
    close: async () => void (await Promise.all([directory.close(), admin.close()])),
  };
}

type Recovering = {
  readonly connection: KafkaConnection;
  readonly admin: Admin;
  readonly groupId: string;
  readonly topics: readonly string[];
};

/** Ends for good whatever an earlier mover of the stream began. @returns the position then, and the transaction that goes on from it. */
async function recover(
  producer: Producer,
  stream: Stream,
  { connection, admin, groupId, topics }: Recovering,
): Promise<{ readonly movedTo: bigint | null; readonly transaction: Begun }> {
  // Asked first: with the producer id, Kafka forgets how the last transaction ended.
  const end = await lastEnd(connection, transactionalIdOf(groupId, stream));
  let transaction = await begin(producer);
  const again = async (how: End): Promise<void> => {
    await endAgain(producer, transaction, how, { topics, groupId });
    transaction = await begin(producer);
  };
  if (end !== null) await again(end);
  try {
    return { movedTo: await committed(admin, groupId, stream), transaction };
  } catch (error) {
    if (!isBrokerError(error, "UNSTABLE_OFFSET_COMMIT")) throw error;
  }
  // Nobody knows how it ended. Given up, the position from before it counts again, and the records behind it are moved again.
  await again("abort");
  return { movedTo: await committed(admin, groupId, stream), transaction };
}

/** The broker that keeps the group's positions. A client remembers it for good, so each question is one of a new client. */
async function coordinatorOf(connection: KafkaConnection, groupId: string): Promise<number> {
  const asking = new Consumer({ ...baseOptions(connection), ...RETRY, groupId });
  try {
    return await asking.findGroupCoordinator();
  } finally {
    await asking.close(true).catch(() => undefined);
  }
}

/** Reads how far streams were moved, without a mover and so without ending anybody's. */
export function openPositions(
  connection: KafkaConnection,
  groupId: string,
): { readonly movedTo: (stream: Stream) => Promise<bigint | null>; readonly close: () => Promise<void> } {
  const admin = new Admin(baseOptions(connection));
  return {
    movedTo: async (stream) => guarded(async () => committed(admin, groupId, stream)),
    close: async () => admin.close(),
  };
}

/** One transaction: the records, the position, and the check that the topics which took the records are the ones that were meant. */
async function transact(
  directory: TopicDirectory,
  transaction: Begun,
  records: readonly MovedRecord[],
  addPosition: () => Promise<void>,
): Promise<void> {
  const topics = [...new Set(records.map(({ topic }) => topic))];
  const before = await idsOf(topics, directory.known);
  try {
    await guarded(async () => {
      for (const part of partsOf(records))
        await transaction.send({ messages: part.map(messageOf), acks: ProduceAcks.ALL, repeatOnStaleMetadata: false });
      await addPosition();
    });
  } catch (error) {
    // The broker's answer names no topic, and a batch goes to several.
    if (error instanceof Unavailable && error.code === "LOG_TOPIC_MISSING")
      for (const topic of topics) if ((await directory.now(topic)).length === 0) throw topicMissing(topic);
    throw error;
  }
  // A send names its topic by name. Kafka never gives a topic's id to another one: the same ids took the records. A topic that got more
  // partitions meanwhile still has those that took them; the next batch knows of the others.
  const after = await idsOf(topics, directory.now);
  for (const topic of topics)
    if (!isStillThere(before.get(topic) ?? [], after.get(topic) ?? [])) throw topicReplaced("move records to", topic);
  await guarded(async () => transaction.commit());
}

function isStillThere(before: readonly string[], after: readonly string[]): boolean {
  return before.length > 0 && before.every((id) => after.includes(id));
}

async function idsOf(
  topics: readonly string[],
  ask: TopicDirectory["known"],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const asked = topics.map(async (topic) => [topic, (await ask(topic)).map(({ id }) => id)] as const);
  return new Map(await Promise.all(asked));
}

async function existing(directory: TopicDirectory, topic: string): Promise<readonly Stream[]> {
  const known = await directory.known(topic);
  const streams = known.length > 0 ? known : await directory.now(topic);
  if (streams.length > 0) return streams;
  throw topicMissing(topic);
}

function topicMissing(topic: string): Unavailable {
  const message = `Cannot move records to topic "${topic}": it does not exist`;
  return new Unavailable("LOG_TOPIC_MISSING", message, "create the topic: its records wait in their source until then");
}

/** Records for one request each. A record without key and value has a size, too: nothing is left out. */
function partsOf(records: readonly MovedRecord[]): readonly (readonly MovedRecord[])[] {
  const parts: MovedRecord[][] = [];
  let part: MovedRecord[] = [];
  let size = 0;
  for (const record of records) {
    const bytes = bytesOf(record);
    if (part.length === 0 || size + bytes > SEND_BYTES) {
      part = [];
      parts.push(part);
      size = 0;
    }
    part.push(record);
    size += bytes;
  }
  return parts;
}

function bytesOf({ key, headers, value }: MovedRecord): number {
  let bytes = FRAME_BYTES.record + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, content] of headers) bytes += FRAME_BYTES.header + Buffer.byteLength(name) + content.length;
  return bytes;
}

function messageOf({ topic, partition, key, headers, value, timestampMs }: MovedRecord) {
  return {
    topic,
    partition,
    timestamp: BigInt(timestampMs),
    ...(key !== null && { key: bufferOf(key) }),
    ...(value !== null && { value: bufferOf(value) }),
    ...headersToSend(headers),
  };
}

type Member = {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly coordinatorId: number;
};

/** The driver takes the offset to commit from a message of its own stream; of it, it reads only what is here. */
function lastOf({ topic, partition }: Stream, to: bigint, consumer: Member): Message {
  const last = { topic, partition, offset: to - 1n, metadata: { consumer } };
  return last as unknown as Message;
}

/** The committed offset of a stream; null when there is none, or when it is one of an earlier topic of the name. */
async function committed(admin: Admin, groupId: string, { id, topic, partition }: Stream): Promise<bigint | null> {
  const [group] = await admin.listConsumerGroupOffsets({
    groups: [{ groupId, topics: [{ name: topic, partitionIndexes: [partition] }] }],
    requireStable: true,
  });
  const found = group?.topics[0]?.partitions.find(({ partitionIndex }) => partitionIndex === partition);
  if (found === undefined || found.committedOffset < 0n) return null;
  const by = found.metadata ?? "";
  return by === "" || by === id ? found.committedOffset : null;
}

/** One for each partition by its name, not by the topic's id: a mover of a deleted topic must not commit for the new one. */
function transactionalIdOf(groupId: string, { topic, partition }: Stream): string {
  return `${groupId}/${topic}/${partition}`;
}
