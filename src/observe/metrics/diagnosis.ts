import type { DiagnosisEvent } from "../../diagnosis/event.ts";
import { METRICS } from "./definitions.ts";
import type { Family } from "./family.ts";
import { createHistogram } from "./histogram.ts";
import { createCounter } from "./series.ts";

/** Counts what a language model was asked about groups of failures, and how long it took. */
export type DiagnosisMetrics = {
  readonly observe: (event: DiagnosisEvent) => void;
  readonly families: () => readonly Family[];
};

export function createDiagnosisMetrics(): DiagnosisMetrics {
  const diagnoses = createCounter(METRICS.diagnoses);
  const seconds = createHistogram(METRICS.diagnosisSeconds);
  return {
    observe: (event) => {
      const count = event.kind === "diagnosis-dropped" ? event.count : 1;
      diagnoses.add([event.kind.replace("diagnosis-", ""), "code" in event ? event.code : ""], count);
      if ("durationMs" in event) seconds.observe([], event.durationMs / 1_000);
    },
    families: () => [diagnoses.family(), seconds.family()],
  };
}
