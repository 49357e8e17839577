import { setTimeout as delay } from "node:timers/promises";
import {
  addPartitionsToTxnV3,
  describeTransactionsV0,
  FindCoordinatorKeyTypes,
  findCoordinatorV4,
  kGetApi,
  Producer,
  ProduceAcks,
  type API,
  type Callback,
  type Consumer,
} from "@platformatic/kafka";
import { Unavailable } from "../../core/unavailable.ts";
import type { KafkaConnection } from "../kafka-connection.ts";
import { ask } from "./ask.ts";
import { baseOptions, isBrokerError } from "./client.ts";

/** How long the broker keeps a transaction open whose process is gone: until then no reader of committed records passes it. */
const TRANSACTION_TIMEOUT_MS = 15_000;
/** Kafka answers "try again" while it still writes the markers of the transaction before, which takes milliseconds: 2, 4, 8 and so on, 2 s in all. */
export const RETRY = {
  retries: 10,
  retryDelay: (_: unknown, __: string, attempt: number): number => retryDelayMs(attempt),
} as const;

function retryDelayMs(attempt: number): number {
  return 2 ** attempt;
}

/** A transaction that was begun. */
export type Begun = Awaited<ReturnType<Producer["beginTransaction"]>>;

/** Begins a transaction: it ends and fences whatever the transactional id had open. */
export async function begin(producer: Producer): Promise<Begun> {
  // Without these values the driver asks for the producer id 0, which the broker refuses unless it is the id's own.
  return producer.beginTransaction({ producerId: -1n, producerEpoch: -1 });
}

/** How a transaction ends: its records and its positions count, or neither does. */
export type End = "commit" | "abort";

/**
 * How the last transaction of an id ended; null when it has none, when it is still open, or when another one was begun since without records.
 * The broker of the transactions is asked, so that an id whose end is on its way has none yet.
 */
export async function lastEnd(connection: KafkaConnection, transactionalId: string): Promise<End | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const address = await transactionCoordinatorOf(connection, transactionalId);
      const { transactionStates } = await ask(connection, address, async (link) =>
        describeTransactionsV0.api.async(link, [transactionalId]),
      );
      return ENDS.get(transactionStates[0]?.transactionState ?? "") ?? null;
    } catch (error) {
      // Every id is unknown once, and again a week after its last transaction (transactional.id.expiration.ms).
      if (isBrokerError(error, "TRANSACTIONAL_ID_NOT_FOUND")) return null;
      if (attempt > RETRY.retries || !isBrokerError(error, ...COORDINATOR_MOVES)) throw error;
      await delay(retryDelayMs(attempt));
    }
  }
}

/** Errors of a broker that does not keep the transactions yet, or no longer; the first transaction of a cluster makes their topic. */
const COORDINATOR_MOVES = ["COORDINATOR_NOT_AVAILABLE", "COORDINATOR_LOAD_IN_PROGRESS", "NOT_COORDINATOR"] as const;

/** States of transactions as Kafka names them (TransactionState.scala). */
const ENDS: ReadonlyMap<string, End> = new Map([
  ["CompleteCommit", "commit"],
  ["CompleteAbort", "abort"],
]);

/** host:port of the broker that keeps the state of the id's transactions, of which any broker knows. */
async function transactionCoordinatorOf(connection: KafkaConnection, transactionalId: string): Promise<string> {
  let trouble = new Error("no broker is named");
  for (const address of connection.brokers) {
    try {
      const { coordinators } = await ask(connection, address, async (link) =>
        findCoordinatorV4.api.async(link, FindCoordinatorKeyTypes.TRANSACTION, [transactionalId]),
      );
      const [found] = coordinators;
      if (found !== undefined) return `${found.host}:${found.port}`;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      trouble = error;
    }
  }
  throw trouble;
}

/**
 * Ends the transaction before this one once more, everywhere it can have been: in all partitions of these topics, and at the group's positions.
 *
 * A broker that starts again after every replica of a topic ended at once finds the topic without a leader, takes the topic for deleted, and
 * leaves the end of a transaction out of some partitions or all (seen in Kafka 4.4: "Couldn't find leader endpoint ... can be skipped"), while the
 * coordinator calls the transaction complete. Records and positions without an end stay unread for good, and readers wait before them. The end of
 * another transaction of the same producer id is theirs, too: an empty one is enough, and it changes nothing where no end is missing.
 */
export async function endAgain(
  producer: Producer,
  transaction: Begun,
  end: End,
  { topics, groupId }: { readonly topics: readonly string[]; readonly groupId: string },
): Promise<void> {
  const metadata = await producer.metadata({ topics: [...topics], forceUpdate: true });
  const everywhere = topics.flatMap((topic) =>
    Array.from({ length: metadata.topics.get(topic)?.partitionsCount ?? 0 }, (_, partition) => ({ topic, partition })),
  );
  if (everywhere.length > 0) await transaction.addPartitions(metadata, everywhere as MessagesToAdd);
  // Of the consumer, the driver reads the group's name.
  await transaction.addConsumer({ groupId } as Consumer);
  await transaction[end]();
}

type MessagesToAdd = Parameters<Begun["addPartitions"]>[1];

/** A producer of one transactional id, whose committed positions carry `note`. */
export function createProducer(connection: KafkaConnection, transactionalId: string, note: string): Producer {
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
