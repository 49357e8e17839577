import type { Notification } from "./notification.ts";
import type { ReportNotify, Sink } from "./sink.ts";

/** Notifications whose lines wait to be written; a new one is lost beyond. */
const WAITING_MAX = 1_000;

/**
 * A sink that writes each notification as one line of JSON (NDJSON), in order: `{"id","type","timestamp","data"}`.
 * @param write writes a whole line, or rejects; a line that cannot be written is lost and reported.
 */
export function createLineSink(name: string, write: (line: string) => Promise<void>, report: ReportNotify): Sink {
  let last = Promise.resolve();
  let waiting = 0;
  const lose = (result: "failed" | "dropped", why: string): void =>
    report({ kind: "notify-lost", sink: name, result, count: 1, why });
  return {
    name,
    send: (notification) => {
      report({ kind: "notify-taken", sink: name });
      if (waiting === WAITING_MAX) return lose("dropped", `${WAITING_MAX} notifications wait already`);
      waiting += 1;
      last = last
        .then(async () => write(lineOf(notification)))
        .then(
          () => report({ kind: "notify-delivered", sink: name, id: notification.id }),
          (error: NodeJS.ErrnoException) => lose("failed", error.code ?? error.name),
        )
        .finally(() => (waiting -= 1));
    },
    close: async () => last,
  };
}

/** A notification as one line, with its end. */
export function lineOf({ id, timestamp, event }: Notification): string {
  return `${JSON.stringify({ id, type: event.type, timestamp, data: event.data })}\n`;
}
