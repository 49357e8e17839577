import type { NotifyEvent } from "../notify/sink.ts";
import type { Logger } from "./log/logger.ts";

/** Logs what became of notifications. */
export function logNotify(log: Logger): (event: NotifyEvent) => void {
  return (event) => {
    const sink = { "sigma.sink": event.sink };
    switch (event.kind) {
      case "notify-taken":
        return;
      case "notify-delivered":
        return log.write("notification.delivered", { ...sink, "sigma.notification.id": event.id });
      case "notify-trouble":
        return log.write("notification.late", {
          ...sink,
          "sigma.why": event.why,
          "sigma.retry_ms": Math.max(0, Math.round(event.retryInMs)),
        });
      case "notify-lost": {
        const remedy = "look at the failures themselves; sigma notify test tries every receiver";
        const { count, why } = event;
        return log.write("notifications.lost", {
          ...sink,
          "sigma.count": count,
          "sigma.why": why,
          "sigma.remedy": remedy,
        });
      }
      case "notify-gone": {
        const remedy = "take the webhook out of notify.webhooks, or start again when its receiver is back";
        return log.write("notifications.gone", { ...sink, "sigma.remedy": remedy });
      }
    }
  };
}
