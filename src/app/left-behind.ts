import type { Config } from "../config/config.ts";
import { Unavailable } from "../core/unavailable.ts";
import type { Logger } from "../observe/log/logger.ts";
import type { Pipeline } from "./pipeline.ts";
import { decides } from "./roles.ts";

/** Warns at the start of undecided records that no process of this configuration reads. */
export async function warnOfLeftBehind(
  config: Config,
  { log, store }: Pick<Pipeline, "log" | "store">,
  logger: Logger,
): Promise<void> {
  if (!decides(config)) return;
  try {
    await (config.kafka === null
      ? warnOfTopics({ log, store }, logger)
      : warnOfLanes(config, config.kafka, store, logger));
  } catch (error) {
    // The streams report the same trouble.
    if (!(error instanceof Unavailable)) throw error;
  }
}

/** Acknowledged records of topics that are not sources any more. */
async function warnOfTopics({ log, store }: Pick<Pipeline, "log" | "store">, logger: Logger): Promise<void> {
  const settled = new Map<string, bigint>();
  for (const { stream } of await store.reads.logEnds()) settled.set(stream, (await store.tail(stream))?.to ?? 0n);
  const { leftBehind } = await import("../audit/log.ts");
  const remedy = "make its topic a source again, or put the log back that has them; docs/backup.md";
  for (const { code, stream, message } of await leftBehind(store.reads, await log.streams(), (id) => settled.get(id)))
    logger.write(
      "stream.undecided",
      { "sigma.stream.id": stream ?? undefined, "error.type": code, "sigma.remedy": remedy },
      message,
    );
}

/** Records of lanes that the configuration does not name any more. */
async function warnOfLanes(
  config: Config,
  kafka: NonNullable<Config["kafka"]>,
  { tail }: Pick<Pipeline["store"], "tail">,
  logger: Logger,
): Promise<void> {
  const { leftLanes } = await import("./lanes.ts");
  const remedy = "put the lane back, or work it off with the configuration that had it; docs/lanes.md";
  for (const { stream, topic, partition, undecided } of await leftLanes(config, kafka, tail))
    logger.write(
      "stream.undecided",
      { "sigma.stream.id": stream, "error.type": "SOURCE_UNDECIDED", "sigma.remedy": remedy },
      `${undecided} offsets of ${topic}/${partition} are not decided, and it is of no lane of this configuration: nothing of it reads them`,
    );
}
