import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { RedriveEvent } from "../gateway/event.ts";
import type { RedriveDeps } from "../http/deps.ts";
import { CLOCK } from "./clock.ts";
import type { Pipeline } from "./pipeline.ts";

/** Runs the redrive plans that are given to the gateways, until it is closed. */
export type Redriving = {
  /** For the routes of redrives. */
  readonly routes: RedriveDeps;
  /** Stops the runs behind their batches. They go on with the next gateway. */
  readonly close: () => Promise<void>;
};

/** Starts to look for plans. Its modules are loaded only then. */
export async function startRedriving(
  config: Config,
  { store, log, gateway, contracts, deciding, observeHeads }: Pipeline,
  report: (event: RedriveEvent) => void,
): Promise<Redriving> {
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
      observe: observeHeads,
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
  const { learnSchemaIds } = deciding;
  return {
    routes: {
      store,
      newId: () => randomBytes(6).toString("hex"),
      pace: createThrottle(null, { now, sleep: pause, isBusy }).wait,
      ...(learnSchemaIds === undefined ? {} : { learnSchemaIds }),
    },
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
