import type { ContractsEvent } from "../gateway/event.ts";
import type { Logger } from "./log/logger.ts";

/** Logs contract events: a swap as information, a refusal as something a person must act on. */
export function logContracts(log: Logger): (event: ContractsEvent) => void {
  return (event) => {
    switch (event.kind) {
      case "contracts-swapped":
        return log.write("contracts.swapped", {
          "sigma.contract_set.before": event.from,
          "sigma.contract_set": event.to,
          "sigma.changes": event.changes,
        });
      case "contracts-refused": {
        const remedy = "correct the files: the contracts that were live before stay live";
        return log.write("contracts.refused", { "sigma.problems": event.problems, "sigma.remedy": remedy });
      }
      case "contracts-stale":
        return log.write("contracts.stale", { "sigma.why": event.why });
      case "schema-id-unknown":
        return log.write("schema.unknown", { "sigma.schema.id": event.id, "sigma.why": event.why });
      case "default-idle": {
        const { topic, message, remedy } = event;
        return log.write(
          "contracts.default_idle",
          { "messaging.destination.name": topic, "sigma.remedy": remedy },
          message,
        );
      }
      case "validator-changed": {
        const { url, state, why } = event;
        if (state === "ready") return log.write("validator.ready", { "url.full": url });
        return log.write("validator.left_out", { "url.full": url, "sigma.why": why });
      }
      case "advisories-lost":
        return log.write("advisories.lost", { "sigma.count": event.count, "sigma.why": event.why });
    }
  };
}
