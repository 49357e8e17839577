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
      case "worker-silent": {
        const { worker, pid } = event;
        const remedy = `let it go on, or end process ${pid ?? "of unknown id"} by kill -9: it is started again`;
        return log.write("worker.silent", { "sigma.worker": worker, "sigma.remedy": remedy });
      }
      case "worker-heard":
        return log.write("worker.heard", { "sigma.worker": event.worker });
      case "workers-rolling":
        return log.write("workers.rolling", { "sigma.count": event.count });
      case "workers-roll-stopped":
        return log.write("workers.roll_stopped", {
          "sigma.worker": event.worker,
          "sigma.remedy": "correct what it says: it is started again by itself; then replace the others by SIGHUP",
        });
    }
  };
}
