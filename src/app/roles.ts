import type { Config } from "../config/config.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Pipeline, startPipeline } from "./pipeline.ts";

/** Whether a process of this configuration opens a store. */
export function hasStore({ process: { role } }: Pick<Config, "process">): boolean {
  return role !== "validator" && role !== "router";
}

/** Whether a process of this configuration moves records to lanes, where sources have some. */
export function routesHere({ process: { role }, laneNames }: Pick<Config, "process" | "laneNames">): boolean {
  // Workers of some lanes decide those, and do nothing else.
  return role === "router" || (role === "all" && laneNames.length === 0);
}

/** Whether a process of this configuration decides, by itself or by its workers. */
export function decides({ process: { role } }: Pick<Config, "process">): boolean {
  return role === "all" || role === "worker";
}

/** Whether a process of this configuration decides by itself, and has no workers for it. */
export function decidesHere({ process }: Pick<Config, "process">): boolean {
  return process.workers === 1 && decides({ process });
}

/**
 * Opens what the role of the process works with.
 * @param startWorkers starts the workers that decide; null: this process has none.
 * @param given the arguments of `startPipeline`.
 */
export async function openRole(
  startWorkers: (() => Gateway) | null,
  ...given: Parameters<typeof startPipeline>
): Promise<Pipeline> {
  const [config, first, , observeContracts = () => undefined, , tell = null] = given;
  const { idleGateway, openFront, openReading, openWithoutEngine } = await import("./front.ts");
  switch (config.process.role) {
    case "all":
    case "worker": {
      if (startWorkers !== null) return openFront(config, first, startWorkers, observeContracts, tell);
      const { startPipeline: start } = await import("./pipeline.ts");
      return start(...given);
    }
    case "ingest":
      return openFront(config, first, idleGateway, observeContracts);
    case "console":
      return openReading(config, first, observeContracts);
    case "validator":
    case "router":
      return openWithoutEngine(config, first, observeContracts);
  }
}
