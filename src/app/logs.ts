import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import type { Manifest } from "../backup/manifest.ts";
import type { Config } from "../config/config.ts";
import type { KafkaConfig } from "../config/kafka-config.ts";
import { readKafkaCredentials } from "../config/kafka-credentials.ts";
import type { EmbeddedLog } from "../source/embedded/log.ts";
import type { Appender } from "../source/kafka/append.ts";
import type { Log, Source } from "../source/source.ts";
import type { LogAtHand } from "../store/migrations/loss.ts";
import { BUSY_TIMEOUT_MS, dataFiles, refuseHalfRestored } from "./data-directory.ts";
import type { Purpose } from "./purpose.ts";

/** How long a fetch waits for a record, in milliseconds; an append of this process ends the wait at once. */
export const FETCH_WAIT_MS = 500;

type SourceTopic = Pick<Config["sources"][number], "topic" | "partitions">;

/** Opens a topic that is not a source for reading, compacted or not. @throws `Unavailable`. */
export async function openTopic(kafka: KafkaConfig, topic: string): Promise<Source> {
  const { openKafkaSource } = await import("../source/kafka/source.ts");
  const connection = readKafkaCredentials(kafka);
  return openKafkaSource({
    connection,
    topics: [topic],
    group: null,
    acceptCompacted: [topic],
    fetchWaitMs: FETCH_WAIT_MS,
  });
}

export async function openEmbedded(config: Config, purpose: Purpose): Promise<Source & Log> {
  if (purpose !== "read") await refuseHalfRestored(config);
  return embeddedLog(config, { readOnly: purpose === "read" });
}

/** Opens the embedded log. @param how `all`: also topics that are not sources now, and may have been. */
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
  const { instanceId, sessionTimeoutMs, staysInGroup: stays } = kafka;
  return openKafkaSource({
    connection: readKafkaCredentials(kafka),
    topics: config.sources.map(({ topic }) => topic),
    appended: config.routes.map(({ source }) => source.topic),
    alsoNeeded: purpose === "gateway" ? await notifiedTopics(config, kafka) : [],
    group:
      purpose !== "gateway" ? null : { groupId: decidingGroup(config, kafka), instanceId, sessionTimeoutMs, stays },
    acceptCompacted: purpose !== "gateway" ? config.sources.map(({ topic }) => topic) : kafka.acceptCompacted,
    fetchWaitMs: FETCH_WAIT_MS,
  });
}

/** The group whose members decide; workers of some lanes have one of their own. */
export function decidingGroup({ laneNames }: Pick<Config, "laneNames">, { group }: Pick<KafkaConfig, "group">): string {
  return [group, ...laneNames].join(".");
}

/** The topics that the gateway appends notifications to: mirrors and advisories. */
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
  return createAppender(readKafkaCredentials(kafka));
}

/**
 * Opens only the log, read-only, to compare a store with it; null when the file of an embedded log is missing.
 * @throws `Unavailable`.
 */
export async function openLogAtHand(config: Config): Promise<(LogAtHand & Pick<Source, "close">) | null> {
  if (config.kafka === null) {
    await refuseHalfRestored(config);
    if (!existsSync(dataFiles(config).logFile)) return null;
    return { ...(await openEmbedded(config, "read")), compacted: [] };
  }
  const { compactedTopics } = await import("../source/kafka/topics.ts");
  const topics = config.sources.map(({ topic }) => topic);
  const log = await openKafka(config, config.kafka, "read");
  return { ...log, compacted: await compactedTopics(readKafkaCredentials(config.kafka), topics) };
}

/**
 * Number of offsets that a restored log skips: at least a million, and 1,000 for each millisecond since the backup,
 * which is more than can have been appended.
 */
const SKIPPED = { atLeast: 1_000_000n, perMs: 1_000n } as const;

/** Makes a restored log skip the positions that may belong to records which the backup lacks. */
export async function skipPositions(
  { dataDir, sources }: Pick<Config, "dataDir"> & { readonly sources: readonly SourceTopic[] },
  { streams, madeAt }: Pick<Manifest, "streams" | "madeAt">,
): Promise<void> {
  if (streams.length === 0) return;
  const passedMs = Date.now() - Date.parse(madeAt);
  const skipped = SKIPPED.atLeast + (passedMs > 0 ? BigInt(passedMs) * SKIPPED.perMs : 0n);
  // All topics: a topic may have become a source after the backup, or may become one again.
  const log = await embeddedLog({ dataDir, sources }, { all: true });
  try {
    for (const stream of await log.streams()) await log.skipTo(stream, (await log.bounds(stream)).end + skipped);
  } finally {
    await log.close();
  }
}
