import type { WorkerEvent } from "../workers/supervise.ts";
import type { Logger } from "./log/logger.ts";

/** Logs what becomes of the workers that a process watches over. */
export function logWorkers(log: Logger): (event: WorkerEvent) => void {
  return (event) => {
    switch (event.kind) {
      case "worker-started":
        return log.write("worker.started", { "sigma.worker": event.worker });
      case "worker-lost": {
        const { worker, ended, retryMs } = event;
        const why = ended.signal === null ? `ended with ${ended.code ?? "no code"}` : `ended by ${ended.signal}`;
        return log.write("worker.lost", { "sigma.worker": worker, "sigma.why": why, "sigma.retry_ms": retryMs });
      }
      case "workers-rolling":
        return log.write("workers.rolling", { "sigma.count": event.count });
    }
  };
}
