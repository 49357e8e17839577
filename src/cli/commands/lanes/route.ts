import type { Command } from "commander";
import { startRouterAlone } from "../../../app/routing.ts";
import { openLogger } from "../../../app/reports.ts";
import type { Config } from "../../../config/config.ts";
import { logContracts } from "../../../observe/contracts.ts";
import { logRouter } from "../../../observe/router.ts";
import { goOnWithoutOutput } from "../../terminal/lost-output.ts";
import { withCommands } from "../../terminal/printed-command.ts";
import { usage, type Refusal } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import { onInterruption } from "../../terminal/signals.ts";
import { requireContracts } from "../contracts.ts";

/** `sigma lanes route`: moves records to lanes until a signal. */
export async function routeCommand(command: Command): Promise<void> {
  goOnWithoutOutput();
  const config = await configFor(command);
  if (config.routes.length === 0) throw noLanes(config);
  const contracts = await requireContracts(config);
  const logger = await openLogger(config, withCommands);
  const interruption = onInterruption(config.shutdownDeadlineMs);
  try {
    const router = await startRouterAlone(config, contracts, logRouter(logger), logContracts(logger));
    if (router === null) throw noLanes(config);
    const signalled = new Promise<void>((resolve) => {
      interruption.signal.addEventListener("abort", () => resolve(), { once: true });
      if (interruption.signal.aborted) resolve();
    });
    try {
      // The router ends by itself only where a bug ended it.
      await Promise.race([signalled, router.done]);
    } finally {
      logger.write("gateway.stopping", { "sigma.deadline_ms": config.shutdownDeadlineMs });
      await router.stop();
    }
    logger.write("gateway.stopped", {});
  } finally {
    interruption.dispose();
  }
}

/** The refusal where nothing has lanes. */
export function noLanes({ kafka }: Pick<Config, "kafka">): Refusal {
  const message = `Cannot look for lanes: ${kafka === null ? "there is no Kafka" : "no source has lanes"}`;
  return usage("SIG-S-031", message, "write lanes: in sigma.yaml; docs/lanes.md");
}
