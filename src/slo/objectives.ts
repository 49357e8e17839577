import type { ObjectiveTotals } from "./counter.ts";
import type { ObjectiveReport } from "./report.ts";

/** What a gateway knows of its objectives. */
export type Objectives = {
  /** How they stand, by what all gateways of the store counted. */
  readonly report: () => Promise<readonly ObjectiveReport[]>;
  /** What this one counted since its start. */
  readonly totals: () => readonly ObjectiveTotals[];
};
