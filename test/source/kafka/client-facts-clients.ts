import { randomUUID } from "node:crypto";
import {
  Admin,
  Consumer,
  Producer,
  type CompressionAlgorithmValue,
  type ConsumerOptions,
  type GroupPartitionsAssigner,
  type MessagesStream,
} from "@platformatic/kafka";
import { expect, onTestFinished, vi } from "vitest";
import { PATIENCE_MS } from "../../patience.ts";

type Options = Partial<ConsumerOptions<Buffer, Buffer, Buffer, Buffer>>;
type Stream = MessagesStream<Buffer, Buffer, Buffer, Buffer>;

/** How long a fact may take to show itself. */
export const WITHIN: { readonly timeout: number; readonly interval: number } = { timeout: PATIENCE_MS, interval: 50 };

/** What the tests of client facts do with a broker. Every client is closed when its test is finished. */
export type Clients = {
  readonly brokers: string;
  readonly admin: Admin;
  readonly consumer: (groupId: string, options?: Options) => Consumer;
  readonly topic: (partitions?: number) => Promise<string>;
  /** Deletes a topic and makes another one of the same name. */
  readonly remake: (topic: string) => Promise<{ readonly id: string }>;
  /** Appends the values to a partition as one batch. */
  readonly append: (
    topic: string,
    values: readonly (string | Buffer)[],
    partition?: number,
    compression?: CompressionAlgorithmValue,
  ) => Promise<void>;
  /** One transaction after the other, all of one producer, on partition 0; each value is a batch. */
  readonly transactions: (topic: string, list: readonly Transaction[]) => Promise<void>;
  readonly commit: (groupId: string, topic: string, offset: bigint, partition?: number) => Promise<void>;
  /** The committed offset of partition 0; -1 for none. */
  readonly committed: (groupId: string, topic: string) => Promise<bigint | undefined>;
};

type Transaction = { readonly end: "commit" | "abort"; readonly values: readonly string[] };

export function unique(what: string): string {
  return `${what}-${randomUUID()}`;
}

export function openClients(brokers: string): Clients {
  const base = { clientId: "facts", bootstrapBrokers: brokers.split(","), retries: 30, retryDelay: 100 };
  const admin = new Admin(base);
  onTestFinished(async () => admin.close());

  const end = async (name: string): Promise<bigint | undefined> => {
    const partitions = [{ partitionIndex: 0, timestamp: -1n }];
    const [topic] = await admin.listOffsets({ topics: [{ name, partitions }], isolationLevel: 0 });
    return topic?.partitions[0]?.offset;
  };
  return {
    brokers,
    admin,
    consumer: (groupId, options = {}) => {
      const group = { sessionTimeout: 6_000, rebalanceTimeout: 6_000, heartbeatInterval: 200 };
      const consumer = new Consumer({ ...base, ...group, ...options, groupId });
      // Leaving waits behind a join on the same connection, which may last as long as the rebalance timeout.
      onTestFinished(async () => {
        // A join that the close cuts off is emitted as an error, and one without a listener ends the process.
        consumer.on("error" as "client:close", () => undefined);
        await consumer.close(true);
      });
      return consumer;
    },
    topic: async (partitions = 1) => {
      const topic = unique("topic");
      await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
      return topic;
    },
    remake: async (topic) => {
      await admin.deleteTopics({ topics: [topic] });
      return vi.waitFor(async () => {
        const [created] = await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
        return { id: created?.id ?? "" };
      }, WITHIN);
    },
    append: async (topic, values, partition = 0, compression = "none") => {
      const producer = new Producer(base);
      const messages = values.map((value) => ({ topic, partition, value: Buffer.from(value) }));
      await producer.send({ messages, acks: -1, compression });
      await producer.close();
    },
    transactions: async (topic, list) => {
      const producer = new Producer({ ...base, idempotent: true, transactionalId: unique("transactions") });
      let length = 0n;
      for (const { end: how, values } of list) {
        const transaction = await producer.beginTransaction();
        for (const value of values) {
          await transaction.send({ messages: [{ topic, partition: 0, value: Buffer.from(value) }], acks: -1 });
        }
        await (how === "commit" ? transaction.commit() : transaction.abort());
        // The marker is written after the answer; the next transaction is only taken once it is there.
        length += BigInt(values.length) + 1n;
        await vi.waitFor(async () => expect(await end(topic)).toBe(length), WITHIN);
      }
      await producer.close();
    },
    commit: async (groupId, name, offset, partition = 0) =>
      admin.alterConsumerGroupOffsets({ groupId, topics: [{ name, partitionOffsets: [{ partition, offset }] }] }),
    committed: async (groupId, name) => {
      const topics = [{ name, partitionIndexes: [0] }];
      const [group] = await admin.listConsumerGroupOffsets({ groups: [{ groupId, topics }] });
      return group?.topics[0]?.partitions[0]?.committedOffset;
    },
  };
}

/** Values that say their offset in a topic that was empty. */
export function numbered(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

/** Gives each member, known by its client id, the partitions listed for it. */
export function giving(topic: string, plan: Readonly<Record<string, readonly number[]>>): GroupPartitionsAssigner {
  return (_current, members) =>
    [...members.keys()].map((memberId) => {
      const partitions = Object.entries(plan).find(([clientId]) => memberId.startsWith(`${clientId}-`))?.[1] ?? [];
      return { memberId, assignments: new Map([[topic, { topic, partitions: [...partitions] }]]) };
    });
}

/** Starts to read; the offsets of what is delivered are appended to the array as they come. */
export function offsetsOf(stream: Stream): readonly bigint[] {
  const offsets: bigint[] = [];
  stream.on("data", ({ offset }) => void offsets.push(offset));
  return offsets;
}
