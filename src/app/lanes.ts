import type { Config } from "../config/config.ts";
import type { KafkaConfig } from "../config/kafka-config.ts";
import { readKafkaCredentials } from "../config/kafka-credentials.ts";
import type { SourceRecord } from "../core/record.ts";
import { isRedrive } from "../ledger/redrive-stream.ts";
import type { LanesCheckDeps } from "../lanes/check.ts";
import { formerLanes } from "../lanes/lane.ts";
import type { Stream } from "../source/source.ts";
import { undecidedOffsets } from "../source/undecided.ts";
import type { Store, StoreReads } from "../store/store.ts";
import { FETCH_WAIT_MS, openTopic } from "./logs.ts";
import { routerGroup } from "./routing.ts";
import { openHistory } from "./stores.ts";

export type OpenedLanes = Pick<LanesCheckDeps, "source" | "lanes" | "movedTo" | "known" | "decided"> & {
  readonly close: () => Promise<void>;
};

/** Opens the sources that have lanes, their lanes and the store, to read. @throws `Unavailable`. */
export async function openLanes(config: Config, kafka: KafkaConfig): Promise<OpenedLanes> {
  const { openKafkaSource } = await import("../source/kafka/source.ts");
  const { openPositions } = await import("../source/kafka/mover.ts");
  const { topicNames } = await import("../source/kafka/topics.ts");
  const connection = readKafkaCredentials(kafka);
  const open = async (topics: readonly string[]) =>
    openKafkaSource({ connection, topics, group: null, acceptCompacted: topics, fetchWaitMs: FETCH_WAIT_MS });
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => void (await Promise.all(closing.map(async (one) => one())));
  try {
    const source = await open(config.routes.map((route) => route.source.topic));
    closing.push(source.close);
    const now = config.routes.flatMap((route) => route.lanes.map(({ topic }) => topic));
    const current = currentTopics(config);
    const lanes = await open([...now, ...formerLanes(await topicNames(connection), current)]);
    closing.push(lanes.close);
    const positions = openPositions(connection, routerGroup(kafka));
    closing.push(positions.close);
    const store = await openHistory(config);
    closing.push(store.close);
    const known = async (): Promise<readonly Stream[]> => laneStreams(store.reads, new Set(now), current);
    return { source, lanes, movedTo: positions.movedTo, known, decided: decidedFrom(store.reads), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Every source, and every lane, of a configuration. */
function currentTopics({ sources, routes }: Pick<Config, "sources" | "routes">): ReadonlySet<string> {
  const routed = routes.flatMap(({ source, lanes }) => [source.topic, ...lanes.map(({ topic }) => topic)]);
  return new Set([...sources.map(({ topic }) => topic), ...routed]);
}

/** A partition of a lane that the configuration does not name, with records that are not decided. */
export type LeftLane = {
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  readonly undecided: bigint;
};

/**
 * What waits in lanes that were taken out of the configuration, or renamed: no process of this configuration reads it.
 * @param tail of the store; null: it has decided nothing yet.
 * @throws `Unavailable`.
 */
export async function leftLanes(
  config: Config,
  kafka: KafkaConfig,
  tail: Store["tail"] | null,
): Promise<readonly LeftLane[]> {
  const { topicNames } = await import("../source/kafka/topics.ts");
  const topics = formerLanes(await topicNames(readKafkaCredentials(kafka)), currentTopics(config));
  const left: LeftLane[] = [];
  for (const topic of topics) {
    const log = await openTopic(kafka, topic);
    try {
      for (const stream of await log.streams()) {
        const { end } = await log.bounds(stream);
        const settledTo = tail === null ? null : ((await tail(stream.id))?.to ?? null);
        const undecided = await undecidedOffsets(log, stream, settledTo, end);
        if (undecided > 0n) left.push({ stream: stream.id, topic, partition: stream.partition, undecided });
      }
    } finally {
      await log.close();
    }
  }
  return left;
}

/** The streams of lanes that the ledger has, those of lanes that are none now among them. */
async function laneStreams(
  reads: StoreReads,
  now: ReadonlySet<string>,
  current: ReadonlySet<string>,
): Promise<readonly Stream[]> {
  const notes = await reads.streamNotes();
  const former = new Set(
    formerLanes(
      notes.map(({ topic }) => topic),
      current,
    ),
  );
  return notes
    .filter(({ stream, topic }) => (now.has(topic) || former.has(topic)) && !isRedrive(stream))
    .map(({ stream: id, topic, partition }) => ({ id, topic, partition }));
}

const LEDGER_PAGE = 64;

/** The records that the ledger has of a stream, below an offset or all of them. What is dropped or erased is left out. */
function decidedFrom(reads: StoreReads): (stream: Stream, below: bigint | null) => AsyncGenerator<SourceRecord> {
  return async function* decided(stream, below) {
    if (below !== null && below <= 0n) return;
    const { openEntryRecords } = await import("../gateway/entry-records.ts");
    const { isErased } = await import("../ledger/tombstone.ts");
    const entries = openEntryRecords(reads);
    for (let seq = 0; ;) {
      const page = await reads.ledger(stream.id, seq, LEDGER_PAGE);
      for (const entry of page) {
        if (below !== null && entry.from >= below) return;
        const { records } = await entries.open(stream, entry);
        for (const record of typeof records === "string" ? [] : records)
          if (!isErased(record) && (below === null || record.position.offset < below)) yield record;
      }
      const last = page.at(-1);
      if (last === undefined) return;
      seq = last.seq + 1;
    }
  };
}
