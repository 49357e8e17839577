import { checkLog } from "../audit/log.ts";
import type { BackupStream } from "../backup/manifest.ts";
import type { Config } from "../config/config.ts";
import { openReadOnly } from "./engine.ts";

/**
 * Reads from a copied data directory up to where each stream is decided, and where its log ends; none when the log is
 * in Kafka. Returns a sentence when the log is missing or is not the one that the store knows: such a copy must not
 * replace a good one.
 */
export async function streamsOfCopies(config: Config, directory: string): Promise<readonly BackupStream[] | string> {
  if (config.kafka !== null) return [];
  const { log, store, close } = await openReadOnly({ ...config, dataDir: directory });
  try {
    if (log === null) return (await store.reads.streams()).length === 0 ? [] : "its log is missing";
    const settled = new Map<string, bigint>();
    for (const { id } of await log.streams()) settled.set(id, (await store.tail(id))?.to ?? 0n);
    const [wrong] = (await checkLog(store.reads, log, (stream) => settled.get(stream))).filter(
      ({ code }) => code === "SOURCE_REPLACED" || (config.mongodbUri === null && code === "SOURCE_TRUNCATED"),
    );
    if (wrong !== undefined) return wrong.message;
    const streams: BackupStream[] = [];
    for (const stream of await log.streams()) {
      const { end } = await log.bounds(stream);
      // MongoDB's store goes on during the backup, so its position says nothing about the copy.
      const settledTo = config.mongodbUri === null ? (settled.get(stream.id) ?? 0n) : 0n;
      const { id, topic, partition } = stream;
      streams.push({ stream: id, topic, partition, settledTo: String(settledTo), logEnd: String(end) });
    }
    return streams;
  } finally {
    await close();
  }
}
