import type { Config } from "../config/config.ts";
import type { Pipeline, startPipeline } from "./pipeline.ts";

/** Whether a process of this configuration opens a store. */
export function hasStore({ process: { role } }: Pick<Config, "process">): boolean {
  return role !== "validator";
}

/** Whether a process of this configuration decides by itself. */
export function decidesHere({ process: { role } }: Pick<Config, "process">): boolean {
  return role === "all" || role === "worker";
}

/** Opens what the role of the process works with. The arguments are those of `startPipeline`. */
export async function openRole(...given: Parameters<typeof startPipeline>): Promise<Pipeline> {
  const [config, first, , observeContracts = () => undefined] = given;
  const { idleGateway, openFront, openReading, openVerdicts } = await import("./front.ts");
  switch (config.process.role) {
    case "all":
    case "worker": {
      const { startPipeline: start } = await import("./pipeline.ts");
      return start(...given);
    }
    case "ingest":
      return openFront(config, first, idleGateway(), observeContracts);
    case "console":
      return openReading(config, first, observeContracts);
    case "validator":
      return openVerdicts(config, first, observeContracts);
  }
}
