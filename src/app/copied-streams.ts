import { checkLog } from "../audit/log.ts";
import type { BackupStream } from "../backup/manifest.ts";
import type { Config } from "../config/config.ts";
import { openToLook } from "./engine.ts";

/**
 * How far each stream of the copies is decided, and where its log ends; none where the log is in Kafka. A sentence when the log is
 * missing or is not the one that the store knows: such a copy would take the place of a good one.
 */
export async function streamsOfCopies(config: Config, directory: string): Promise<readonly BackupStream[] | string> {
  if (config.kafka !== null) return [];
  const { log, store, close } = await openToLook({ ...config, dataDir: directory });
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
      // What MongoDB holds goes on meanwhile: it says nothing of the copy.
      const settledTo = config.mongodbUri === null ? (settled.get(stream.id) ?? 0n) : 0n;
      const { id, topic, partition } = stream;
      streams.push({ stream: id, topic, partition, settledTo: String(settledTo), logEnd: String(end) });
    }
    return streams;
  } finally {
    await close();
  }
}
