import type { RedriveEvent } from "../gateway/event.ts";
import type { Logger } from "./log/logger.ts";

/** Logs what a gateway does with redrive plans. */
export function logRedrives(log: Logger): (event: RedriveEvent) => void {
  return (event) => {
    if (event.kind === "redrive-started")
      return log.write("redrive.started", { "sigma.redrive.plan": event.plan, "sigma.count": event.count });
    const { plan, end, trouble } = event;
    const which = { "sigma.redrive.plan": plan, "sigma.redrive.end": end };
    if (trouble === undefined) return log.write("redrive.ended", which);
    const { code, message, remedy } = trouble;
    return log.write("redrive.trouble", { ...which, "error.type": code, "sigma.remedy": remedy }, message);
  };
}
