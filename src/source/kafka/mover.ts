import {
  addPartitionsToTxnV3,
  Admin,
  Consumer,
  kGetApi,
  Producer,
  ProduceAcks,
  type API,
  type Callback,
  type Message,
} from "@platformatic/kafka";
import { Unavailable } from "../../core/unavailable.ts";
import type { KafkaConnection } from "../kafka-connection.ts";
import type { MovedRecord, Mover, OpenMover } from "../mover.ts";
import type { Stream } from "../source.ts";
import { bufferOf, headersToSend } from "./append.ts";
import { baseOptions, guarded } from "./client.ts";
import { createTopicDirectory, topicReplaced, type TopicDirectory } from "./directory.ts";

/** Opens movers, which share the clients that they need beside their producers. */
export type Movers = { readonly open: OpenMover; readonly close: () => Promise<void> };

/**
 * Bytes of keys and values in one request. Kafka's default for the largest batch of a topic is 1 MiB, headers included, and one
 * request makes one batch for each partition. A larger record goes alone.
 */
const SEND_BYTES = 524_288;
/** How long the broker keeps a transaction open whose process is gone: until then no reader of committed records passes it. */
const TRANSACTION_TIMEOUT_MS = 15_000;
/** Kafka answers "try again" while it still writes the markers of the transaction before, which takes milliseconds. */
const RETRY = { retries: 12, retryDelay: (_: unknown, __: string, attempt: number): number => attempt * 25 } as const;

/**
 * Moves with Kafka's transactions. Each stream has a transactional id of its own, made of the names of group, topic and partition:
 * InitProducerId with this id ends the open transaction of an earlier mover and fences it (KIP-98), and returns only when
 * that transaction is complete, its position included. So the position that is read afterwards is the one to go on from, and
 * no membership of the group has to be proved (KIP-447): a router that does not know yet that it lost a partition cannot commit.
 *
 * The position is the group's committed offset. The id of the stream is committed with it: a topic that was made anew begins
 * anew, even where Kafka has not yet forgotten the old offset. An offset that a person committed has no stream id, and counts.
 */
export function createMovers(connection: KafkaConnection, groupId: string): Movers {
  const directory = createTopicDirectory(connection);
  const admin = new Admin({ ...baseOptions(connection), ...RETRY });
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
        let next: Opened | null = await begin(producer);
        const movedTo = await committed(admin, groupId, stream);
        return {
          movedTo,
          partitionsOf: async (topic) => (await existing(directory, topic)).length,
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

type Opened = Awaited<ReturnType<Producer["beginTransaction"]>>;

async function begin(producer: Producer): Promise<Opened> {
  // Without these values the driver asks for the producer id 0, which the broker refuses unless it is the id's own.
  return producer.beginTransaction({ producerId: -1n, producerEpoch: -1 });
}

/** One transaction: the records, the position, and the check that the topics which took the records are the ones that were meant. */
async function transact(
  directory: TopicDirectory,
  transaction: Opened,
  records: readonly MovedRecord[],
  addPosition: () => Promise<void>,
): Promise<void> {
  const topics = [...new Set(records.map(({ topic }) => topic))];
  const before = await idsOf(topics, directory.known);
  await guarded(async () => {
    for (const part of partsOf(records))
      await transaction.send({ messages: part.map(messageOf), acks: ProduceAcks.ALL, repeatOnStaleMetadata: false });
    await addPosition();
  });
  // A send names its topic by name. Kafka never gives a topic's id to another one: the same ids took the records.
  const after = await idsOf(topics, directory.now);
  for (const topic of topics) if (before.get(topic) !== after.get(topic)) throw topicReplaced("move records to", topic);
  await guarded(async () => transaction.commit());
}

async function idsOf(topics: readonly string[], ask: TopicDirectory["known"]): Promise<ReadonlyMap<string, string>> {
  const asked = topics.map(async (topic) => [topic, (await ask(topic)).map(({ id }) => id).join()] as const);
  return new Map(await Promise.all(asked));
}

async function existing(directory: TopicDirectory, topic: string): Promise<readonly Stream[]> {
  const known = await directory.known(topic);
  const streams = known.length > 0 ? known : await directory.now(topic);
  if (streams.length > 0) return streams;
  throw new Unavailable("LOG_TOPIC_MISSING", `Cannot move records to topic "${topic}": it does not exist`, "create it");
}

function partsOf(records: readonly MovedRecord[]): readonly (readonly MovedRecord[])[] {
  const parts: MovedRecord[][] = [];
  let size = SEND_BYTES;
  for (const record of records) {
    const bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
    if (size + bytes > SEND_BYTES) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)?.push(record);
    size += bytes;
  }
  return parts;
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

function createProducer(connection: KafkaConnection, transactionalId: string, note: string): Producer {
  const producer = new Producer({
    ...baseOptions(connection),
    ...RETRY,
    // The driver takes this for the timeout of transactions, too.
    timeout: TRANSACTION_TIMEOUT_MS,
    idempotent: true,
    acks: ProduceAcks.ALL,
    transactionalId,
  });
  const chosen = producer[kGetApi].bind(producer);
  producer[kGetApi] = <Arguments extends unknown[], Response>(
    name: string,
    callback: Callback<API<Arguments, Response>>,
  ): void => {
    // From version 4 on this request is one of brokers, which needs the right ClusterAction (AddPartitionsToTxnRequest.json).
    if (name === "AddPartitionsToTxn") {
      return callback(null, addPartitionsToTxnV3.api as unknown as API<Arguments, Response>);
    }
    chosen<Arguments, Response>(name, (error, api) => {
      if (error !== null || api === undefined || name !== "TxnOffsetCommit") return callback(error, api);
      callback(null, noting(api, note));
    });
  };
  return producer;
}

type Committed = { readonly partitions: readonly { committedMetadata?: string }[] };

/** The driver commits no metadata; this adds it to what is sent. */
function noting<Arguments extends unknown[], Response>(
  api: API<Arguments, Response>,
  note: string,
): API<Arguments, Response> {
  const send = (connection: unknown, ...rest: unknown[]): unknown => {
    const topics = rest.find((one): one is readonly Committed[] => Array.isArray(one)) ?? [];
    for (const { partitions } of topics) for (const partition of partitions) partition.committedMetadata = note;
    return (api as unknown as (...all: unknown[]) => unknown)(connection, ...rest);
  };
  return Object.assign(send, api);
}
