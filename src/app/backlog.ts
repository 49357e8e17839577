import type { Config } from "../config/config.ts";
import type { HttpDeps } from "../http/deps.ts";
import { CLOCK } from "./clock.ts";
import type { Pipeline } from "./pipeline.ts";

/** The topics that the records of a topic are moved to. */
export function lanesOf({ routes }: Pick<Config, "routes">): (topic: string) => readonly string[] {
  const lanes = new Map(routes.map((route) => [route.source.topic, route.lanes.map(({ topic }) => topic)]));
  return (topic) => lanes.get(topic) ?? [];
}

/** What appends over HTTP are refused by, where the settings say how many records may wait. */
export async function backlogLimit(
  config: Config,
  { gateway, log }: Pick<Pipeline, "gateway" | "log">,
): Promise<Pick<HttpDeps, "backlog">> {
  const { backlogMax: recordsMax } = config.http;
  if (recordsMax === null) return {};
  const { createPressure } = await import("../gateway/pressure.ts");
  const now = CLOCK.monotonicMs;
  const of = createPressure({ streams: gateway.streams, source: log, now, recordsMax, lanesOf: lanesOf(config) });
  return { backlog: { of, recordsMax } };
}
