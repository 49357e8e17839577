import type { Manifest } from "../backup/manifest.ts";
import type { Config } from "../config/config.ts";
import type { KafkaConfig } from "../config/kafka-config.ts";
import { kafkaConnection } from "../config/kafka-connection.ts";
import type { EmbeddedLog } from "../source/embedded/log.ts";
import type { Appender } from "../source/kafka/append.ts";
import type { Log, Source } from "../source/source.ts";
import type { LogAtHand } from "../store/migrations/loss.ts";
import { BUSY_TIMEOUT_MS, dataFiles, refuseHalfRestored } from "./data-directory.ts";
import type { Purpose } from "./purpose.ts";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";

/** How long a fetch waits for a record; an append in this process ends it at once. */
export const FETCH_WAIT_MS = 500;

type SourceTopic = Pick<Config["sources"][number], "topic" | "partitions">;

/** Reads a topic that is no source, whatever its clean-up. @throws `Unavailable`. */
export async function openTopic(kafka: KafkaConfig, topic: string): Promise<Source> {
  const { openKafkaSource } = await import("../source/kafka/source.ts");
  const connection = kafkaConnection(kafka);
  return openKafkaSource({
    connection,
    topics: [topic],
    group: null,
    acceptCompacted: [topic],
    fetchWaitMs: FETCH_WAIT_MS,
  });
}

export async function openEmbedded(config: Config, purpose: Purpose): Promise<Source & Log> {
  if (purpose !== "look") await refuseHalfRestored(config);
  return embeddedLog(config, { readOnly: purpose === "look" });
}

/** @param how `all`: also what is no source now, and may have been one. */
export async function embeddedLog(
  { dataDir, sources }: Pick<Config, "dataDir"> & { readonly sources: readonly SourceTopic[] },
  how: { readonly readOnly?: boolean; readonly all?: boolean },
): Promise<EmbeddedLog> {
  const { openEmbeddedLog } = await import("../source/embedded/log.ts");
  const topics = sources.map(({ topic, partitions }) => ({ name: topic, partitions }));
  const path = dataFiles({ dataDir }).logFile;
  return openEmbeddedLog({ path, ...how, topics, now: Date.now, randomBytes, busyTimeoutMs: BUSY_TIMEOUT_MS });
}

export async function openKafka(config: Config, kafka: KafkaConfig, purpose: Purpose): Promise<Source & Log> {
  const { openKafkaSource } = await import("../source/kafka/source.ts");
  const { group: groupId, instanceId, sessionTimeoutMs } = kafka;
  return openKafkaSource({
    connection: kafkaConnection(kafka),
    topics: config.sources.map(({ topic }) => topic),
    alsoNeeded: purpose === "gateway" ? await notifiedTopics(config, kafka) : [],
    group: purpose !== "gateway" ? null : { groupId, instanceId, sessionTimeoutMs },
    acceptCompacted: purpose !== "gateway" ? config.sources.map(({ topic }) => topic) : kafka.acceptCompacted,
    fetchWaitMs: FETCH_WAIT_MS,
  });
}

/** The topics that are written to besides the sources. */
export async function notifiedTopics(
  { sources }: Config,
  { mirror, advisoryTopic }: KafkaConfig,
): Promise<readonly string[]> {
  const { MIRROR_TOPICS } = await import("../gateway/mirror.ts");
  const names = sources.map(({ topic }) => topic);
  const failed = mirror === "off" ? [] : names.map(MIRROR_TOPICS.failed);
  const validated = mirror === "all" ? names.map(MIRROR_TOPICS.validated) : [];
  return [...failed, ...validated, ...(advisoryTopic === null ? [] : [advisoryTopic])];
}

/** Appends to Kafka without reading from it. */
export async function openKafkaAppender(kafka: KafkaConfig): Promise<Appender> {
  const { createAppender } = await import("../source/kafka/append.ts");
  return createAppender(kafkaConnection(kafka));
}

/** The log alone, to compare a store with; null when the file of an embedded log is missing. @throws `Unavailable`. */
export async function openLogAtHand(config: Config): Promise<(LogAtHand & Pick<Source, "close">) | null> {
  if (config.kafka === null) {
    await refuseHalfRestored(config);
    if (!existsSync(dataFiles(config).logFile)) return null;
    return { ...(await openEmbedded(config, "look")), compacted: [] };
  }
  const { compactedTopics } = await import("../source/kafka/topics.ts");
  const topics = config.sources.map(({ topic }) => topic);
  const log = await openKafka(config, config.kafka, "look");
  return { ...log, compacted: await compactedTopics(kafkaConnection(config.kafka), topics) };
}

/** Offsets that a restored log gives to nobody, and for each millisecond since the backup: more than can have been appended. */
const SKIPPED = { atLeast: 1_000_000n, perMs: 1_000n } as const;

/** Lets the log of a data directory go on behind positions that may have been given to records it lacks. */
export async function skipPositions(
  { dataDir, sources }: Pick<Config, "dataDir"> & { readonly sources: readonly SourceTopic[] },
  { streams, madeAt }: Pick<Manifest, "streams" | "madeAt">,
): Promise<void> {
  if (streams.length === 0) return;
  const passedMs = Date.now() - Date.parse(madeAt);
  const skipped = SKIPPED.atLeast + (passedMs > 0 ? BigInt(passedMs) * SKIPPED.perMs : 0n);
  // Also what became a source since the backup was made, and what was none then and may be one again.
  const log = await embeddedLog({ dataDir, sources }, { all: true });
  try {
    for (const stream of await log.streams()) await log.skipTo(stream, (await log.bounds(stream)).end + skipped);
  } finally {
    await log.close();
  }
}
