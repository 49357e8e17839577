import { setTimeout as delay } from "node:timers/promises";
import { Consumer } from "@platformatic/kafka";
import type { KafkaConnection } from "../kafka-connection.ts";
import type { Stream } from "../source.ts";
import { baseOptions, guarded } from "./client.ts";
import { streamOf, topicsOf, type Topics } from "./topics.ts";

export type GroupOptions = {
  readonly groupId: string;
  /** Static membership (KIP-345): a restart within the session timeout gets its partitions back at once. */
  readonly instanceId: string | null;
  readonly sessionTimeoutMs: number;
};

/** This process as a member of a consumer group. The group shares out work; it fences nothing: the ledger does (P4). */
export type Membership = {
  /** The streams of the partitions that are ours now. */
  readonly streams: () => readonly Stream[];
  /** False until the group has answered for the first time. */
  readonly isAssigned: () => boolean;
  readonly onChange: (listener: () => void) => void;
  /** Looks at the topics now, and not only when it is time. */
  readonly refresh: () => void;
  readonly commitHint: (stream: Stream, settledTo: bigint) => void;
  readonly close: () => Promise<void>;
};

const COMMIT_EVERY_MS = 2_000;
/** How often the topics are looked at for one that was made anew or got more partitions. */
const TOPICS_EVERY_MS = 5_000;
const REJOIN_AFTER_MS = 1_000;
/** How long the start waits for the group. It may have to wait for a dead member's session: the gateway serves meanwhile. */
const JOIN_WAIT_MS = 1_500;
/** What a join may take beyond the session of a member that is dead. */
const JOIN_SLACK_MS = 10_000;

/**
 * Joins with the classic protocol (under KIP-848 the driver cannot say what it was given: client-facts C8). Losing the
 * membership is no trouble of the records: whoever reads on meets the ledger.
 */
export async function joinGroup(
  connection: KafkaConnection,
  topics: readonly string[],
  options: GroupOptions,
): Promise<Membership> {
  const consumer = createMember(connection, topics, options);
  const listeners = new Set<() => void>();
  let streams: readonly Stream[] = [];
  let sharedOut: string | null = null;
  const refresh = async (): Promise<void> => {
    const known = topicsOf(await consumer.metadata({ topics: [...topics], forceUpdate: true }));
    const partitions = topics.map((topic) => known.byName.get(topic)?.partitions).join();
    sharedOut ??= partitions;
    // The driver shares out what there was when it joined. One that joins again has its leader look anew.
    if (partitions !== sharedOut && (await staying.joinAgain())) sharedOut = partitions;
    const ours = ownStreams(consumer, known);
    const changed = ours.length !== streams.length || ours.some(({ id }) => !streams.some((one) => one.id === id));
    streams = ours;
    if (changed) for (const listener of listeners) listener();
  };
  /** While the cluster cannot be asked, what we know stays: the readers find out for themselves. */
  const refreshQuietly = (): void => void refresh().catch(() => undefined);
  consumer.on("consumer:group:join", refreshQuietly);
  const first = consumer.joinGroup({});
  const staying = stayMember(consumer, first);
  const joining = guarded(async () => {
    await first;
    await refresh();
  });
  try {
    // A refusal comes at once; what takes longer is a rebalance, whose end is announced as every other.
    await Promise.race([joining, delay(JOIN_WAIT_MS, undefined, { ref: false })]);
    joining.catch(() => undefined);
  } catch (error) {
    staying.stop();
    await consumer.close(true).catch(() => undefined);
    throw error;
  }
  const looking = setInterval(refreshQuietly, TOPICS_EVERY_MS).unref();
  const hints = startHints(consumer, () => streams);
  return {
    streams: () => streams,
    isAssigned: () => consumer.assignments !== null,
    onChange: (listener) => void listeners.add(listener),
    refresh: refreshQuietly,
    commitHint: hints.add,
    close: async () => {
      staying.stop();
      clearInterval(looking);
      await hints.stop();
      await consumer.close(true).catch(() => undefined);
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

/** The driver stops its heartbeats for good when joining again failed once: then we join again, until it is closed. */
function stayMember(
  consumer: Consumer,
  first: Promise<unknown>,
): {
  /** Joins as the member that it is; false when it cannot now. */
  readonly joinAgain: () => Promise<boolean>;
  readonly stop: () => void;
} {
  let stopped = false;
  let rejoining = true;
  const free = (): void => void (rejoining = false);
  first.then(free, free);
  const joinAgain = async (): Promise<boolean> => {
    if (stopped || rejoining) return false;
    rejoining = true;
    try {
      await consumer.joinGroup({});
      return true;
    } catch {
      // The next look tries again.
      return false;
    } finally {
      rejoining = false;
    }
  };
  const look = async (): Promise<void> => {
    if (!consumer.isActive()) await joinAgain();
  };
  const timer = setInterval(() => void look(), REJOIN_AFTER_MS).unref();
  consumer.on("consumer:heartbeat:stalled", () => void look());
  // It is also emitted as a plain error, which would end the process if nobody listened.
  consumer.on("error" as "client:close", () => void look());
  return {
    joinAgain,
    stop: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
}

/** Commits how far streams are settled, now and then, for lag tools. Nobody reads it back, so an error is no error. */
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
