import { createCounter } from "./series.ts";
import { METRICS } from "./definitions.ts";
import type { Family } from "./family.ts";
import { createHistogram } from "./histogram.ts";

/** An answer that was sent. */
export type Answered = {
  readonly method: string;
  /** The template of the route, such as `/v1/failures/{id}`; null where no route matched. */
  readonly route: string | null;
  readonly status: number;
  readonly seconds: number;
  /** The trace id of the request; null where it had none. */
  readonly traceId: string | null;
};

/** Methods of RFC 9110 and RFC 5789: a client may invent others, and no series is made of what a client invents. */
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Counts answers of the HTTP interface and the verdicts among them. */
export type HttpMetrics = {
  readonly answered: (answered: Answered, nowMs: number) => void;
  readonly verdict: (route: string, contract: string, status: string) => void;
  /** Counts a request or an append that was beyond a limit of who makes it. */
  readonly limited: (limit: string) => void;
  readonly families: () => readonly Family[];
};

export function createHttpMetrics(): HttpMetrics {
  const requests = createCounter(METRICS.requests);
  const seconds = createHistogram(METRICS.requestSeconds);
  const verdicts = createCounter(METRICS.verdicts);
  const limited = createCounter(METRICS.limited);
  return {
    answered: ({ method, route, status, seconds: value, traceId }, nowMs) => {
      const how = METHODS.has(method) ? method : "other";
      const where = route ?? "none";
      requests.add([how, where, String(status)], 1);
      seconds.observe([how, where], value);
      if (traceId !== null) seconds.mark([how, where], { traceId, value, atMs: nowMs });
    },
    verdict: (route, contract, status) => verdicts.add([route, contract, status], 1),
    limited: (limit) => limited.add([limit], 1),
    families: () => [requests.family(), seconds.family(), verdicts.family(), limited.family()],
  };
}
