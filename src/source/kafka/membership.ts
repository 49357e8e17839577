import { Consumer } from "@platformatic/kafka";
import type { Stream } from "../source.ts";
import { baseOptions, guarded, type KafkaConnection } from "./client.ts";
import { streamOf, topicsOf } from "./topics.ts";

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
  readonly onChange: (listener: () => void) => void;
  readonly commitHint: (stream: Stream, settledTo: bigint) => void;
  readonly close: () => Promise<void>;
};

const COMMIT_EVERY_MS = 2_000;
/** How often the topics are looked at for one that was made anew or got more partitions. */
const TOPICS_EVERY_MS = 5_000;
const REJOIN_AFTER_MS = 1_000;

/**
 * Joins with the classic protocol (under KIP-848 the driver cannot say what it was given: client-facts C8) and range
 * assignment. Losing the membership is no trouble of the records: whoever reads on meets the ledger.
 */
export async function joinGroup(
  connection: KafkaConnection,
  topics: readonly string[],
  { groupId, instanceId, sessionTimeoutMs }: GroupOptions,
): Promise<Membership> {
  const consumer = new Consumer({
    ...baseOptions(connection),
    groupId,
    ...(instanceId !== null && { groupInstanceId: instanceId }),
    groupProtocol: "classic",
    autocommit: false,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.max(500, Math.floor(sessionTimeoutMs / 10)),
  });
  consumer.topics.trackAll(...topics);
  const listeners = new Set<() => void>();
  const hints = new Map<string, { readonly stream: Stream; readonly offset: bigint }>();
  let streams: readonly Stream[] = [];
  let closed = false;

  const refresh = async (): Promise<void> => {
    const known = topicsOf(await consumer.metadata({ topics: [...topics], forceUpdate: true }));
    const ours = (consumer.assignments ?? []).flatMap(({ topic, partitions }) =>
      partitions.flatMap((partition) => streamOf(known, topic, partition) ?? []),
    );
    const changed = ours.length !== streams.length || ours.some(({ id }) => !streams.some((one) => one.id === id));
    streams = ours;
    if (changed) for (const listener of listeners) listener();
  };
  /** While the cluster cannot be asked, what we know stays: the readers find out for themselves. */
  const refreshQuietly = (): void => void refresh().catch(() => undefined);
  const rejoin = async (): Promise<void> => {
    while (!closed && !consumer.isActive()) {
      await consumer.joinGroup({}).catch(() => undefined);
      if (!consumer.isActive()) await new Promise((resolve) => setTimeout(resolve, REJOIN_AFTER_MS).unref());
    }
  };
  let rejoining: Promise<void> | null = null;
  const ensureMember = (): void => {
    if (closed || rejoining !== null) return;
    rejoining = rejoin().finally(() => (rejoining = null));
  };
  consumer.on("consumer:group:join", refreshQuietly);
  consumer.on("consumer:heartbeat:stalled", ensureMember);
  // The driver emits it when joining again failed for good, and sends no heartbeats from then on.
  consumer.on("error" as "client:close", ensureMember);

  const commit = async (): Promise<void> => {
    const due = [...hints.values()].filter(({ stream }) => streams.some(({ id }) => id === stream.id));
    hints.clear();
    if (due.length === 0 || !consumer.isActive()) return;
    const offsets = due.map(({ stream: { topic, partition }, offset }) => ({
      topic,
      partition,
      offset,
      leaderEpoch: -1,
    }));
    await consumer.commit({ offsets });
  };
  try {
    await guarded(async () => {
      await consumer.joinGroup({});
      await refresh();
    });
  } catch (error) {
    await consumer.close(true).catch(() => undefined);
    throw error;
  }
  const committing = setInterval(() => void commit().catch(() => undefined), COMMIT_EVERY_MS).unref();
  const looking = setInterval(() => {
    refreshQuietly();
    if (!consumer.isActive()) ensureMember();
  }, TOPICS_EVERY_MS).unref();
  return {
    streams: () => streams,
    onChange: (listener) => void listeners.add(listener),
    commitHint: (stream, offset) => void hints.set(stream.id, { stream, offset }),
    close: async () => {
      closed = true;
      clearInterval(committing);
      clearInterval(looking);
      await commit().catch(() => undefined);
      await consumer.close(true).catch(() => undefined);
    },
  };
}
