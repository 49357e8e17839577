import { hasData } from "../app/data-directory.ts";
import { leftLanes, type LeftLane } from "../app/lanes.ts";
import { hasStore } from "../app/roles.ts";
import { openHistory } from "../app/stores.ts";
import type { Config } from "../config/config.ts";
import { Unavailable } from "../core/unavailable.ts";
import { warn, type Check } from "./check.ts";

/** Looks for records that wait in a lane which was taken out of the configuration. No check where nothing waits there. */
export async function checkLanes(config: Config): Promise<readonly Check[]> {
  const { kafka } = config;
  if (kafka === null || !hasStore(config)) return [];
  try {
    const store = hasData(config) ? await openHistory(config) : null;
    try {
      return byTopic(await leftLanes(config, kafka, store?.tail ?? null));
    } finally {
      await store?.close();
    }
  } catch (error) {
    // The checks of log and store say the same.
    if (error instanceof Unavailable) return [];
    throw error;
  }
}

function byTopic(left: readonly LeftLane[]): readonly Check[] {
  return [...Map.groupBy(left, ({ topic }) => topic)].map(([topic, partitions]) => {
    const sum = partitions.reduce((offsets, { undecided }) => offsets + undecided, 0n);
    const message = `"${topic}" is of no lane of this configuration, and ${sum} of its offsets are not decided: nothing of this configuration reads them`;
    return warn(
      "lanes",
      message,
      "put the lane back, or work it off with the configuration that had it: docs/lanes.md",
    );
  });
}
