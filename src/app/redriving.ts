import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { RedriveEvent } from "../gateway/event.ts";
import { CLOCK } from "./clock.ts";
import type { Pipeline } from "./pipeline.ts";

/** Runs the redrive plans that are given to the gateways, until it is closed. */
export type Redriving = {
  /** Whether a live stream of this process has a backlog. */
  readonly isBusy: () => Promise<boolean>;
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
      sleep: async (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
      random: Math.random,
      report,
    },
    stopping.signal,
  );
  // Whoever closes gets the error. Without this line it would also end the process.
  attended.catch(() => undefined);
  return {
    isBusy,
    close: async () => {
      stopping.abort();
      await attended;
    },
  };
}
