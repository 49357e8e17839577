import type { Config } from "../config/config.ts";
import type { HttpDeps } from "../http/deps.ts";
import type { StreamState } from "../gateway/gateway.ts";
import { CLOCK } from "./clock.ts";
import type { Pipeline } from "./pipeline.ts";

/** The topics that the records of a topic are moved to. */
export function lanesOf({ routes }: Pick<Config, "routes">): (topic: string) => readonly string[] {
  const lanes = new Map(routes.map((route) => [route.source.topic, route.lanes.map(({ topic }) => topic)]));
  return (topic) => lanes.get(topic) ?? [];
}

/** What appends over HTTP are refused by, where the settings say how much may wait. */
export async function backlogLimit(
  config: Config,
  { gateway, log, store }: Pick<Pipeline, "gateway" | "log" | "store">,
): Promise<Pick<HttpDeps, "backlog">> {
  const { recordsMax, ageMaxS } = config.http.backlog;
  if (recordsMax === null && ageMaxS === null) return {};
  const { createPressure } = await import("../gateway/pressure.ts");
  // A process that only takes records knows of no stream how far it is: the ledger does.
  const elsewhere = config.process.role === "ingest";
  return {
    backlog: createPressure({
      streams: elsewhere ? async (topics) => settledInStore(log, store, topics) : async () => gateway.streams(),
      source: log,
      now: CLOCK.monotonicMs,
      recordsMax,
      ageMaxS,
      lanesOf: lanesOf(config),
    }),
  };
}

/** How far all streams of some topics are settled, whoever reads them. An entry that is not applied yet counts as settled. */
async function settledInStore(
  log: Pick<Pipeline["log"], "streamsOf">,
  store: Pick<Pipeline["store"], "tail">,
  topics: readonly string[],
): Promise<readonly Pick<StreamState, "stream" | "settledTo">[]> {
  const streams = (await Promise.all(topics.map(async (topic) => log.streamsOf(topic)))).flat();
  return Promise.all(streams.map(async (stream) => ({ stream, settledTo: (await store.tail(stream.id))?.to ?? null })));
}
