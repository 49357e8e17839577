import { fork } from "node:child_process";
import type { Config } from "../config/config.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Logger } from "../observe/log/logger.ts";
import { logWorkers } from "../observe/workers.ts";
import { startFleet, type Fleet } from "../workers/fleet.ts";
import type { FromWorker } from "../workers/messages.ts";
import type { SuperviseDeps, WorkerProcess } from "../workers/supervise.ts";
import { WORKER_VARIABLE } from "../workers/variable.ts";
import { CLOCK } from "./clock.ts";

/** A fleet that starts once log and store are open. */
export type LateFleet = Omit<Fleet, "gateway"> & { readonly start: () => Gateway };

/** The workers of a configuration; null where this process decides by itself. */
export function fleetOf({ process: { workers: count } }: Config, logger: Logger): LateFleet | null {
  if (count === 1) return null;
  let fleet: Fleet | null = null;
  return {
    start: () => {
      const { monotonicMs } = CLOCK;
      fleet = startFleet({ count, start: forkWorker, report: logWorkers(logger), monotonicMs, later: callBackLater });
      return fleet.gateway;
    },
    totals: {
      totals: () => fleet?.totals.totals() ?? { decided: 0, passed: 0, failed: 0, duplicates: 0 },
      newestMs: (stream) => fleet?.totals.newestMs(stream) ?? null,
    },
    loadOf: (stream) => fleet?.loadOf(stream) ?? null,
    families: async () => fleet?.families() ?? [],
    workers: () => fleet?.workers() ?? [],
    roll: async () => fleet?.roll(),
  };
}

/** Calls back once, and keeps no process alive for it. @returns what takes that back. */
export function callBackLater(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms).unref();
  return () => clearTimeout(timer);
}

/**
 * Starts this program again as a worker. It writes to the same standard error, so that a line of the log reaches its reader whatever
 * becomes of this process, and ends by itself when this process is gone.
 */
const forkWorker: SuperviseDeps["start"] = (worker, { told, ended }): WorkerProcess => {
  const [, script = "", ...args] = process.argv;
  const child = fork(script, args, {
    env: { ...process.env, [WORKER_VARIABLE]: String(worker) },
    // Offsets are bigints.
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  child.on("message", (message) => told(message as FromWorker));
  let isOver = false;
  const over = (code: number | null, signal: string | null): void => {
    if (isOver) return;
    isOver = true;
    process.off("exit", kill);
    ended({ code, signal });
  };
  child.once("exit", over);
  // It could not be started.
  child.on("error", () => {
    if (child.pid === undefined) over(null, null);
  });
  return {
    pid: child.pid ?? null,
    tell: (message) => {
      if (child.connected) child.send(message, () => undefined);
    },
  };
};
