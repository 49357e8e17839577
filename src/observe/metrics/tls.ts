import type { TlsEvent } from "../../tls/event.ts";
import { METRICS } from "./definitions.ts";
import type { Family } from "./family.ts";
import { createCounter } from "./series.ts";

/** When the certificate of the HTTP server ends, and what became of its changes. */
export type TlsMetrics = {
  readonly observe: (event: TlsEvent) => void;
  /** None where the server speaks plain HTTP. */
  readonly families: () => readonly Family[];
};

export function createTlsMetrics(): TlsMetrics {
  const changes = createCounter(METRICS.certificateChanges);
  let endsMs: number | null = null;
  return {
    observe: (event) => {
      if (event.kind === "tls-refused") changes.add(["refused"], 1);
      if (event.kind !== "tls-shown") return;
      // The first one is no change.
      changes.add(["taken"], endsMs === null ? 0 : 1);
      endsMs = event.endsMs;
    },
    families: () =>
      endsMs === null
        ? []
        : [{ of: METRICS.certificateEnds, samples: [{ labels: [], value: endsMs / 1_000 }] }, changes.family()],
  };
}
