import type { Logger } from "pino";
import type { NotifyEvent } from "../notify/sink.ts";

/** Logs what became of notifications. */
export function logNotify(log: Logger): (event: NotifyEvent) => void {
  return (event) => {
    const { sink } = event;
    switch (event.kind) {
      case "notify-delivered":
        return log.debug({ sink, id: event.id }, "notification delivered");
      case "notify-trouble":
        return log.warn({ sink, why: event.why, retryInMs: event.retryInMs }, "notification not delivered yet");
      case "notify-lost": {
        const remedy = "look at the failures themselves; sigma notify test tries every receiver";
        return log.error({ sink, count: event.count, why: event.why, remedy }, "notifications lost");
      }
      case "notify-gone": {
        const remedy = "take the webhook out of notify.webhooks, or start again when its receiver is back";
        return log.error({ sink, remedy }, "the receiver answered 410 Gone: nothing more is sent to it");
      }
    }
  };
}
