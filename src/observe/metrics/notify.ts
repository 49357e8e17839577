import type { NotifyEvent } from "../../notify/sink.ts";
import { METRICS } from "./definitions.ts";
import type { Family } from "./family.ts";
import { createCounter } from "./series.ts";

/** Counts what became of notifications, by sink: the hosts of the configured webhooks, `file` and `stdout`. */
export type NotifyMetrics = {
  readonly observe: (event: NotifyEvent) => void;
  readonly families: () => readonly Family[];
};

export function createNotifyMetrics(): NotifyMetrics {
  const ended = createCounter(METRICS.notifications);
  const retries = createCounter(METRICS.notificationRetries);
  const waiting = new Map<string, number>();
  const wait = (sink: string, more: number): void => void waiting.set(sink, (waiting.get(sink) ?? 0) + more);
  return {
    observe: (event) => {
      // The path of a file says where the gateway keeps its data.
      const sink = event.sink.startsWith("file ") ? "file" : event.sink;
      switch (event.kind) {
        case "notify-taken":
          if (!waiting.has(sink)) {
            // A first step from 0 is a step that `increase` can see.
            for (const result of ["delivered", "failed", "dropped"]) ended.add([sink, result], 0);
            retries.add([sink], 0);
          }
          return wait(sink, 1);
        case "notify-delivered":
          ended.add([sink, "delivered"], 1);
          return wait(sink, -1);
        case "notify-lost":
          ended.add([sink, event.result], event.count);
          return wait(sink, -event.count);
        case "notify-trouble":
          return retries.add([sink], 1);
        case "notify-gone":
      }
    },
    families: () => [
      ended.family(),
      retries.family(),
      { of: METRICS.notificationsWaiting, samples: [...waiting].map(([sink, value]) => ({ labels: [sink], value })) },
    ],
  };
}
