import { setTimeout as delay } from "node:timers/promises";
import { Consumer } from "@platformatic/kafka";
import type { KafkaConnection } from "../kafka-connection.ts";
import type { Stream } from "../source.ts";
import { baseOptions, guarded } from "./client.ts";
import { leavingOf } from "./leaving.ts";
import { streamOf, topicsOf, type Topics } from "./topics.ts";

export type GroupOptions = {
  readonly groupId: string;
  /**
   * Static membership (KIP-345): a process that restarts within the session timeout gets its partitions back at once.
   */
  readonly instanceId: string | null;
  readonly sessionTimeoutMs: number;
  /** Whether its partitions wait for it when it closes, as when it is killed; only with a name. False when absent. */
  readonly stays?: boolean;
};

/**
 * This process as a member of a consumer group. The group only assigns partitions; it does not fence a former owner:
 * the ledger does (P4).
 */
export type Membership = {
  /** The streams of the partitions that the group has assigned to this process. */
  readonly streams: () => readonly Stream[];
  /** False until the group has answered for the first time. */
  readonly isAssigned: () => boolean;
  readonly onChange: (listener: () => void) => void;
  /** Checks the topics now instead of at the next interval. */
  readonly refresh: () => void;
  readonly commitHint: (stream: Stream, settledTo: bigint) => void;
  /** From now on its partitions wait for it when it closes; without a name nothing changes. */
  readonly keepPlace: () => void;
  readonly close: () => Promise<void>;
};

const COMMIT_EVERY_MS = 2_000;
/** How often the topics are checked for one that was created again or got more partitions. */
const TOPICS_EVERY_MS = 5_000;
const REJOIN_AFTER_MS = 1_000;
/**
 * How long the start waits for the group. A join may have to wait for the session of a dead member to end: the gateway
 * serves HTTP meanwhile.
 */
const JOIN_WAIT_MS = 1_500;
/** How much longer than the session of a dead member a join may take. */
const JOIN_SLACK_MS = 10_000;

/**
 * Joins a group with the classic protocol (under KIP-848 the driver cannot report its assignment: client-facts C8). A
 * process that loses its membership and reads on does no harm: the ledger refuses its entries.
 */
export async function joinGroup(
  connection: KafkaConnection,
  topics: readonly string[],
  options: GroupOptions,
): Promise<Membership> {
  const consumer = createMember(connection, topics, options);
  const { leave } = leavingOf(consumer, connection, options.groupId);
  const listeners = new Set<() => void>();
  let streams: readonly Stream[] = [];
  let assignedPartitions: string | null = null;
  const refresh = async (): Promise<void> => {
    const known = topicsOf(await consumer.metadata({ topics: [...topics], forceUpdate: true }));
    const partitions = topics.map((topic) => known.byName.get(topic)?.partitions).join();
    assignedPartitions ??= partitions;
    // The leader of the group assigns the partitions that existed when it joined. A member that joins again makes it
    // assign the new ones.
    if (partitions !== assignedPartitions && (await staying.joinAgain())) assignedPartitions = partitions;
    const ours = ownStreams(consumer, known);
    const changed = ours.length !== streams.length || ours.some(({ id }) => !streams.some((one) => one.id === id));
    streams = ours;
    if (changed) for (const listener of listeners) listener();
  };
  /** While the cluster does not answer, the known streams stay: their readers meet the error themselves. */
  const refreshQuietly = (): void => void refresh().catch(() => undefined);
  consumer.on("consumer:group:join", refreshQuietly);
  const first = consumer.joinGroup({});
  const staying = stayMember(consumer, first);
  const joining = guarded(async () => {
    await first;
    await refresh();
  });
  try {
    // A refusal arrives at once. A join that takes longer is a rebalance; its end arrives as a "consumer:group:join"
    // event.
    await Promise.race([joining, delay(JOIN_WAIT_MS, undefined, { ref: false })]);
    joining.catch(() => undefined);
  } catch (error) {
    staying.stop();
    await consumer.close(true).catch(() => undefined);
    throw error;
  }
  let stays = options.stays === true;
  const refreshing = setInterval(refreshQuietly, TOPICS_EVERY_MS).unref();
  const hints = startHints(consumer, () => streams);
  return {
    streams: () => streams,
    isAssigned: () => consumer.assignments !== null,
    onChange: (listener) => void listeners.add(listener),
    refresh: refreshQuietly,
    commitHint: hints.add,
    keepPlace: () => void (stays = true),
    close: async () => {
      staying.stop();
      clearInterval(refreshing);
      await leave(hints.stop, stays && options.instanceId !== null);
    },
  };
}

function createMember(
  connection: KafkaConnection,
  topics: readonly string[],
  { groupId, instanceId, sessionTimeoutMs }: GroupOptions,
): Consumer {
  const consumer = new Consumer({
    ...baseOptions(connection),
    groupId,
    ...(instanceId !== null && { groupInstanceId: instanceId }),
    groupProtocol: "classic",
    autocommit: false,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: sessionTimeoutMs,
    requestTimeout: sessionTimeoutMs + JOIN_SLACK_MS,
    heartbeatInterval: Math.max(500, Math.floor(sessionTimeoutMs / 10)),
  });
  consumer.topics.trackAll(...topics);
  return consumer;
}

function ownStreams(consumer: Consumer, known: Topics): readonly Stream[] {
  return (consumer.assignments ?? []).flatMap(({ topic, partitions }) =>
    partitions.flatMap((partition) => streamOf(known, topic, partition) ?? []),
  );
}

/**
 * Keeps the membership alive: after one failed rejoin the driver stops its heartbeats for good, so this function joins
 * again, until it is stopped.
 */
function stayMember(
  consumer: Consumer,
  first: Promise<unknown>,
): {
  /** Joins again under the same member id; false when that is not possible now. */
  readonly joinAgain: () => Promise<boolean>;
  readonly stop: () => void;
} {
  let stopped = false;
  let rejoining = true;
  const allowRejoin = (): void => void (rejoining = false);
  first.then(allowRejoin, allowRejoin);
  const joinAgain = async (): Promise<boolean> => {
    if (stopped || rejoining) return false;
    rejoining = true;
    try {
      await consumer.joinGroup({});
      return true;
    } catch {
      // The timer below tries again.
      return false;
    } finally {
      rejoining = false;
    }
  };
  const joinIfInactive = async (): Promise<void> => {
    if (!consumer.isActive()) await joinAgain();
  };
  const timer = setInterval(() => void joinIfInactive(), REJOIN_AFTER_MS).unref();
  consumer.on("consumer:heartbeat:stalled", () => void joinIfInactive());
  // The driver also emits a plain "error" event, which would end the process if it had no listener.
  consumer.on("error" as "client:close", () => void joinIfInactive());
  return {
    joinAgain,
    stop: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
}

/**
 * Commits the settled offsets of the streams at intervals, for lag tools. No part of the gateway reads them back, so a
 * failed commit is ignored.
 */
function startHints(
  consumer: Consumer,
  owned: () => readonly Stream[],
): { readonly add: (stream: Stream, settledTo: bigint) => void; readonly stop: () => Promise<void> } {
  const hints = new Map<string, { readonly stream: Stream; readonly offset: bigint }>();
  const commit = async (): Promise<void> => {
    const due = [...hints.values()].filter(({ stream }) => owned().some(({ id }) => id === stream.id));
    hints.clear();
    if (due.length === 0 || !consumer.isActive()) return;
    await consumer.commit({
      offsets: due.map(({ stream: { topic, partition }, offset }) => ({ topic, partition, offset, leaderEpoch: -1 })),
    });
  };
  const timer = setInterval(() => void commit().catch(() => undefined), COMMIT_EVERY_MS).unref();
  return {
    add: (stream, offset) => void hints.set(stream.id, { stream, offset }),
    stop: async () => {
      clearInterval(timer);
      await commit().catch(() => undefined);
    },
  };
}
