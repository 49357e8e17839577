import type { RouterEvent } from "../lanes/event.ts";
import type { Logger } from "./log/logger.ts";
import { runbookOf } from "./runbooks.ts";
import { streamFields } from "./streams.ts";

/** Logs what a router does with the sources that have lanes. */
export function logRouter(log: Logger): (event: RouterEvent) => void {
  return (event) => {
    const stream = streamFields(event.stream);
    switch (event.kind) {
      case "stream-taken":
        return log.write("router.taken", { ...stream, "sigma.offset.from": String(event.position) });
      case "stream-waiting": {
        const trouble = {
          "error.type": event.code,
          "sigma.remedy": event.remedy,
          "sigma.runbook": runbookOf(event.code),
        };
        return log.write("router.waiting", { ...stream, ...trouble, "sigma.retry_ms": event.retryInMs }, event.message);
      }
      case "records-moved":
      case "stream-idle":
      case "stream-left":
        return undefined;
    }
  };
}
