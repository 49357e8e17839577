import { hostname } from "node:os";
import type { Command } from "commander";
import { EXIT } from "../../../config/codes.ts";
import { openLogger } from "../../../app/reports.ts";
import { startWorker, workerConfig, type Worker } from "../../../app/worker.ts";
import type { FromWorker, ToWorker } from "../../../workers/messages.ts";
import { requireContracts } from "../contracts.ts";
import { version } from "../../terminal/package.ts";
import { withCommands } from "../../terminal/printed-command.ts";
import { report } from "../../terminal/report.ts";
import { configFor } from "../../terminal/settings.ts";
import { onInterruption } from "../../terminal/signals.ts";

/** How often a worker says that it starts: one that says nothing for long is taken for one that hangs. */
const STARTING_EVERY_MS = 2_000;

/** `sigma start` in a process that another one started to decide for it: no HTTP, and it ends with that one. */
export async function runWorker(command: Command, worker: number): Promise<void> {
  const config = workerConfig(await configFor(command), worker, hostname());
  const interruption = onInterruption(config.shutdownDeadlineMs);
  const { promise: ended, resolve: end } = Promise.withResolvers<{
    readonly stays: boolean;
    readonly error?: unknown;
  }>();
  const onStop = (stays: boolean): void => end({ stays });
  let hear = (message: ToWorker): void => {
    // During the start nothing was decided yet.
    if (message.kind === "stop") process.exit(EXIT.ok);
  };
  process.on("message", (message) => hear(message as ToWorker));
  process.on("disconnect", () => onStop(false));
  interruption.signal.addEventListener("abort", () => onStop(false), { once: true });
  tell({ kind: "starting" });
  const starting = setInterval(() => tell({ kind: "starting" }), STARTING_EVERY_MS);
  try {
    const contracts = await requireContracts(config);
    const logger = await openLogger(config, withCommands, worker);
    const running: Worker = await startWorker(config, contracts, logger, version(), tell, onStop);
    ({ hear } = running);
    clearInterval(starting);
    running.pipeline.gateway.done.catch((error: unknown) => end({ stays: false, error }));
    const how = await ended;
    interruption.hurry();
    await running.stop(how.stays);
    if ("error" in how) process.exitCode = report(how.error);
  } finally {
    clearInterval(starting);
    interruption.dispose();
    if (process.connected) process.disconnect();
    // As `sigma start` itself: nothing that is left over keeps the process.
    setTimeout(() => process.exit(), config.shutdownDeadlineMs).unref();
  }
}

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
