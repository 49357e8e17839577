import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { RedriveDeps } from "../http/deps.ts";
import { CLOCK } from "./clock.ts";
import type { Pipeline } from "./pipeline.ts";
import { both, type Reports } from "./reports.ts";

/** Runs the redrive plans that are given to the gateways, until it is closed. */
export type Redriving = {
  /** For the routes of redrives. */
  readonly routes: RedriveDeps;
  /** Stops the runs behind their batches. They go on with the next gateway. */
  readonly close: () => Promise<void>;
};

/** What the routes of redrives work with, where other processes run the plans. */
export async function redriveRoutes({ store, deciding }: Pipeline): Promise<RedriveDeps> {
  const { learnSchemaIds } = deciding;
  const newId = (): string => randomBytes(6).toString("hex");
  return { store, newId, ...(learnSchemaIds === undefined ? {} : { learnSchemaIds }) };
}

/** Starts to look for plans. Its modules are loaded only then. */
export async function startRedriving(
  config: Config,
  pipeline: Pipeline,
  { redrives: report, metrics }: Pick<Reports, "redrives" | "metrics">,
): Promise<Redriving> {
  const { store, log, gateway, contracts, deciding, observeHeads } = pipeline;
  const { createBacklog } = await import("../gateway/backlog.ts");
  const { createThrottle } = await import("../failures/redrive/throttle.ts");
  const { attendRedrives } = await import("../failures/redrive/attend.ts");
  const stopping = new AbortController();
  const now = CLOCK.monotonicMs;
  const isBusy = createBacklog({ streams: gateway.streams, source: log, now, recordsMax: config.batch.recordsMax });
  const attended = attendRedrives(
    {
      ...deciding,
      store,
      contracts: contracts.current,
      evidence: config.evidence,
      isBusy,
      // The log and those who are notified hear of live streams only.
      observe: both(observeHeads, metrics.gateway.observe),
      now,
      clock: CLOCK,
      sleep: pause,
      random: Math.random,
      report,
    },
    stopping.signal,
  );
  // Whoever closes gets the error. Without this line it would also end the process.
  attended.catch(() => undefined);
  return {
    routes: { ...(await redriveRoutes(pipeline)), pace: createThrottle(null, { now, sleep: pause, isBusy }).wait },
    close: async () => {
      stopping.abort();
      await attended;
    },
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // The delay rejects only when the signal aborts, which ends the pause too.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
